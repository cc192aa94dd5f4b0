"""It is written: where, what was kept, and how to use it."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.told_keys import with_keys
from app.gui.widgets.label import Label

_OLD_NUMBERS = (
    "This session still runs with the old numbers. Use the new ones now ({calibrate.next}), which closes this session "
    "and opens another, or later:"
)


class WrittenView(QWidget):
    """Words that can be copied."""

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self._actions = actions
        self.title = Label("✓ The calibration is written", size_px=tokens.TEXT_TITLE_PX, bold=True)
        self.where = Label(size_px=tokens.TEXT_LARGE_PX, wrap=True)
        self.kept = Label(dim=True, wrap=True)
        self.how = Label(wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens.steps(4))
        for label in (self.title, self.where, self.kept, self.how):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(label)
        column.addStretch()

    def show_saved(self, path: str, backup: str) -> None:
        """Say where it is."""
        self.where.say(path)
        self.kept.say(
            f"The profile as it was: {backup}"
            if backup
            else "The profile that came with Understudy is as it was; this is a copy of your own."
        )
        self.how.say(f"{with_keys(_OLD_NUMBERS, self._actions)}\nunderstudy --profile {path}")
