"""A row of buttons of which one is chosen: for few options that are best seen side by side."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from app.gui import tokens


class Choice(QWidget):
    """Left and right arrows move in it, as in every group of exclusive buttons.

    Args:
        name: what is chosen, for screen readers.
        options: values, and the words on their buttons.

    Attributes:
        picked: the value that a person chose.
    """

    picked = pyqtSignal(str)

    def __init__(self, name: str, options: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens.steps(1))
        for value, words in options:
            button = QPushButton(words)
            button.setFont(tokens.font())
            button.setCheckable(True)
            button.setProperty("choice", "true")
            button.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
            button.setMinimumWidth(0)
            button.setAccessibleName(f"{name}: {words}")
            button.clicked.connect(lambda _=False, picked=value: self.picked.emit(picked))
            self._group.addButton(button)
            self._buttons[value] = button
            row.addWidget(button, stretch=1)

    @property
    def value(self) -> str:
        """The chosen value; empty for none."""
        return next((value for value, button in self._buttons.items() if button.isChecked()), "")

    def show_value(self, value: str) -> None:
        """Show a value as chosen, without telling it."""
        if (button := self._buttons.get(value)) is not None and not button.isChecked():
            button.setChecked(True)
