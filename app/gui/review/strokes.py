"""Pictures of bars and of lines, made column by column: painting thousands of shapes one by one takes too long."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter

Floats = NDArray[np.float64]


def columns_of(painter: QPainter, area: QRectF) -> int:
    """How many columns of the device's own pixels an area has."""
    return max(1, round(area.width() * _ratio(painter)))


def paint_columns(painter: QPainter, area: QRectF, colours: NDArray[np.uint32]) -> None:
    """Fill an area with one colour a column.

    Args:
        painter: where.
        area: all of the columns.
        colours: (columns,) as `QColor.rgba` gives them; 0 for none.
    """
    row = np.ascontiguousarray(colours)
    image = QImage(_buffer(row), len(row), 1, row.nbytes, QImage.Format.Format_ARGB32)
    _draw(painter, area, image)


def paint_band(painter: QPainter, area: QRectF, low: Floats, high: Floats, colour: QColor) -> None:
    """Draw a line, one pixel thick where it is level.

    Args:
        painter: where.
        area: all of the columns.
        low: (columns,) where the line's lowest point lies in each, as a share of the area's height from below; NaN for
            none.
        high: (columns,) its highest point.
        colour: of the line.
    """
    height = max(1, round(area.height() * _ratio(painter)))
    half = 0.5 * max(1.0, _ratio(painter))
    # From the top, in pixels; where there is no line it lies outside.
    top, bottom = ((1 - np.nan_to_num(edge, nan=9.0)) * (height - 1) + 0.5 for edge in (high, low))
    rows = np.arange(height, dtype=np.float32)[:, None]
    cover = np.minimum((bottom + half).astype(np.float32), rows + 1)
    cover -= np.maximum((top - half).astype(np.float32), rows)
    np.clip(cover, 0, 1, out=cover)
    cover *= 255
    alpha = np.zeros(
        (height, -(-len(low) // 4) * 4), np.uint8
    )  # Qt wants its lines to begin at multiples of four
    alpha[:, : len(low)] = cover
    image = QImage(_buffer(alpha), len(low), height, alpha.shape[1], QImage.Format.Format_Indexed8)
    plain = colour.rgb() & 0xFFFFFF
    image.setColorTable([plain | step << 24 for step in range(256)])
    _draw(painter, area, image)


def _draw(painter: QPainter, area: QRectF, image: QImage) -> None:
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
    painter.drawImage(area, image, QRectF(image.rect()), Qt.ImageConversionFlag.AutoColor)


def _ratio(painter: QPainter) -> float:
    device = painter.device()
    return device.devicePixelRatioF() if device is not None else 1.0


def _buffer(pixels: NDArray[np.uint8] | NDArray[np.uint32]) -> bytes:
    return cast(bytes, pixels.data)  # any buffer will do; PyQt6's stubs only know bytes
