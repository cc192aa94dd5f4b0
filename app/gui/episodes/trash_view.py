"""The trash: what was put there, how much room it takes, back out of it, or gone for good."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.episodes.changes import Changes
from app.gui.episodes.list_view import EpisodeListView
from app.gui.episodes.table import TRASH_COLUMNS, EpisodeTable
from app.gui.episodes.thumbnails import Thumbnails
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.hold_button import HoldButton
from app.gui.widgets.key_label import KeyLabel
from app.gui.widgets.label import Label
from app.gui.wording import counted, size
from app.session.view import EpisodeView

EMPTY_HOLD_MS = 2000
_EMPTY = (
    "The trash is empty. {episode.trash} on the list puts episodes here; {episode.undo} takes them out again."
)


class TrashView(QWidget):
    """Takes the list's place on the page while it is shown."""

    def __init__(
        self,
        theme: Theme,
        changes: Changes,
        pictures: Thumbnails,
        *,
        delete: Callable[[tuple[str, ...]], None],
    ) -> None:
        super().__init__()
        self._theme = theme
        self._changes = changes
        self._delete = delete
        self._going: frozenset[str] = frozenset()
        self.model = EpisodeTable(theme, pictures, columns=TRASH_COLUMNS)
        self.table = EpisodeListView(self.model, theme)
        self.table.setAccessibleName("Episodes in the trash")
        self.head = Label(dim=True)
        self.empty_button = HoldButton(
            "Hold to delete all for good", theme, hold_ms=EMPTY_HOLD_MS, on_panel=True
        )
        self.empty_button.held.connect(self._empty)

    def build(self, actions: Actions) -> None:
        """Lay out, once the actions are registered."""
        self._hint = KeyLabel(_EMPTY, actions, dim=True)
        self._buttons = [
            ActionButton(actions["trash.restore"], self._theme, title="Restore"),
            ActionButton(actions["trash.restore_all"], self._theme),
        ]
        row = QHBoxLayout()
        row.setSpacing(tokens.steps(2))
        for button in self._buttons:
            row.addWidget(button)
        row.addStretch()
        self._reach = ActionButton(actions["trash.reach_empty"], self._theme, bare=True)
        row.addWidget(self._reach)
        row.addWidget(self.empty_button)
        self.empty_button.setFixedWidth(tokens.steps(60))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens.steps(2))
        column.addWidget(self.head)
        column.addWidget(self._hint)
        column.addWidget(self.table, stretch=1)
        column.addLayout(row)
        self._show(())

    def apply(self, trashed: tuple[EpisodeView, ...]) -> None:
        """Follow what the trash holds."""
        if trashed is not self.model.episodes:
            self.table.show_episodes(trashed)
            self.table.offer_columns(trashed)
            self._show(trashed)
        for button in self._buttons:
            button.refresh()

    def restore_chosen(self) -> None:
        """Take what is chosen out of the trash."""
        for episode in self.table.selected:
            self._changes.restore(episode)

    def restore_all(self) -> None:
        """Take everything out of the trash."""
        for episode in self.model.episodes:
            self._changes.restore(episode)

    def _show(self, trashed: tuple[EpisodeView, ...]) -> None:
        self._going &= {episode.episode_id for episode in trashed}
        held = sum(episode.bytes_written for episode in trashed)
        words = f"{counted(len(trashed), 'episode')} in the trash, {size(held)}"
        if self._going:
            words = f"Deleting: {len(self._going)} left, {size(held)}"
        self.head.say(words)
        self._hint.setVisible(not trashed)
        for widget in (self.head, self.table, self.empty_button, self._reach):
            widget.setVisible(bool(trashed))

    def _empty(self) -> None:
        """Delete what is listed now, and not what may be dropped while it goes on."""
        self._going = frozenset(episode.episode_id for episode in self.model.episodes)
        self._changes.forget(self._going)
        self._delete(tuple(episode.episode_id for episode in self.model.episodes))
