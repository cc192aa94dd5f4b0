"""One camera's picture: letterboxed, named, and never passing a frozen picture for a live one."""

from __future__ import annotations

from typing import cast

import numpy as np
from PyQt6.QtCore import QRect, QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.gui import tokens
from app.gui.theme import Theme, with_alpha
from app.gui.wording import age, plain_name
from app.session.view import CameraView, FrameView


class CameraTile(QWidget):
    """Painted with `drawImage`, which without a GPU is the cheapest way to a screen.

    A picture that comes at `picture_size` is only copied; see `app.gui.picture_scaler`.
    """

    def __init__(self, name: str, theme: Theme, *, aspect: float) -> None:
        super().__init__()
        self.name = name
        self.aspect = aspect
        self._theme = theme
        self._title = plain_name(name)
        self._edge = ""
        self._frame: FrameView | None = None
        self._image = QImage()
        self._view: CameraView | None = None
        self._caption = ""
        self._caption_font = tokens.font(tokens.TEXT_SMALL_PX, bold=True)
        self._state_font = tokens.font(tokens.TEXT_LARGE_PX, bold=True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setAccessibleName(f"Camera {self._title}")

    def apply(self, view: CameraView | None, frame: FrameView | None) -> None:
        """Show a newer picture or a changed state; costs nothing when neither is."""
        changed = False
        if frame is not None and not _same(frame, self._frame):
            # The image may lie in the frame's own memory: neither goes without the other.
            self._image, self._frame = _image_of(frame, self.devicePixelRatioF()), frame
            changed = True
        caption = self._caption_of(view)
        if caption != self._caption or (view and view.stale) != (self._view and self._view.stale):
            self._caption = caption
            changed = True
        self._view = view
        if changed:
            self.update()

    def set_edge(self, hue: str) -> None:
        """Edge the tile in a mode's hue; empty for none."""
        if hue != self._edge:
            self._edge = hue
            self.update()

    @property
    def caption(self) -> str:
        """The words in its corner or, when stale, in its middle."""
        return self._caption

    def picture_rect(self) -> QRect:
        """Where the picture is: as large as fits, in the camera's proportions, centred."""
        inset = tokens.EDGE_PX if self._edge else 0
        area = self.rect().adjusted(inset, inset, -inset, -inset)
        width = min(area.width(), round(area.height() * self.aspect))
        height = min(area.height(), round(area.width() / self.aspect))
        picture = QRect(0, 0, width, height)
        picture.moveCenter(area.center())
        return picture

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height that a picture is best scaled to before it comes here, in device pixels."""
        picture, ratio = self.picture_rect(), self.devicePixelRatioF()
        return round(picture.width() * ratio), round(picture.height() * ratio)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Picture, dimming, name, edge."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.PICTURE_GROUND))
        picture = self.picture_rect()
        stale = self._view is not None and self._view.stale and not self._image.isNull()
        if not self._image.isNull():
            size = self._image.size()
            if (size.width(), size.height()) == self.picture_size:
                painter.drawImage(picture.topLeft(), self._image)
            else:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawImage(picture, self._image)
        if stale:
            painter.fillRect(picture, with_alpha(tokens.PICTURE_GROUND, tokens.STALE_ALPHA))
        self._paint_words(painter, picture, stale=stale)
        if self._edge:
            painter.setPen(QPen(QColor(self._edge), tokens.EDGE_PX))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            half = tokens.EDGE_PX / 2
            painter.drawRect(QRectF(self.rect()).adjusted(half, half, -half, -half))

    def _paint_words(self, painter: QPainter, picture: QRect, *, stale: bool) -> None:
        painter.setFont(self._caption_font)
        metrics = painter.fontMetrics()
        width = metrics.horizontalAdvance(self._title) + tokens.steps(4)
        left, top = picture.left() + tokens.steps(2), picture.top() + tokens.steps(2)
        tag = QRect(left, top, width, metrics.height() + tokens.steps(2))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(with_alpha(tokens.PICTURE_GROUND, tokens.STALE_ALPHA))
        painter.drawRoundedRect(QRectF(tag), tokens.CORNER_PX, tokens.CORNER_PX)
        painter.setPen(QColor(tokens.DARK.text))
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, self._title)
        if not stale and not self._image.isNull():
            return
        painter.setFont(self._state_font)
        if stale:
            side = tokens.ICON_BANNER_PX
            icon = self._theme.icon("mdi6.camera-off-outline", tokens.WARNING)
            centre = picture.center()
            icon.paint(painter, centre.x() - side // 2, centre.y() - side - tokens.steps(1), side, side)
            words = QRect(
                picture.left(), centre.y() + tokens.steps(1), picture.width(), tokens.TEXT_LARGE_PX * 2
            )
            flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
            painter.drawText(words, int(flags), self._caption)
        else:
            painter.setPen(QColor(tokens.DARK.text_dim))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._caption)

    def _caption_of(self, view: CameraView | None) -> str:
        if self._image.isNull():
            return "no picture yet"
        return f"frozen for {age(view.age_ms)}" if view is not None and view.stale else self._title


def _same(frame: FrameView, shown: FrameView | None) -> bool:
    """Whether it is the picture that is shown, at the same size."""
    return shown is not None and (frame.sequence, frame.image.shape) == (shown.sequence, shown.image.shape)


def _image_of(frame: FrameView, ratio: float) -> QImage:
    """A picture for Qt: one that is scaled already as it lies in memory, any other with four bytes a pixel.

    Four bytes a pixel are scaled twice as fast as three, which is more than the conversion costs.
    """
    height, width, depth = frame.image.shape
    pixels = np.ascontiguousarray(frame.image)
    buffer = cast(bytes, pixels.data)  # any buffer will do; PyQt6's stubs only know bytes
    if depth == 4:
        image = QImage(buffer, width, height, 4 * width, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        return image
    whole = QImage(buffer, width, height, 3 * width, QImage.Format.Format_RGB888)
    return whole.convertToFormat(QImage.Format.Format_RGB32)
