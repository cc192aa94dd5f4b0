"""One line for who uses the voice for the first time: for whom the shipped recogniser is, and the way to another."""

from __future__ import annotations

from PyQt6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from app.gui import tokens
from app.gui.settings import Settings
from app.gui.told.voicing import Voicing
from app.gui.widgets.label import Label
from app.session.view import Snapshot
from app.speech.whisper.catalogue import FOR_PEOPLE, SHIPPED

_WORDS = f"The shipped recogniser knows eSpeak’s kitchen phrases only. For people there is {FOR_PEOPLE}."


class VoiceHint(QFrame):
    """Goes when another recogniser is chosen, or when it is put away.

    Args:
        voicing: loads the other.
        settings: remember that it was put away.
    """

    def __init__(self, voicing: Voicing, settings: Settings) -> None:
        super().__init__()
        self.setObjectName("card")
        self._voicing = voicing
        self._settings = settings
        self.words = Label(_WORDS)
        self.load_button = _button(f"Load {FOR_PEOPLE}", f"Load {FOR_PEOPLE}, a recogniser for people")
        self.load_button.clicked.connect(self._load)
        self.away_button = _button("×", "Put this away")
        self.away_button.clicked.connect(self._put_away)
        row = QHBoxLayout(self)
        row.setContentsMargins(tokens.steps(2), tokens.steps(1), tokens.steps(1), tokens.steps(1))
        row.setSpacing(tokens.steps(2))
        row.addWidget(self.words, stretch=1)
        row.addWidget(self.load_button)
        row.addWidget(self.away_button)
        self._shown: bool | None = None

    def apply(self, snapshot: Snapshot) -> None:
        """Follow the choice of recogniser."""
        wanted = snapshot.voice is not None and self._voicing.model == SHIPPED and self._settings.voice_hint
        if wanted != self._shown:
            self._shown = wanted
            self.setVisible(wanted)

    def _load(self) -> None:
        self._voicing.choose_model(FOR_PEOPLE)

    def _put_away(self) -> None:
        self._settings.voice_hint = False


def _button(words: str, tip: str) -> QPushButton:
    button = QPushButton(words)
    button.setFont(tokens.font())
    button.setFixedHeight(tokens.CONTROL_HEIGHT_PX - tokens.steps(2))
    button.setAccessibleName(tip)
    button.setToolTip(tip)
    return button
