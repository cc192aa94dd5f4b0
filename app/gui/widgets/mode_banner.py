"""Who is driving, as large as anything on the page, and the way out of *stopped*."""

from __future__ import annotations

from PyQt6.QtCore import QRect, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.fitting import fit
from app.gui.theme import Theme
from app.gui.told.words import learned_words
from app.gui.widgets.hold_button import HoldButton
from app.gui.wording import plain_name, sentence
from app.messages import Mode
from app.session.view import Snapshot

REASON_KEY = "mode"
"""The notice that tells why the robot holds or is stopped; the banner shows it in its own line."""

_WORD_PX = tokens.TEXT_BANNER_PX + tokens.steps(2)

_GATE_WORDS = {
    "aligning": ("Align", "Bring the leaders to the robot's pose"),
    "driving": ("Aligning", "The leaders come to the robot's pose"),
    "ramping": ("Take over", "Following fades in"),
}


def _reason(snapshot: Snapshot) -> str:
    """Why the robot holds or is stopped, where that was not plainly asked for: "No answer from left follower"."""
    for notice in snapshot.notices:
        if notice.key == REASON_KEY and snapshot.mode in (Mode.HOLD, Mode.STOPPED):
            return sentence(plain_name(notice.what.partition(": ")[2]))
    return ""


class ModeBanner(QWidget):
    """A slab in the mode's hue with its icon, its word and one line of what it means."""

    released = pyqtSignal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._mode: Mode | None = None
        self._word, self._meaning = "", ""
        self._word_font = tokens.font(tokens.TEXT_BANNER_PX, bold=True)
        self._meaning_font = tokens.font(tokens.TEXT_PX)
        self._head_height = tokens.TEXT_BANNER_PX + tokens.TEXT_PX + tokens.steps(7)
        self.release_button = HoldButton("Hold to release    ↵", theme)
        self.release_button.held.connect(self.released)
        foot = QHBoxLayout()
        foot.addWidget(self.release_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(tokens.steps(3), self._head_height, tokens.steps(3), tokens.steps(3))
        layout.addLayout(foot)
        self._show(Mode.HOLD, "Hold", "")

    def apply(self, snapshot: Snapshot, *, driving: bool, waiting: Mode | None = None) -> None:
        """Follow the snapshot's mode, gate, script and replay.

        Args:
            snapshot: what is so.
            driving: whether keys drive.
            waiting: the mode that begins when a policy is loaded.
        """
        look = tokens.MODE_LOOKS[snapshot.mode]
        word, meaning = look.word, look.meaning
        if snapshot.gate is not None:
            word, meaning = _GATE_WORDS.get(snapshot.gate.phase, (word, snapshot.gate.phase))
        elif snapshot.tick is None and snapshot.mode is not Mode.HOLD:
            meaning = "As last heard; the robot is silent"
        elif reason := _reason(snapshot):
            meaning = reason
        elif snapshot.mode is Mode.REPLAY:
            meaning = f"{round(100 * snapshot.replay_progress)} % of the episode"
        elif snapshot.mode is Mode.HOLD and not snapshot.ready:
            meaning = "Waiting for the robot and its cameras"
        elif snapshot.mode is Mode.HOLD and not snapshot.torque:
            word, meaning = "Let go", "The servos are without torque"
        elif waiting is not None and snapshot.mode is Mode.HOLD:
            meaning = f"Then {tokens.MODE_LOOKS[waiting].word.lower()}; a policy is being loaded"
        elif snapshot.mode in (Mode.VERBAL, Mode.AUTONOMOUS) and snapshot.policy is not None:
            meaning = learned_words(snapshot.policy)
        elif driving:
            meaning = "Keys and handles drive the robot"
        elif snapshot.mode is Mode.TELEOP and snapshot.intervening:
            word, meaning = "Intervention", "You lead; this is recorded as a correction"
        elif snapshot.mode is Mode.TELEOP and snapshot.script:
            meaning = "The scripted operator has the leaders"
        self._show(snapshot.mode, word, meaning)

    @property
    def word(self) -> str:
        """The word shown."""
        return self._word

    @property
    def meaning(self) -> str:
        """The line below it."""
        return self._meaning

    @property
    def word_room(self) -> QRect:
        """Where the word stands: left of the icon."""
        pad = tokens.steps(3)
        return self.rect().adjusted(pad, tokens.steps(2), -2 * pad - tokens.ICON_BANNER_PX, 0)

    @property
    def meaning_room(self) -> QRect:
        """Where the line below it stands: the whole width."""
        pad = tokens.steps(3)
        return self.rect().adjusted(pad, tokens.steps(2) + _WORD_PX, -pad, 0)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The slab."""
        look = tokens.MODE_LOOKS[Mode.HOLD if self._mode is None else self._mode]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.hue))
        painter.drawRoundedRect(QRectF(self.rect()), tokens.CORNER_PX, tokens.CORNER_PX)
        side, pad = tokens.ICON_BANNER_PX, tokens.steps(3)
        icon = self._theme.icon(look.icon, look.ink)
        icon.paint(painter, self.width() - side - pad, tokens.steps(2) + (_WORD_PX - side) // 2, side, side)
        painter.setPen(QColor(look.ink))
        for words, font, room in (
            (self._word, self._word_font, self.word_room),
            (self._meaning, self._meaning_font, self.meaning_room),
        ):
            painter.setFont(font)
            words = fit(words, painter.fontMetrics(), room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, words)

    def _show(self, mode: Mode, word: str, meaning: str) -> None:
        if (mode, word, meaning) == (self._mode, self._word, self._meaning):
            return
        if mode is not self._mode:
            stopped = mode is Mode.STOPPED
            self.release_button.setVisible(stopped)
            extra = self.release_button.height() + tokens.steps(3) if stopped else 0
            self.setFixedHeight(self._head_height + extra)
        self._mode, self._word, self._meaning = mode, word, meaning
        self.setAccessibleName(f"Mode: {word}")
        self.setToolTip(f"{word}. {meaning}" if meaning else word)
        self.update()
