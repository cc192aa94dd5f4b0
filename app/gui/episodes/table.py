"""Episodes as a table: what each column says, and the small picture at the beginning of a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PyQt6.QtCore import QAbstractTableModel, QModelIndex, QObject, QRect, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QImage, QPainter, QPen
from PyQt6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.gui import tokens
from app.gui.episodes.card import flags_of, place_of
from app.gui.episodes.thumbnails import Thumbnails
from app.gui.theme import Theme
from app.gui.wording import length, moment, size
from app.session.view import EpisodeView

ROW_PX = 52
_PICTURE_PX = (60, 45)
_ROOT = QModelIndex()
_FLAG_WORDS = {"cut": "cut short"}
_WORRIES = frozenset({"damaged", "cut"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        sort: what a click on its head sorts by; see `app.gui.episodes.listing`.
        title: its head.
        width_px: at first; 0 takes what is left.
        words: what a line says.
        rank: the highest goes first where the list is too narrow; 0 always stays. One that says nothing in any line
            goes too.
        says: whether a line says anything, found out quickly: it is asked of thousands at every key typed.
    """

    sort: str
    title: str
    width_px: int
    words: Callable[[EpisodeView], str]
    rank: int = 0
    says: Callable[[EpisodeView], object] = lambda view: True


def flag_words(view: EpisodeView) -> str:
    """An episode's flags as they are read: "cut short, flagged"."""
    return ", ".join(_FLAG_WORDS.get(flag, flag) for flag in flags_of(view))


def _has_flags(view: EpisodeView) -> bool:
    plain = view.complete and not view.damage and not view.tags
    return any(name == "intervention" for name, _ in view.source_rows) or (not plain and bool(flags_of(view)))


def _outcome_word(view: EpisodeView) -> str:
    return tokens.OUTCOME_LOOKS.get(view.outcome, tokens.OUTCOME_LOOKS["unset"]).word


PICTURE = Column("", "", _PICTURE_PX[0] + 16, lambda view: "")
OUTCOME = Column("outcome", "Outcome", 132, _outcome_word)
TASK = Column("task", "Task", 0, lambda view: view.task or "no task")
LENGTH = Column("length", "Length", 96, lambda view: length(view.duration_s))
MADE = Column("made", "Made", 136, lambda view: moment(view.started_at), rank=1)
OPERATOR = Column(
    "operator", "Operator", 96, lambda view: view.operator, rank=4, says=lambda view: view.operator
)
PLACE = Column(
    "place", "Place", 190, place_of, rank=5, says=lambda view: view.home or view.room or view.scene
)
TAGS = Column("tags", "Tags", 110, lambda view: ", ".join(view.tags), rank=3, says=lambda view: view.tags)
STATE = Column("state", "Flags", 132, flag_words, rank=2, says=_has_flags)
SIZE = Column("size", "Size", 84, lambda view: size(view.bytes_written) if view.bytes_written else "")

COLUMNS = (PICTURE, OUTCOME, TASK, LENGTH, MADE, OPERATOR, PLACE, TAGS, STATE)
TRASH_COLUMNS = (PICTURE, OUTCOME, TASK, LENGTH, MADE, OPERATOR, SIZE)


