"""Whether what is said becomes subtasks, and how it is read: remembered, and asked of the session. No Qt."""

from __future__ import annotations

from app.gui.hearing import Hearing
from app.gui.session_protocol import SessionLike
from app.gui.settings import Settings
from app.session.view import Snapshot
from app.speech.transcribing import Transcribing

SUBTASK_KIND = "subtask"
"""Under which the settings remember subtasks that were typed."""


class Voicing:
    """The switch of the voice.

    Args:
        session: listens and reads.
        settings: remember.
        hearing: has the microphone, which is the same for words and for subtasks.
    """

    def __init__(self, session: SessionLike, settings: Settings, hearing: Hearing) -> None:
        self._session = session
        self._settings = settings
        self._hearing = hearing
        self._on = settings.voice == "on"
        self._known: tuple[str, ...] = ()
        hearing.on_device(self.ask_again)

    @property
    def on(self) -> bool:
        """Whether speech is to be turned into subtasks."""
        return self._on

    @property
    def model(self) -> str:
        """The recogniser: `kitchen`, a name of Whisper's, or the path of a checkpoint."""
        return self._settings.voice_model

    @property
    def hands_free(self) -> bool:
        """Whether speech is found by itself."""
        return self._settings.hands_free

    def restore(self) -> None:
        """Ask for it again if it was on when the window was last closed."""
        if self._on:
            self._ask()

    def toggle(self) -> None:
        """Switch it on or off; remembered."""
        self._switch(not self._on)

    def want(self) -> None:
        """Switch it on for verbal mode, unless somebody has switched it off on purpose."""
        if not self._on and self._settings.voice != "off":
            self._switch(True)

    def choose_model(self, model: str) -> None:
        """Read with another model; remembered."""
        if model and model != self.model:
            self._settings.voice_model = model
            self.ask_again()

    def toggle_hands_free(self) -> None:
        """Find speech by itself, or only while the talk key is held; remembered."""
        self._settings.hands_free = not self.hands_free
        self.ask_again()

    def ask_again(self) -> None:
        """Have it read anew, if it is on: as after another choice, or when a recogniser could not be loaded."""
        if self._on:
            self._ask()

    def apply(self, snapshot: Snapshot) -> None:
        """Follow the subtasks that are known: those are what an utterance is compared with."""
        taught = snapshot.policy.known if snapshot.policy is not None else ()
        known = tuple(dict.fromkeys((*taught, *self._settings.remembered(SUBTASK_KIND)))) if taught else ()
        if known != self._known:
            self._known = known
            self.ask_again()

    def _switch(self, on: bool) -> None:
        self._on = on
        self._settings.voice = "on" if on else "off"
        self._ask()

    def _ask(self) -> None:
        how = Transcribing(model=self.model, hands_free=self.hands_free, known=self._known)
        self._session.voice.switch(self._on, device=self._hearing.device, transcribing=how)
