"""A line of text in one of the design's sizes that is only laid out again when its words change."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

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

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """As a label does, but words that do not fit end in an ellipsis rather than in the middle of a letter."""
        needed = self.fontMetrics().horizontalAdvance(self.text())
        if self.wordWrap() or needed <= self.contentsRect().width():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        room = self.contentsRect()
        words = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(self.alignment().value), words)

    def fit(self) -> Label:
        """Take the width that the words need, rather than what is left."""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        return self


def rule() -> QFrame:
    """A one-pixel line between two sections."""
    line = QFrame()
    line.setObjectName("rule")
    return line
