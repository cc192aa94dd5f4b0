"""The ring that closes while a pose stands still, with the word inside."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QWidget

from app.gui import tokens
from app.gui.theme import Theme

_SIZE_PX = tokens.steps(26)
_WIDTH_PX = tokens.steps(2)
_TURN = 16 * 360


class StillRing(QWidget):
    """Full and ticked when the pose may be taken."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._share = 0.0
        self.setFixedSize(_SIZE_PX, _SIZE_PX)
        self.setAccessibleName("How still it is")

    def sizeHint(self) -> QSize:
        """A square."""
        return QSize(_SIZE_PX, _SIZE_PX)

    def show_share(self, share: float) -> None:
        """How much of the still second is behind it, 0 to 1."""
        if share != self._share:
            self._share = share
            self.setAccessibleDescription("still" if share >= 1 else f"{share:.0%}")
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The ring, and what it means in a word."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self._theme.palette
        inset = _WIDTH_PX / 2 + tokens.LINE_PX
        area = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.setPen(QPen(QColor(palette.line), _WIDTH_PX))
        painter.drawEllipse(area)
        still = self._share >= 1.0
        hue = tokens.ink_of(tokens.GOOD if still else tokens.TELEOP, palette)
        painter.setPen(QPen(QColor(hue), _WIDTH_PX, cap=Qt.PenCapStyle.FlatCap))
        if self._share > 0:
            painter.drawArc(area, _TURN // 4, -round(_TURN * self._share))
        painter.setPen(QColor(hue if still else palette.text))
        painter.setFont(tokens.font(tokens.TEXT_PX, bold=True))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "✓ Still" if still else "Hold still")
