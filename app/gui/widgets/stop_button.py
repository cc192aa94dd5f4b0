"""STOP: always there, always enabled, never asks."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from app.gui import tokens
from app.gui.theme import Theme
from app.gui.wording import key_caps


class StopButton(QAbstractButton):
    """Acts on the press, not on the release: a finger that slips off has still stopped the robot."""

    def __init__(self, theme: Theme, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Stop")
        self.setToolTip("Emergency stop: hold the pose, wheels to zero")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._font = tokens.font(tokens.TEXT_TITLE_PX, bold=True)
        self._cap_font = tokens.font(tokens.TEXT_SMALL_PX, bold=True)
        self._icon = theme.icon("mdi6.octagon", tokens.ON_ALARM)

    def sizeHint(self) -> QSize:
        """As wide as the side panel, as high as the foot."""
        return QSize(tokens.SIDE_WIDTH_PX, tokens.FOOT_HEIGHT_PX)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """A vermilion slab with an octagon and the word."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        fill = QColor(tokens.ALARM)
        painter.setBrush(
            fill.darker(120) if self.isDown() else fill.lighter(108) if self.underMouse() else fill
        )
        painter.drawRoundedRect(QRectF(self.rect()), tokens.CORNER_PX, tokens.CORNER_PX)
        if self.hasFocus():
            painter.setPen(QPen(QColor(tokens.ON_ALARM), tokens.FOCUS_PX))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(
                QRectF(self.rect()).adjusted(3, 3, -3, -3), tokens.CORNER_PX, tokens.CORNER_PX
            )
        side = tokens.TEXT_BANNER_PX
        painter.setFont(self._font)
        word_width = painter.fontMetrics().horizontalAdvance("STOP")
        left = (self.width() - side - tokens.steps(3) - word_width) // 2
        self._icon.paint(painter, left, (self.height() - side) // 2, side, side)
        painter.setPen(QColor(tokens.ON_ALARM))
        words = self.rect().adjusted(left + side + tokens.steps(3), 0, 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, "STOP")
        painter.setFont(self._cap_font)
        corner = self.rect().adjusted(0, 0, -tokens.steps(4), 0)
        painter.drawText(corner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, key_caps("Esc"))
