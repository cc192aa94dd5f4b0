"""The evaluations that were, newest first."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem

from app.evaluation.desk import Listed
from app.gui import tokens
from app.gui.wording import counted, moment


class EarlierList(QListWidget):
    """Emits `chosen` with the id of the one that is chosen."""

    chosen = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self._listed: tuple[Listed, ...] | None = None
        self.setFont(tokens.font(tokens.TEXT_SMALL_PX))
        self.setAccessibleName("Earlier evaluations")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemSelectionChanged.connect(self._selected)

    @property
    def chosen_id(self) -> str:
        """The chosen one; empty for none."""
        items = self.selectedItems()
        return str(items[0].data(Qt.ItemDataRole.UserRole)) if items else ""

    @property
    def chosen_listed(self) -> Listed | None:
        """What is known of the chosen one."""
        return next((one for one in self._listed or () if one.evaluation_id == self.chosen_id), None)

    def show_listed(self, listed: tuple[Listed, ...]) -> None:
        """Show these; the choice stays."""
        if listed == self._listed:
            return
        kept = self.chosen_id
        self.blockSignals(True)
        self.clear()
        self._listed = listed
        for one in listed:
            item = QListWidgetItem(_words(one))
            item.setData(Qt.ItemDataRole.UserRole, one.evaluation_id)
            item.setToolTip(one.damage or f"{one.evaluation_id}: {', '.join(one.variants)}")
            self.addItem(item)
            if one.evaluation_id == kept:
                item.setSelected(True)
        self.blockSignals(False)

    def choose(self, evaluation_id: str) -> None:
        """Choose one, as a click does."""
        for row in range(self.count()):
            item = self.item(row)
            if item is not None and item.data(Qt.ItemDataRole.UserRole) == evaluation_id:
                self.setCurrentRow(row)

    def _selected(self) -> None:
        if self.chosen_id:
            self.chosen.emit(self.chosen_id)


def _words(one: Listed) -> str:
    if one.damage:
        return f"{one.evaluation_id}: damaged"
    tasks = one.tasks[0] if len(one.tasks) == 1 else counted(len(one.tasks), "task")
    return f"{moment(one.begun_at)}   {one.done}/{one.planned}   {tasks}"
