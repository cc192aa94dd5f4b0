"""The handles' gesture under way: a ring that fills over the front camera, and what it will do when it is full."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QWidget

from app.gui import tokens
from app.gui.theme import with_alpha

SHOWN_FROM = 0.2
"""A handle closed for a blink is work, not a gesture; a ring for each would only flicker."""


class GestureRing(QWidget):
    """In the middle of its host, only while there is something to show; clicks go through it."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self._words, self._progress = "", 0.0
        self._font = tokens.font(tokens.TEXT_TITLE_PX, bold=True)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFixedHeight(tokens.RING_PX + 2 * tokens.steps(3))
        self.hide()
        host.installEventFilter(self)

    @property
    def words(self) -> str:
        """What it says; empty while it shows nothing."""
        return self._words if self.isVisible() else ""

    def show_progress(self, words: str, progress: float) -> None:
        """Show how far the gesture is; nothing for no words or too little progress."""
        shown = bool(words) and progress >= SHOWN_FROM
        if not shown:
            self.hide()
            return
        if words != self._words:
            self._words = words
            self.setAccessibleName(words)
            self.setFixedWidth(
                tokens.RING_PX + QFontMetrics(self._font).horizontalAdvance(words) + tokens.steps(11)
            )
        self._progress = progress
        if not self.isVisible():
            self._place()
            self.show()
            self.raise_()
        self.update()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Stay in the middle."""
        if event is not None and event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """A dark pill, the ring, the words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(with_alpha(tokens.PICTURE_GROUND, tokens.STALE_ALPHA))
        half = self.height() / 2
        painter.drawRoundedRect(QRectF(self.rect()), half, half)
        side, pad = tokens.RING_PX, tokens.steps(3)
        width = tokens.EDGE_PX + tokens.FOCUS_PX
        circle = QRectF(QPointF(pad, pad), QPointF(pad + side, pad + side))
        circle = circle.adjusted(width / 2, width / 2, -width / 2, -width / 2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(with_alpha(tokens.DARK.text, tokens.FILL_ALPHA), width))
        painter.drawEllipse(circle)
        pen = QPen(QColor(tokens.DARK.text), width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawArc(circle, 90 * 16, -round(360 * 16 * self._progress))
        painter.setFont(self._font)
        words = self.rect().adjusted(pad + side + tokens.steps(3), 0, 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._words)

    def _place(self) -> None:
        host = self.parentWidget()
        if host is not None:
            self.move((host.width() - self.width()) // 2, (host.height() - self.height()) // 2)
