"""What the session says, spoken aloud unless the operator has muted it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from app.gui.settings import Settings
from app.session.view import Snapshot


class Voice(Protocol):
    """Something that speaks; see `app.audio.speaker`."""

    @property
    def trouble(self) -> str:
        """Why nothing can be heard; empty as far as is known."""

    def say(self, words: str) -> None:
        """Speak these words now."""

    def hush(self) -> None:
        """Be quiet at once."""


class Spoken:
    """Feeds a voice with each new word of the session; what was said before the window came up stays unsaid.

    Args:
        voice: speaks; None where nothing is to be heard at all.
        settings: remembers whether it is muted.
        tell: shows a line once, when the voice turns out to be unable.
    """

    def __init__(self, voice: Voice | None, settings: Settings, *, tell: Callable[[str], None]) -> None:
        self._voice = voice
        self._settings = settings
        self._tell = tell
        self._said: int | None = None
        self._trouble = ""
        self._muted = settings.muted

    @property
    def state(self) -> str:
        """`on`, `muted`, `unable`, or empty where there is no voice."""
        if self._voice is None:
            return ""
        return "muted" if self._muted else "unable" if self._trouble else "on"

    def toggle(self) -> None:
        """Mute, or speak again; remembered."""
        self._muted = not self._muted
        self._settings.muted = self._muted
        if self._voice is not None:
            if self._muted:
                self._voice.hush()
            else:
                self._voice.say("Voice on")

    def apply(self, snapshot: Snapshot) -> None:
        """Speak what is new."""
        new = self._said is not None and snapshot.say_id != self._said
        self._said = snapshot.say_id
        if self._voice is None:
            return
        if new and snapshot.say and not self._muted:
            self._voice.say(snapshot.say)
        if (trouble := self._voice.trouble) != self._trouble:
            self._trouble = trouble
            if trouble and not self._muted:
                self._tell(trouble)
