"""The last few episodes, so that the one just made can be seen to be there."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.theme import Theme
from app.gui.told_keys import with_keys
from app.gui.wording import length
from app.session.view import EpisodeView, Snapshot

_LINE_PX = 26
_HINT = "Every episode you keep appears here. {record.start} records one; {page.episodes} shows them all."
_CUT_ICON = "mdi6.alert"


def finished(snapshot: Snapshot) -> tuple[EpisodeView, ...]:
    """The episodes without the one that is being recorded: nothing can be done with that one here."""
    if snapshot.recording is None:
        return snapshot.episodes
    running_id = snapshot.recording.episode_id
    return tuple(episode for episode in snapshot.episodes if episode.episode_id != running_id)


class RecentEpisodes(QWidget):
    """As many lines as there is room for."""

    def __init__(self, actions: Actions, theme: Theme) -> None:
        super().__init__()
        self._actions = actions
        self._theme = theme
        self._episodes: tuple[EpisodeView, ...] = ()
        self._hint = ""
        self._font = tokens.font(tokens.TEXT_PX)
        self._head_font = tokens.font(tokens.TEXT_SMALL_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(0)
        theme.changed.connect(self.update)

    def apply(self, snapshot: Snapshot) -> None:
        """Follow the list of episodes."""
        episodes = finished(snapshot)
        hint = "" if episodes else with_keys(_HINT, self._actions)
        if (episodes, hint) != (self._episodes, self._hint):
            self._episodes, self._hint = episodes, hint
            self.setAccessibleName(hint or "Last episodes")
            self.update()

    def sizeHint(self) -> QSize:
        """Whatever is left."""
        return QSize(tokens.SIDE_WIDTH_PX, 0)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Mark, task, length."""
        lines = (self.height() - _LINE_PX) // _LINE_PX
        if lines < 1:
            return
        painter = QPainter(self)
        palette = self._theme.palette
        painter.setFont(self._head_font)
        painter.setPen(QColor(palette.text_dim))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        head = "Last episodes" if self._episodes else "No episodes yet"
        painter.drawText(QRectF(0, 0, self.width(), _LINE_PX), flags, head)
        painter.setFont(self._font)
        if not self._episodes:
            painter.setPen(QColor(palette.text))
            below = QRectF(0, _LINE_PX, self.width(), self.height() - _LINE_PX)
            painter.drawText(below, int(Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap), self._hint)
            return
        metrics = painter.fontMetrics()
        for number, episode in enumerate(self._episodes[:lines]):
            line = QRectF(0, (number + 1) * _LINE_PX, self.width(), _LINE_PX)
            look = tokens.OUTCOME_LOOKS.get(episode.outcome, tokens.OUTCOME_LOOKS["unset"])
            cut = not episode.complete
            icon = self._theme.icon(*((_CUT_ICON, tokens.WARNING) if cut else (look.icon, look.hue)))
            side = tokens.TEXT_PX
            icon.paint(painter, 0, int(line.top() + (_LINE_PX - side) / 2), side, side)
            took = "cut short" if cut else length(episode.duration_s)
            painter.setPen(QColor(palette.text_dim))
            painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, took)
            painter.setPen(QColor(palette.text))
            room = line.adjusted(
                side + tokens.steps(2), 0, -metrics.horizontalAdvance(took) - tokens.steps(2), 0
            )
            words = metrics.elidedText(
                episode.task or "no task", Qt.TextElideMode.ElideRight, int(room.width())
            )
            painter.drawText(room, flags, words)
