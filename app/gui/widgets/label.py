"""A line of text in one of the design's sizes that is only laid out again when its words change."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QFrame, QLabel, QSizePolicy, QToolTip, QWidget

from app.gui import tokens


class Label(QLabel):
    """Plain text; `say` is cheap to call with the words it already shows."""

    def __init__(
        self,
        words: str = "",
        *,
        size_px: int = tokens.TEXT_PX,
        bold: bool = False,
        dim: bool = False,
        wrap: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(words, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(tokens.font(size_px, bold=bold))
        self.setWordWrap(wrap)
        if dim:
            self.setProperty("dim", "true")
        if not wrap:
            self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def say(self, words: str) -> None:
        """Show these words."""
        if words != self.text():
            self.setText(words)

    @property
    def cut(self) -> bool:
        """Whether there are more words than fit on its line."""
        needed_px = self.fontMetrics().horizontalAdvance(self.text())
        return not self.wordWrap() and needed_px > self.contentsRect().width()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """As a label does, but words that do not fit end in an ellipsis rather than in the middle of a letter."""
        if not self.cut:
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        room = self.contentsRect()
        words = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(self.alignment().value), words)

    def event(self, event: QEvent | None) -> bool:
        """Words that are cut stand in the tool tip, unless it says something of its own."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip and not self.toolTip():
            QToolTip.showText(event.globalPos(), self.text() if self.cut else "", self)
            return True
        return super().event(event)

    def fit(self) -> Label:
        """Take the width that the words need, rather than what is left."""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        return self


def rule() -> QFrame:
    """A one-pixel line between two sections."""
    line = QFrame()
    line.setObjectName("rule")
    return line
