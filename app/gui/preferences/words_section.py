"""Microphone and words: whether the app listens, to what, how loud that is, and what it heard last."""

from __future__ import annotations

import time

from PyQt6.QtWidgets import QComboBox

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.hearing import Hearing
from app.gui.preferences.section import Section
from app.gui.theme import Theme
from app.gui.widgets.choice import Choice
from app.gui.widgets.key_label import KeyLabel
from app.gui.widgets.label import Label
from app.gui.widgets.level_meter import QUIETEST_DBFS, LevelMeter
from app.session.view import Snapshot, SpeechView

LISTENING, DEAF = "on", "off"
_CAPTION = "Spoken words as triggers ({window.listen})"
_DEFAULT = "The system's choice"
_STATES = {"starting": "Starting …", "listening": "Listening", "hushed": "The app itself speaks"}


class WordsSection(Section):
    """The ear.

    Args:
        actions: `window.listen`.
        theme: for the level.
        hearing: the switch.
    """

    def __init__(self, actions: Actions, theme: Theme, hearing: Hearing) -> None:
        super().__init__("Microphone and words")
        self._actions = actions
        self._hearing = hearing
        self.body.addWidget(KeyLabel(_CAPTION, actions, size_px=tokens.TEXT_SMALL_PX, dim=True))
        self.choice = Choice("Listen for spoken words", [(LISTENING, "Listen"), (DEAF, "Off")])
        self.body.addWidget(self.choice)
        self.caption("Microphone")
        self.devices = QComboBox()
        self.devices.setFont(tokens.font())
        self.devices.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
        self.devices.setAccessibleName("Microphone")
        self.devices.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.body.addWidget(self.devices)
        self.meter = LevelMeter(theme)
        self.body.addWidget(self.meter)
        self.state = Label("", size_px=tokens.TEXT_SMALL_PX, wrap=True)
        self.heard = Label("", size_px=tokens.TEXT_SMALL_PX, bold=True, wrap=True)
        self.words = Label("", size_px=tokens.TEXT_SMALL_PX, dim=True, wrap=True)
        for label in (self.state, self.heard, self.words):
            self.body.addWidget(label)
        self.choice.picked.connect(self._pick)
        self.devices.activated.connect(lambda index: hearing.choose(str(self.devices.itemData(index))))
        self._listed: tuple[str, ...] = ()
        self._list_devices(())

    def apply(self, snapshot: Snapshot) -> None:
        """Show what is heard."""
        self.choice.show_value(LISTENING if self._hearing.on else DEAF)
        speech = snapshot.speech
        self.heard.setVisible(speech is not None and bool(speech.last_word))
        if speech is None:
            self.meter.show_level(QUIETEST_DBFS, QUIETEST_DBFS, clipped=False)
            self.state.say("Nothing is listened to: no sound is taken in.")
            self.words.say(
                "Each word or two, said alone with a short pause before and after, is a trigger like a key."
            )
            return
        self._list_devices(speech.devices)
        self.meter.show_level(speech.rms_dbfs, speech.peak_dbfs, clipped=speech.clipped > 0)
        self.state.say(_state_words(speech))
        if speech.last_word:
            ago_s = max(0, int((time.monotonic_ns() - speech.last_word_ns) / 1e9))
            self.heard.say(f"Heard “{speech.last_word}” {_ago(ago_s)}")
        self.words.say("Listening for: " + (", ".join(speech.words) or "no word, for none is bound"))

    def _list_devices(self, found: tuple[str, ...]) -> None:
        """Offer the microphones there are, the chosen one among them even while it is unplugged."""
        chosen = self._hearing.device
        names = tuple(dict.fromkeys(("", *found, chosen)))
        if names != self._listed and not self.devices.hasFocus():
            self._listed = names
            self.devices.clear()
            for name in names:
                self.devices.addItem(name or _DEFAULT, name)
        if self.devices.currentData() != chosen and not self.devices.hasFocus():
            self.devices.setCurrentIndex(self.devices.findData(chosen))

    def _pick(self, value: str) -> None:
        if (value == LISTENING) is not self._hearing.on:
            self._actions.trigger("window.listen")


def _state_words(speech: SpeechView) -> str:
    if speech.state == "no microphone":
        return f"No microphone: {speech.trouble}. It is tried again by itself."
    words = _STATES.get(speech.state, speech.state)
    if speech.state != "listening":
        return words
    if speech.clipped:
        return f"{words}, too loud: turn the microphone down, or sit farther from it"
    return f"{words} to {speech.device}"


def _ago(seconds: int) -> str:
    if seconds < 2:
        return "just now"
    return f"{seconds} s ago" if seconds < 60 else f"{seconds // 60} min ago"
