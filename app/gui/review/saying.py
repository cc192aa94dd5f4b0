"""What stands in place of the pictures while there are none: why, and what to do."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.theme import Theme
from app.gui.widgets.label import Label
from app.gui.widgets.mark import Mark


class Saying(QWidget):
    """A sign, a line, and words below it that can be copied."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._mark = Mark("", theme)
        self._title = Label(size_px=tokens.TEXT_TITLE_PX, bold=True, wrap=True)
        self._why = Label(dim=True, wrap=True)
        self._why.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = QVBoxLayout(self)
        column.setContentsMargins(*([tokens.steps(8)] * 4))
        column.setSpacing(tokens.steps(3))
        column.addStretch()
        for label in (self._mark, self._title, self._why):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(label)
        column.addStretch()

    def say(self, icon: str, title: str, why: str) -> None:
        """Show these."""
        self._mark.show_icon(icon)
        self._title.say(title)
        self._why.say(why)
