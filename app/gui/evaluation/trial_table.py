"""Every try that has ended, newest first."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from app.evaluation.results import Outcome
from app.evaluation.view import ResultView
from app.gui import tokens
from app.gui.evaluation.wording import OUTCOME_WORDS
from app.gui.theme import Theme

_ROOT = QModelIndex()
_ROW_PX = 30
_COLUMNS = (
    ("No.", 56),
    ("Outcome", 150),
    ("Task", 200),
    ("Variant", 110),
    ("Seed", 56),
    ("Time", 76),
    ("Why", 0),
)
_HUES = {
    Outcome.SUCCESS.value: tokens.GOOD,
    Outcome.FAILURE.value: tokens.ALARM,
    Outcome.SPOILED.value: tokens.WARNING,
}
_ICONS = {
    Outcome.SUCCESS.value: "mdi6.check-bold",
    Outcome.FAILURE.value: "mdi6.close-thick",
    Outcome.SPOILED.value: "mdi6.alert",
    Outcome.SKIPPED.value: "mdi6.debug-step-over",
}


class TrialModel(QAbstractTableModel):
    """Frozen views, replaced whole."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.results: tuple[ResultView, ...] = ()
        self._font = tokens.font()
        theme.changed.connect(self._repaint)

    def show(self, results: tuple[ResultView, ...]) -> None:
        """Show these, which come oldest first."""
        newest_first = tuple(reversed(results))
        if newest_first != self.results:
            self.beginResetModel()
            self.results = newest_first
            self.endResetModel()

    def rowCount(self, parent: QModelIndex = _ROOT) -> int:
        """One a try."""
        return 0 if parent.isValid() else len(self.results)

    def columnCount(self, parent: QModelIndex = _ROOT) -> int:
        """Those of the head."""
        return 0 if parent.isValid() else len(_COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """What the columns are."""
        if orientation is Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return _COLUMNS[section][0]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell; the outcome has word, icon and hue."""
        result = self.results[index.row()]
        column = index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return _cells(result)[column]
        if role == Qt.ItemDataRole.FontRole:
            return self._font
        hue = _HUES.get(result.outcome)
        if column == 1 and role == Qt.ItemDataRole.DecorationRole:
            ink = tokens.ink_of(hue, self._theme.palette) if hue else None
            return self._theme.icon(_ICONS[result.outcome], ink)
        if column == 1 and role == Qt.ItemDataRole.ForegroundRole and hue:
            return QColor(tokens.ink_of(hue, self._theme.palette))
        return None

    def _repaint(self) -> None:
        if self.results:
            last = self.index(len(self.results) - 1, len(_COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)


class TrialTable(QTableView):
    """The list; nothing in it is changed."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.trials = TrialModel(theme)
        self.setModel(self.trials)
        self.setAccessibleName("Trials")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setFont(tokens.font())
        self.setTabKeyNavigation(False)
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        if rows is None or columns is None:
            return
        rows.hide()
        rows.setDefaultSectionSize(_ROW_PX)
        columns.setFont(tokens.font(tokens.TEXT_SMALL_PX))
        columns.setHighlightSections(False)
        columns.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
        for section, (_, width_px) in enumerate(_COLUMNS):
            if width_px:
                columns.resizeSection(section, width_px)
            else:
                columns.setSectionResizeMode(section, QHeaderView.ResizeMode.Stretch)


def _cells(result: ResultView) -> tuple[str, ...]:
    again = f" ({result.attempt})" if result.attempt > 1 else ""
    return (
        f"{result.number}{again}",
        OUTCOME_WORDS[Outcome(result.outcome)],
        result.task,
        result.variant or "hidden",
        str(result.seed),
        f"{result.duration_s:.1f} s",
        result.reason,
    )
