"""The latencies of a serial line as a histogram, painted into whatever shows it."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QPainter

from app.gui import tokens
from app.session.view import BusView
from drivers.measurement import LATENCY_BINS

AXIS_PX = 14
"""The height that the scale takes, where it is drawn."""


def paint_histogram(
    painter: QPainter,
    area: QRectF,
    bus: BusView,
    palette: tokens.Palette,
    *,
    bins: int = LATENCY_BINS,
    scale: bool = False,
) -> None:
    """Bars of equal width, the last for everything slower; few reads still show as a line.

    Args:
        painter: paints.
        area: where.
        bus: whose latencies.
        palette: the theme's colours.
        bins: how many bars; fewer than there are bins leave out the slow end, which the last bar then gathers.
        scale: whether milliseconds stand below.
    """
    counts = (*bus.latency_counts[: bins - 1], sum(bus.latency_counts[bins - 1 :]))
    most = max(counts, default=0)
    plot = area.adjusted(0, 0, 0, -AXIS_PX if scale else 0)
    painter.fillRect(QRectF(plot.left(), plot.bottom() - 1, plot.width(), 1), QColor(palette.line))
    if not most:
        return
    pitch = plot.width() / len(counts)
    slow = QColor(tokens.ink_of(tokens.WARNING, palette))
    usual = QColor(palette.text_dim)
    for number, count in enumerate(counts):
        if count:
            height = max(2.0, (plot.height() - 1) * count / most)
            bar = QRectF(
                plot.left() + number * pitch, plot.bottom() - 1 - height, max(1.0, pitch - 1), height
            )
            painter.fillRect(bar, slow if number == len(counts) - 1 else usual)
    if not scale:
        return
    painter.setFont(tokens.font(tokens.TEXT_SMALL_PX))
    painter.setPen(QColor(palette.text_dim))
    whole_ms = (len(counts) - 1) * bus.latency_bin_ms
    for share, align in ((0.0, Qt.AlignmentFlag.AlignLeft), (0.5, Qt.AlignmentFlag.AlignHCenter)):
        centre = plot.left() + share * (plot.width() - pitch)
        box = QRectF(centre - (0 if share == 0.0 else 30), plot.bottom() + 1, 60, AXIS_PX)
        painter.drawText(box, align | Qt.AlignmentFlag.AlignTop, f"{share * whole_ms:g}")
    box = QRectF(plot.right() - 100, plot.bottom() + 1, 100, AXIS_PX)
    painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, f"over {whole_ms:g} ms")
