"""What would change: old and new side by side, and what is questionable about it."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.calibration.wizard import Wizard
from app.gui import tokens
from app.gui.theme import Theme
from app.gui.widgets.label import Label
from app.gui.wording import counted
from drivers.calibration import Change

_HEADS = ("Value", "Now", "New", "Change", "")


class ReviewView(QWidget):
    """A table; questioned rows come first and carry a mark and the question in words."""

    def __init__(self, theme: Theme, wizard: Wizard) -> None:
        super().__init__()
        self._theme = theme
        self._wizard = wizard
        self._changes: tuple[Change, ...] | None = None
        self.title = Label(size_px=tokens.TEXT_TITLE_PX, bold=True)
        self.words = Label(dim=True, wrap=True)
        self.table = QTableWidget(0, len(_HEADS))
        self.table.setHorizontalHeaderLabels(_HEADS)
        self.table.setFont(tokens.font())
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.setAccessibleName("What would change")
        if (rows := self.table.verticalHeader()) is not None:
            rows.setVisible(False)
            rows.setDefaultSectionSize(tokens.CONTROL_HEIGHT_PX)
        if (columns := self.table.horizontalHeader()) is not None:
            columns.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
            columns.setStretchLastSection(True)
            columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for number in (1, 2, 3):
            if (head := self.table.horizontalHeaderItem(number)) is not None:
                head.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens.steps(3))
        for widget in (self.title, self.words, self.table):
            column.addWidget(widget)

    def show_changes(self) -> None:
        """Follow the wizard's result."""
        changes = self._wizard.changes
        if changes is self._changes:
            return
        self._changes = changes
        changing, doubts = sum(change.changes for change in changes), len(self._wizard.doubts)
        self.title.say("What would change" if changes else "Nothing was calibrated")
        questioned = f" {counted(doubts, 'value')} marked ⚠ should be looked at first." if doubts else ""
        if changes:
            self.words.say(f"{changing} of {counted(len(changes), 'value')} would change.{questioned}")
        else:
            self.words.say("Every part was skipped. Go back, or cancel.")
        ordered = sorted(changes, key=lambda change: (not change.doubt, not change.changes))
        self.table.setRowCount(len(ordered))
        for row, change in enumerate(ordered):
            self._fill(row, change)

    def take_focus(self) -> None:
        """Arrows move in the table."""
        self.table.setFocus()
        self.table.selectRow(0)

    def _fill(self, row: int, change: Change) -> None:
        mark = "⚠ " if change.doubt else ""
        words = change.doubt or ("" if change.changes else "as before")
        cells = (
            mark + change.label,
            shown(change, change.old),
            shown(change, change.new),
            moved(change),
            words,
        )
        palette = self._theme.palette
        for column, text in enumerate(cells):
            cell = QTableWidgetItem(text)
            if column in (1, 2, 3):
                cell.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if change.doubt and column in (0, len(cells) - 1):
                cell.setForeground(QColor(tokens.ink_of(tokens.WARNING, palette)))
            elif not change.changes:
                cell.setForeground(QColor(palette.text_dim))
            self.table.setItem(row, column, cell)


def shown(change: Change, value: float | bool) -> str:
    """A value as it is read: `2,048 ticks`, `−0.598 rad`, `inverted`."""
    if isinstance(value, bool):
        return "inverted" if value else "straight"
    text = f"{value:.0f}" if change.unit == "ticks" else f"{value:.3f}"
    return f"{text} {change.unit}".replace("-", "−")


def moved(change: Change) -> str:
    """By how much: `+12`, `−0.031`, `turned round`."""
    if isinstance(change.new, bool):
        return "turned round" if change.changes else ""
    if not change.changes:
        return ""
    difference = change.new - change.old
    return (f"{difference:+.0f}" if change.unit == "ticks" else f"{difference:+.3f}").replace("-", "−")
