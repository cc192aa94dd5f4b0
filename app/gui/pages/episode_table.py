"""The dataset's episodes as a table, and the trash as another."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import QAbstractTableModel, QModelIndex, Qt

from app.gui import tokens
from app.gui.theme import Theme
from app.gui.wording import length, moment
from app.session.view import EpisodeView

COLUMNS = ("Outcome", "Task", "Length", "Made", "Tags", "")
_TASK_COLUMN = 1
_ROOT = QModelIndex()


class EpisodeTable(QAbstractTableModel):
    """Shows frozen views; replaced whole when they change, keeping who selects by episode id in the right."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.episodes: tuple[EpisodeView, ...] = ()

    def show(self, episodes: tuple[EpisodeView, ...]) -> bool:
        """Take a new list; says whether it differs."""
        if episodes == self.episodes:
            return False
        same_rows = [e.episode_id for e in episodes] == [e.episode_id for e in self.episodes]
        if same_rows:
            self.episodes = episodes
            self.dataChanged.emit(self.index(0, 0), self.index(len(episodes) - 1, len(COLUMNS) - 1))
        else:
            self.beginResetModel()
            self.episodes = episodes
            self.endResetModel()
        return True

    def row_of(self, episode_id: str) -> int:
        """Where an episode is, or -1."""
        return next((i for i, episode in enumerate(self.episodes) if episode.episode_id == episode_id), -1)

    def rowCount(self, parent: QModelIndex = _ROOT) -> int:
        """One row an episode."""
        return 0 if parent.isValid() else len(self.episodes)

    def columnCount(self, parent: QModelIndex = _ROOT) -> int:
        """The columns above."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The columns' names."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words, icons, and the whole story as a tool tip."""
        episode = self.episodes[index.row()]
        look = tokens.OUTCOME_LOOKS.get(episode.outcome, tokens.OUTCOME_LOOKS["unset"])
        if role == Qt.ItemDataRole.DisplayRole:
            damage = episode.damage or ("" if episode.complete else "incomplete")
            return (
                look.word,
                episode.task or "no task",
                length(episode.duration_s),
                moment(episode.started_at),
                ", ".join(episode.tags),
                damage,
            )[index.column()]
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return self._theme.icon(look.icon, look.hue)
        damaged = index.column() == len(COLUMNS) - 1 and (episode.damage or not episode.complete)
        if role == Qt.ItemDataRole.DecorationRole and damaged:
            return self._theme.icon("mdi6.alert", tokens.WARNING)
        if role == Qt.ItemDataRole.FontRole:
            return tokens.font(tokens.TEXT_PX, bold=index.column() == _TASK_COLUMN)
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(words for words in (episode.episode_id, episode.damage, episode.notes) if words)
        return None
