"""What is being said, and what was heard, before it acts and after; with the answers to choose from where it asks."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.fitting import fit, fit_lines
from app.gui.theme import Theme
from app.gui.told.number_board import CELL_PX, Cell, NumberBoard
from app.gui.told.telling import ANSWERS, TOLD_MODES, Telling
from app.gui.told.words import utterance_words, voice_words
from app.gui.told_keys import with_keys
from app.messages import Mode
from app.session.view import Snapshot
from app.session.voice_view import VoiceView

STAYS_S = 8.0
"""Outside verbal mode what was said goes from the screen after so long."""

_ICONS = {
    "speaking": ("mdi6.microphone", tokens.VERBAL),
    "reading": ("mdi6.dots-horizontal", tokens.VERBAL),
    "ask": ("mdi6.help-circle", tokens.WARNING),
    "accepted": ("mdi6.check-circle", tokens.GOOD),
    "rejected": ("mdi6.close-circle-outline", tokens.HOLD),
    "failed": ("mdi6.alert-octagon", tokens.ALARM),
    "waiting": ("mdi6.timer-sand", tokens.HOLD),
    "no model": ("mdi6.alert", tokens.WARNING),
    "off": ("mdi6.microphone-off", tokens.HOLD),
    "ready": ("mdi6.microphone-outline", tokens.VERBAL),
}
_CALM = frozenset({"accepted", "ready", "off", "waiting"})
"""What asks for nothing; an accepted subtask stands above it, large."""

_OFF = ("The voice is off", "Keys and typing work; {voice.switch} switches it on")
_READY = ("Hold {voice.talk} and speak", "Nothing was said yet")
_FREE = ("Speak whenever you like", "Hands-free: speech is found by itself")


class _Line(QWidget):
    """An icon, a line, a smaller one below it, and how far a download is."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.words, self._state, self._share = ("", ""), "", 0.0
        self._font = tokens.font(tokens.TEXT_LARGE_PX, bold=True)
        self._calm = tokens.font(tokens.TEXT_PX)
        self._small = tokens.font(tokens.TEXT_SMALL_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._head_px = tokens.TEXT_LARGE_PX + tokens.steps(2)
        self._small_px = tokens.TEXT_SMALL_PX + tokens.STEP_PX
        self.setFixedHeight(self._head_px + 2 * self._small_px)
        theme.changed.connect(self.update)

    def show_words(self, words: tuple[str, str], state: str, *, share: float = 0.0) -> None:
        """Show these, with the icon of a state."""
        if (words, state, share) != (self.words, self._state, self._share):
            self.words, self._state, self._share = words, state, share
            lines = 1 if state == "ask" else 2  # the answers need the room
            self.setFixedHeight(self._head_px + lines * self._small_px)
            told = ". ".join(part for part in words if part)
            self.setAccessibleName(told)
            self.setToolTip(told)
            self.update()

    def sizeHint(self) -> QSize:
        """Fixed."""
        return QSize(tokens.SIDE_WIDTH_PX, self.height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Icon, words, the bar of a download."""
        painter = QPainter(self)
        palette = self._theme.palette
        icon, hue = _ICONS.get(self._state, _ICONS["waiting"])
        side = tokens.ICON_PX
        ink = tokens.ink_of(hue, palette)
        self._theme.icon(icon, ink).paint(painter, 0, (self._head_px - side) // 2, side, side)
        left = side + tokens.steps(2)
        room = QRectF(left, 0, self.width() - left, self._head_px)
        painter.setFont(self._calm if self._state in _CALM else self._font)
        painter.setPen(QColor(palette.text))
        head = fit(self.words[0], painter.fontMetrics(), room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, head)
        painter.setFont(self._small)
        painter.setPen(QColor(palette.text_dim))
        below = QRectF(left, self._head_px, self.width() - left, self.height() - self._head_px)
        if self._share > 0:
            bar = QRectF(left, self._head_px + 2, self.width() - left, tokens.EDGE_PX)
            painter.fillRect(bar, QColor(palette.line))
            painter.fillRect(
                QRectF(bar.left(), bar.top(), bar.width() * self._share, bar.height()), QColor(tokens.VERBAL)
            )
            below = below.adjusted(0, tokens.steps(2), 0, 0)
        most = int(below.height() // self._small_px)
        for line in fit_lines(self.words[1], painter.fontMetrics(), below.width(), most=most):
            painter.drawText(below, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, line)
            below.adjust(0, self._small_px, 0, 0)


class SpokenCard(QWidget):
    """Follows the newest utterance.

    Args:
        actions: for the keys of the answers.
        theme: colours.
        telling: says whether something is asked, and takes the answer.
    """

    def __init__(self, actions: Actions, theme: Theme, telling: Telling) -> None:
        super().__init__()
        self._actions = actions
        self._telling = telling
        self._line = _Line(theme)
        self.answers = NumberBoard(
            actions, theme, name="Answers", columns=1, rows=ANSWERS, hue=tokens.WARNING
        )
        self.answers.picked.connect(telling.press)
        self.answers.setVisible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens.steps(1))
        column.addWidget(self._line)
        column.addWidget(self.answers)

    @property
    def words(self) -> tuple[str, str]:
        """The line, and the smaller one below it."""
        return self._line.words

    @property
    def asks(self) -> bool:
        """Whether there are answers to choose from."""
        return self.answers.isVisibleTo(self)

    def wanted(self, snapshot: Snapshot) -> bool:
        """Whether there is something to show."""
        voice = snapshot.voice
        if snapshot.mode is Mode.VERBAL:
            return True
        if voice is None:
            return False
        if snapshot.mode is Mode.AUTONOMOUS and voice.state != "ready":
            return True
        newest = voice.utterances[-1] if voice.utterances else None
        if newest is None:
            return voice.talking
        ended_ns = newest.ended_ns or snapshot.time_ns
        return voice.talking or self._telling.asked is not None or snapshot.time_ns - ended_ns < STAYS_S * 1e9

    def apply(self, snapshot: Snapshot) -> None:
        """Show a snapshot."""
        words, state, share = _told(snapshot.voice, takes=snapshot.mode in TOLD_MODES)
        asked = self._telling.asked
        if state == "ask" and asked is None:  # nobody answered, or none was right
            state, words = "rejected", ("Not taken", "Not answered.  {subtask.amend} puts it right")
        self._line.show_words(
            (with_keys(words[0], self._actions), with_keys(words[1], self._actions)), state, share=share
        )
        if (asked is not None) != self.asks:
            self.answers.setVisible(asked is not None)
        if asked is not None:
            cells = [Cell(one.phrase, share=one.probability) for one in asked.candidates[:ANSWERS]]
            self.answers.show_cells(cells)
            self.answers.setFixedHeight(len(cells) * (CELL_PX + tokens.steps(1)))


def _told(voice: VoiceView | None, *, takes: bool) -> tuple[tuple[str, str], str, float]:
    """Two lines, the state whose icon they have, and how far a download is."""
    if voice is None:
        return _OFF, "off", 0.0
    trouble = voice_words(voice)
    if trouble[0]:
        share = voice.done_bytes / voice.total_bytes if voice.total_bytes else 0.0
        return trouble, voice.state if voice.state in _ICONS else "waiting", share
    if not voice.utterances:
        return (_FREE if voice.hands_free else _READY), "ready", 0.0
    newest = voice.utterances[-1]
    return utterance_words(newest, takes=takes), newest.state, 0.0