class EpisodeTable(QAbstractTableModel):
    """Shows frozen views; they are replaced whole when they change, and who selects keeps to episode ids."""

    def __init__(self, theme: Theme, pictures: Thumbnails, *, columns: tuple[Column, ...] = COLUMNS) -> None:
        super().__init__()
        self._theme = theme
        self._pictures = pictures
        self.columns = columns
        self.episodes: tuple[EpisodeView, ...] = ()
        self._rows: dict[str, int] = {}
        self._font, self._bold = tokens.font(), tokens.font(bold=True)  # asked for with every cell painted
        theme.changed.connect(self._repaint)

    def show(self, episodes: tuple[EpisodeView, ...]) -> bool:
        """Take a new list; says whether it differs."""
        if episodes is self.episodes or episodes == self.episodes:
            return False
        same_rows = len(episodes) == len(self.episodes) and all(
            new.episode_id == old.episode_id for new, old in zip(episodes, self.episodes, strict=True)
        )
        if same_rows:
            self.episodes = episodes
            self._repaint()
        else:
            self.beginResetModel()
            self.episodes = episodes
            self._rows = {episode.episode_id: row for row, episode in enumerate(episodes)}
            self.endResetModel()
        return True

    def row_of(self, episode_id: str) -> int:
        """Where an episode is, or -1."""
        return self._rows.get(episode_id, -1)

    def pictures_arrived(self, episode_ids: list[str]) -> None:
        """Paint the lines of these again."""
        for row in (self.row_of(episode_id) for episode_id in episode_ids):
            if row >= 0:
                index = self.index(row, 0)
                self.dataChanged.emit(index, index)

    def picture(self, row: int) -> tuple[QImage | None, str]:
        """A line's picture; without one, why there is none, as far as that is known."""
        episode_id = self.episodes[row].episode_id
        return self._pictures.small(episode_id), self._pictures.problem(episode_id)

    def rowCount(self, parent: QModelIndex = _ROOT) -> int:
        """One row an episode."""
        return 0 if parent.isValid() else len(self.episodes)

    def columnCount(self, parent: QModelIndex = _ROOT) -> int:
        """The columns above."""
        return 0 if parent.isValid() else len(self.columns)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The columns' names."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].title
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words, icons, and the whole story as a tool tip."""
        episode = self.episodes[index.row()]
        column = self.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.words(episode)
        if role == Qt.ItemDataRole.DecorationRole:
            return self._icon(episode, column)
        if role == Qt.ItemDataRole.FontRole:
            return self._bold if column is TASK else self._font
        if role == Qt.ItemDataRole.ForegroundRole and column in (LENGTH, MADE, OPERATOR, PLACE, TAGS, SIZE):
            return QColor(self._theme.palette.text_dim)
        if role == Qt.ItemDataRole.ToolTipRole:
            story = (episode.episode_id, place_of(episode), episode.damage, episode.notes)
            return "\n".join(words for words in story if words)
        if role == Qt.ItemDataRole.AccessibleTextRole and column is PICTURE:
            return f"Picture of {episode.episode_id}"
        return None

    def _icon(self, episode: EpisodeView, column: Column) -> Any:
        if column is OUTCOME:
            look = tokens.OUTCOME_LOOKS.get(episode.outcome, tokens.OUTCOME_LOOKS["unset"])
            return self._theme.icon(look.icon, look.hue)
        if column is STATE:
            flags = flags_of(episode)
            if _WORRIES & set(flags):
                return self._theme.icon("mdi6.alert", tokens.WARNING)
            if "flagged" in flags:
                return self._theme.icon("mdi6.flag", tokens.WARNING)
        return None

    def _repaint(self) -> None:
        if self.episodes:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.episodes) - 1, len(self.columns) - 1))


class PictureDelegate(QStyledItemDelegate):
    """Paints the small pictures; where there is none, a drawn placeholder says whether one will come."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Room for the picture."""
        return QSize(PICTURE.width_px, ROW_PX)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """The picture, whole, in a box of its own."""
        model = index.model()
        if painter is None or not isinstance(model, EpisodeTable):
            return
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor(self._theme.palette.raised))
        image, problem = model.picture(index.row())
        box = QRect(0, 0, *_PICTURE_PX)
        box.moveCenter(option.rect.center())
        paint_picture(painter, box, image, theme=self._theme, problem=problem)


def paint_picture(
    painter: QPainter, box: QRect, image: QImage | None, *, theme: Theme, problem: str = ""
) -> None:
    """A picture as large as fits, or the placeholder: a crossed-out film for none, an empty frame while it comes."""
    painter.save()
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    if image is not None:
        shown = image.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRect(0, 0, shown.width(), shown.height())
        place.moveCenter(box.center())
        painter.fillRect(box, QColor(tokens.PICTURE_GROUND))
        painter.drawImage(place, image)
    else:
        painter.setPen(QPen(QColor(theme.palette.line), tokens.LINE_PX))
        painter.setBrush(QColor(theme.palette.panel))
        painter.drawRoundedRect(
            QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), tokens.CORNER_PX, tokens.CORNER_PX
        )
        icon = theme.icon("mdi6.filmstrip-off" if problem else "mdi6.filmstrip", theme.palette.text_dim)
        side = min(tokens.ICON_PX, box.height())
        icon.paint(painter, box.center().x() - side // 2, box.center().y() - side // 2, side, side)
    painter.restore()
