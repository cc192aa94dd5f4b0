"""What the small sections at the right of the Settings page share: a heading, and lines below it."""

from __future__ import annotations

from PyQt6.QtWidgets import QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.widgets.label import Label


class Section(QWidget):
    """A heading over a column, `body`, that the section fills."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setAccessibleName(title)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(tokens.steps(2))
        self.body.addWidget(Label(title, size_px=tokens.TEXT_LARGE_PX, bold=True))

    def caption(self, words: str) -> Label:
        """A small line over a control, added at the end."""
        label = Label(words, size_px=tokens.TEXT_SMALL_PX, dim=True)
        self.body.addWidget(label)
        return label
