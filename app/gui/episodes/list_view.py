"""The list of episodes: many may be chosen at once, and the choice keeps to the episodes whatever the rows do."""

from __future__ import annotations

from PyQt6.QtCore import QItemSelection, QItemSelectionModel, Qt, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from app.gui import tokens
from app.gui.episodes.listing import Order
from app.gui.episodes.table import ROW_PX, EpisodeTable, PictureDelegate
from app.gui.theme import Theme
from app.session.view import EpisodeView

_TASK_LEAST_PX = 200
_CLEAR_AND_CHOOSE = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows


class EpisodeListView(QTableView):
    """Emits `choice_changed` when other episodes are chosen, `opened` for a double click, `ordered` for a head's."""

    choice_changed = pyqtSignal()
    opened = pyqtSignal()
    ordered = pyqtSignal()

    def __init__(self, model: EpisodeTable, theme: Theme, *, order: Order | None = None) -> None:
        super().__init__()
        self._table = model
        self._current_id = ""
        self._filled = model.columns
        self._replacing = False
        self._selected: tuple[EpisodeView, ...] | None = None
        self.order = order
        self.setModel(model)
        self.setItemDelegateForColumn(0, PictureDelegate(theme, self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setFont(tokens.font())
        self.setTabKeyNavigation(False)
        self._lay_out_columns()
        selection = self.selectionModel()
        if selection is not None:
            selection.selectionChanged.connect(self._selection_changed)
            selection.currentRowChanged.connect(self._selection_changed)
        self.doubleClicked.connect(lambda _: self.opened.emit())

    @property
    def chosen(self) -> EpisodeView | None:
        """The episode where the cursor is."""
        row = self._table.row_of(self._current_id)
        return self._table.episodes[row] if row >= 0 else None

    @property
    def selected(self) -> tuple[EpisodeView, ...]:
        """All that are chosen, from the top; the one where the cursor is when none is marked."""
        if self._selected is None:
            self._selected = self._read_selected()
        return self._selected

    def show_episodes(self, episodes: tuple[EpisodeView, ...]) -> None:
        """Take another list; what was chosen stays chosen, and what is gone gives its place to the next."""
        row = self._table.row_of(self._current_id)
        kept = [episode.episode_id for episode in self.selected]
        self._replacing = True
        changed = self._table.show(episodes)
        if changed and episodes:
            current = self._table.row_of(self._current_id)
            if current < 0:
                current = min(max(row, 0), len(episodes) - 1)
                kept = []
            self._select(current, [self._table.row_of(episode_id) for episode_id in kept])
        self._replacing = False
        if changed:
            self._selected = None
            self._current_id = self._id_at(self.currentIndex().row())
            self.choice_changed.emit()

    def offer_columns(self, episodes: tuple[EpisodeView, ...]) -> None:
        """Show the columns that say something in any of these, the whole list: none comes and goes while one types."""
        columns = self._table.columns
        self._filled = tuple(c for c in columns if not c.rank or any(map(c.says, episodes)))
        self._fit_columns()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Which columns there is room for changes with the width."""
        super().resizeEvent(event)
        self._fit_columns()

    def choose(self, row: int) -> None:
        """Choose one line alone, and bring it into view."""
        selection = self.selectionModel()
        index = self._table.index(row, 0)
        if selection is not None:
            selection.setCurrentIndex(index, _CLEAR_AND_CHOOSE)
        self.scrollTo(index)

    def choose_id(self, episode_id: str) -> bool:
        """Choose an episode; says whether it is listed."""
        row = self._table.row_of(episode_id)
        if row >= 0:
            self.choose(row)
        return row >= 0

    def _select(self, current: int, rows: list[int]) -> None:
        selection = self.selectionModel()
        if selection is None:
            return
        chosen = QItemSelection()
        last = self._table.columnCount() - 1
        for first, end in _runs(sorted(row for row in rows if row >= 0) or [current]):
            chosen.select(self._table.index(first, 0), self._table.index(end, last))
        selection.setCurrentIndex(self._table.index(current, 0), QItemSelectionModel.SelectionFlag.NoUpdate)
        selection.select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def _selection_changed(self, *_: object) -> None:
        if not self._replacing:
            self._selected = None
            self._current_id = self._id_at(self.currentIndex().row())
            self.choice_changed.emit()

    def _read_selected(self) -> tuple[EpisodeView, ...]:
        """From the ranges that are marked: asking Qt row by row takes seconds for thousands."""
        selection = self.selectionModel()
        ranges = selection.selection() if selection is not None else QItemSelection()
        rows: set[int] = set()
        for number in range(ranges.count()):
            marked = ranges[number]
            rows.update(range(marked.top(), marked.bottom() + 1))
        if rows:
            return tuple(self._table.episodes[row] for row in sorted(rows))
        return (self.chosen,) if self.chosen is not None else ()

    def _id_at(self, row: int) -> str:
        return self._table.episodes[row].episode_id if 0 <= row < len(self._table.episodes) else ""

    def _lay_out_columns(self) -> None:
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        if rows is None or columns is None:
            return
        rows.hide()
        rows.setDefaultSectionSize(ROW_PX)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        columns.setFont(tokens.font(tokens.TEXT_SMALL_PX))
        columns.setHighlightSections(False)
        columns.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
        for section, column in enumerate(self._table.columns):
            if column.width_px:
                columns.resizeSection(section, column.width_px)
            else:
                columns.setSectionResizeMode(section, QHeaderView.ResizeMode.Stretch)
        if self.order is None:
            return
        columns.setSectionsClickable(True)
        columns.setSortIndicatorShown(True)
        self._show_order()
        columns.sectionClicked.connect(self._head_clicked)

    def _fit_columns(self) -> None:
        """Hide columns that say nothing, and the least needed ones until the task has room."""
        columns = self._table.columns
        shown = [c for c in columns if c in self._filled]
        viewport = self.viewport()
        room = (viewport.width() if viewport is not None else 0) - _TASK_LEAST_PX
        for column in sorted(columns, key=lambda column: column.rank, reverse=True):
            if column in shown and column.rank and sum(c.width_px for c in shown) > room:
                shown.remove(column)
        for section, column in enumerate(columns):
            self.setColumnHidden(section, column not in shown)

    def _head_clicked(self, section: int) -> None:
        column = self._table.columns[section].sort
        if self.order is None or not column:
            self._show_order()
            return
        again = column == self.order.column
        descending = not self.order.descending if again else column in ("made", "length", "size", "state")
        self.order = Order(column, descending)
        self._show_order()
        self.ordered.emit()

    def _show_order(self) -> None:
        columns = self.horizontalHeader()
        sorts = [column.sort for column in self._table.columns]
        if columns is not None and self.order is not None and self.order.column in sorts:
            way = Qt.SortOrder.DescendingOrder if self.order.descending else Qt.SortOrder.AscendingOrder
            columns.setSortIndicator(sorts.index(self.order.column), way)


def _runs(rows: list[int]) -> list[tuple[int, int]]:
    """Rows as first and last of each unbroken run: one range is selected at once, a thousand rows are not."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs
