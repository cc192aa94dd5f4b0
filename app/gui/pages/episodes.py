"""Episodes: what was recorded, how it went, and what to do with it."""

from __future__ import annotations

from PyQt6.QtCore import QItemSelectionModel, QSize, Qt
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.pages.episode_table import COLUMNS, EpisodeTable
from app.gui.pages.page import Page
from app.gui.session_protocol import SessionLike
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.label import Label, rule
from app.gui.widgets.recent_episodes import finished
from app.gui.wording import counted, length, moment
from app.session.view import EpisodeView, Snapshot

_TRASH_SHOWN = 4
_NOTES_HEIGHT_PX = 110


class EpisodesPage(Page):
    """The list on the left; on the right the chosen episode, and below it the trash."""

    page_id = "episodes"
    title = "Episodes"
    key = "Ctrl+3"
    icon = "mdi6.filmstrip-box-multiple"

    def __init__(self, session: SessionLike, theme: Theme) -> None:
        super().__init__()
        self._session = session
        self._theme = theme
        self._model = EpisodeTable(theme)
        self._chosen_id = ""
        self._shown: EpisodeView | None = None
        self._trashed: tuple[EpisodeView, ...] | None = None
        self._buttons: list[ActionButton] = []
        self.table = self._build_table()
        self._pages = QStackedWidget()
        self._tags = QLineEdit()
        self._notes = QPlainTextEdit()
        self._title = Label(size_px=tokens.TEXT_LARGE_PX, bold=True, wrap=True)
        self._facts = Label(dim=True, wrap=True)
        self._damage = Label(wrap=True)
        self._trash_box = QVBoxLayout()
        self._trash_head = Label(size_px=tokens.TEXT_SMALL_PX, dim=True)

    def build(self, actions: Actions) -> None:
        """Lay out, once the actions (which read this page's choice) are registered."""
        self._pages.addWidget(self.table)
        self._pages.addWidget(self._build_empty())
        main = QVBoxLayout()
        main.setContentsMargins(*([tokens.steps(4)] * 4))
        main.setSpacing(tokens.steps(3))
        self._head = Label(size_px=tokens.TEXT_TITLE_PX, bold=True)
        main.addWidget(self._head)
        main.addWidget(self._pages, stretch=1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(main, stretch=1)
        row.addWidget(self._build_side(actions))
        self._show_chosen(None)

    @property
    def chosen(self) -> EpisodeView | None:
        """The episode chosen in the list."""
        row = self._model.row_of(self._chosen_id)
        return self._model.episodes[row] if row >= 0 else None

    @property
    def newest_trashed(self) -> EpisodeView | None:
        """What undo would bring back."""
        return self._trashed[0] if self._trashed else None

    def apply(self, snapshot: Snapshot) -> None:
        """Follow list and trash."""
        episodes = finished(snapshot)
        if self._model.show(episodes):
            row = self._model.row_of(self._chosen_id)
            if row < 0 and episodes:
                row = 0
            if row >= 0:
                self._choose(row)
        self._pages.setCurrentIndex(0 if episodes else 1)
        count = len(episodes)
        total_s = sum(episode.duration_s for episode in episodes)
        self._head.say(f"{counted(count, 'episode')}, {length(total_s)}" if count else "Episodes")
        if self.chosen != self._shown:
            self._show_chosen(self.chosen)
        if snapshot.trashed != self._trashed:
            self._trashed = snapshot.trashed
            self._show_trash(snapshot.trashed)
        for button in self._buttons:
            button.refresh()

    def entered(self) -> None:
        """Keys move in the list at once."""
        self.table.setFocus()

    def save_edits(self) -> None:
        """Hand over tags and notes that were typed; called whenever a field is left, so nothing is ever unsaved."""
        episode = self._shown
        if episode is None:
            return
        tags = tuple(tag.strip() for tag in self._tags.text().split(",") if tag.strip())
        notes = self._notes.toPlainText().strip()
        if tags != episode.tags:
            self._session.annotate_episode(episode.episode_id, tags=tags)
        if notes != episode.notes:
            self._session.annotate_episode(episode.episode_id, notes=notes)

    def left(self) -> None:
        """Nothing that was typed stays behind."""
        self.save_edits()

    def _choose(self, row: int) -> None:
        index = self._model.index(row, 0)
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        selection = self.table.selectionModel()
        if selection is not None:
            selection.setCurrentIndex(index, flags)

    def _current_changed(self, current: object) -> None:
        row = self.table.currentIndex().row()
        if 0 <= row < len(self._model.episodes):
            self.save_edits()
            self._chosen_id = self._model.episodes[row].episode_id
            self._show_chosen(self.chosen)

    def _show_chosen(self, episode: EpisodeView | None) -> None:
        same = (
            episode is not None and self._shown is not None and episode.episode_id == self._shown.episode_id
        )
        self._shown = episode
        self._detail.setVisible(episode is not None)
        if episode is None:
            return
        look = tokens.OUTCOME_LOOKS.get(episode.outcome, tokens.OUTCOME_LOOKS["unset"])
        self._title.say(episode.task or "no task")
        facts = (look.word, length(episode.duration_s), moment(episode.started_at), episode.episode_id)
        self._facts.say("   ".join(facts))
        damage = episode.damage or ("" if episode.complete else "It was cut short; what is there is whole.")
        self._damage_box.setVisible(bool(damage))
        self._damage.say(damage)
        if not (same and self._tags.hasFocus()):
            self._tags.setText(", ".join(episode.tags))
        if not (same and self._notes.hasFocus()):
            self._notes.setPlainText(episode.notes)
        for button in self._outcomes:
            button.set_lit(button.action_id == f"episode.{episode.outcome}")

    def _show_trash(self, trashed: tuple[EpisodeView, ...]) -> None:
        while (item := self._trash_box.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._undo.setVisible(bool(trashed))
        self._trash_head.say(f"Trash: {len(trashed)}" if trashed else "")
        for episode in trashed[:_TRASH_SHOWN]:
            line = QWidget()
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            row.addWidget(
                Label(f"{episode.task or 'no task'}, {length(episode.duration_s)}", dim=True), stretch=1
            )
            restore = QPushButton("Restore")
            restore.setFont(tokens.font())
            restore.setFixedHeight(tokens.CONTROL_HEIGHT_PX - tokens.steps(1))
            restore.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            restore.setAccessibleName(f"Restore {episode.episode_id}")
            episode_id = episode.episode_id
            restore.clicked.connect(lambda _=False, wanted=episode_id: self._session.restore_episode(wanted))
            row.addWidget(restore)
            self._trash_box.addWidget(line)

    def _build_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self._model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setIconSize(QSize(tokens.ICON_PX, tokens.ICON_PX))
        table.setFont(tokens.font())
        table.setTabKeyNavigation(False)
        table.setAccessibleName("Episodes")
        rows, columns = table.verticalHeader(), table.horizontalHeader()
        if rows is not None:
            rows.hide()
            rows.setDefaultSectionSize(tokens.CONTROL_HEIGHT_PX)
        if columns is not None:
            columns.setFont(tokens.font(tokens.TEXT_SMALL_PX))
            columns.setHighlightSections(False)
            columns.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
            columns.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
            columns.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
            columns.setSectionResizeMode(len(COLUMNS) - 1, QHeaderView.ResizeMode.ResizeToContents)
        selection = table.selectionModel()
        if selection is not None:
            selection.currentRowChanged.connect(self._current_changed)
        return table

    def _build_empty(self) -> QWidget:
        empty = QWidget()
        column = QVBoxLayout(empty)
        column.setSpacing(tokens.steps(3))
        column.addStretch()
        mark = QLabel()
        mark.setPixmap(self._theme.pixmap(self.icon, tokens.ICON_BANNER_PX, self._theme.palette.text_dim))
        mark.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(mark)
        lines = (
            ("Nothing recorded yet", tokens.TEXT_TITLE_PX, True),
            (
                "On the Drive page: say what is being shown, teleoperate (T), and press R.",
                tokens.TEXT_PX,
                False,
            ),
            (
                "S ends it as a success, F as a failure, ⌫ drops it; dropped ones can be restored here.",
                14,
                False,
            ),
        )
        for words, size_px, bold in lines:
            label = Label(words, size_px=size_px, bold=bold, dim=not bold, wrap=True)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(label)
        column.addStretch()
        return empty

    def _build_side(self, actions: Actions) -> QWidget:
        side = QWidget()
        side.setObjectName("side")
        side.setFixedWidth(tokens.SIDE_WIDTH_PX)
        column = QVBoxLayout(side)
        column.setContentsMargins(*([tokens.steps(4)] * 4))
        column.setSpacing(tokens.steps(3))
        self._detail = QWidget()
        detail = QVBoxLayout(self._detail)
        detail.setContentsMargins(0, 0, 0, 0)
        detail.setSpacing(tokens.steps(3))
        detail.addWidget(self._title)
        detail.addWidget(self._facts)
        self._damage_box = QWidget()
        damage = QHBoxLayout(self._damage_box)
        damage.setContentsMargins(0, 0, 0, 0)
        mark = QLabel()
        mark.setPixmap(self._theme.pixmap("mdi6.alert", tokens.ICON_PX, tokens.WARNING))
        damage.addWidget(mark, alignment=Qt.AlignmentFlag.AlignTop)
        damage.addWidget(self._damage, stretch=1)
        detail.addWidget(self._damage_box)
        self._outcomes = [
            ActionButton(
                actions["episode.success"], self._theme, hue=tokens.GOOD, title="Success", compact=True
            ),
            ActionButton(
                actions["episode.failure"],
                self._theme,
                hue=tokens.ALARM,
                ink=tokens.ON_ALARM,
                title="Failure",
                compact=True,
            ),
            ActionButton(actions["episode.unset"], self._theme, hue=tokens.HOLD, title="Unset", compact=True),
        ]
        outcomes = QHBoxLayout()
        outcomes.setSpacing(tokens.steps(2))
        for button in self._outcomes:
            outcomes.addWidget(button)
        detail.addLayout(outcomes)
        replay = ActionButton(actions["episode.replay"], self._theme)
        detail.addWidget(replay)
        detail.addWidget(rule())
        for words, field in (("Tags, with commas between", self._tags), ("Notes", self._notes)):
            detail.addWidget(Label(words, size_px=tokens.TEXT_SMALL_PX, dim=True))
            field.setFont(tokens.font())
            field.setAccessibleName(words)
            detail.addWidget(field)
        self._tags.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
        self._tags.editingFinished.connect(self.save_edits)
        self._notes.setFixedHeight(_NOTES_HEIGHT_PX)
        self._notes.setTabChangesFocus(True)
        trash = ActionButton(actions["episode.trash"], self._theme)
        detail.addWidget(trash)
        self._buttons = [*self._outcomes, replay, trash]
        column.addWidget(self._detail)
        column.addStretch()
        column.addWidget(self._trash_head)
        column.addLayout(self._trash_box)
        self._undo = ActionButton(actions["episode.undo"], self._theme)
        self._buttons.append(self._undo)
        column.addWidget(self._undo)
        return side
