"""Names and values in two columns."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtWidgets import QGridLayout, QWidget

from app.gui import tokens
from app.gui.widgets.label import Label


class FactTable(QWidget):
    """The labels stay, their words change; what has no room has it in its tip."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(tokens.steps(3))
        self._grid.setVerticalSpacing(tokens.steps(1))
        self._grid.setColumnStretch(1, 1)
        self._rows: list[tuple[Label, Label]] = []

    def fill(self, facts: Sequence[tuple[str, str]]) -> None:
        """Show these."""
        while len(self._rows) < len(facts):
            pair = (Label(size_px=tokens.TEXT_SMALL_PX, dim=True).fit(), Label(size_px=tokens.TEXT_SMALL_PX))
            for column, label in enumerate(pair):
                self._grid.addWidget(label, len(self._rows), column)
            self._rows.append(pair)
        for number, (name, value) in enumerate(self._rows):
            shown = number < len(facts)
            name.setVisible(shown)
            value.setVisible(shown)
            if shown:
                name.say(facts[number][0])
                value.say(facts[number][1])
                value.setToolTip(facts[number][1])
