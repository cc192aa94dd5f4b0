"""Whether spoken words are listened for, with which microphone: remembered, and asked of the session."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.gui.actions import Actions
from app.gui.session_protocol import SessionLike
from app.gui.settings import Settings
from app.inputs.trigger import WORD
from app.session.view import Snapshot

_SPEAKING_S, _SPEAKING_S_PER_LETTER = 0.4, 0.08
"""How long the app's own voice takes, rather too long than too short."""


class Hearing:
    """The switch of the ear.

    Args:
        session: listens.
        settings: remembers.
    """

    def __init__(self, session: SessionLike, settings: Settings) -> None:
        self._session = session
        self._settings = settings
        self._on = settings.listening
        self._device = settings.microphone
        self._triggers: tuple[str, ...] = ()
        self._said: int | None = None
        self._followers: list[Callable[[], None]] = []

    @property
    def on(self) -> bool:
        """Whether words are to be listened for."""
        return self._on

    @property
    def device(self) -> str:
        """The chosen microphone; empty for the system's default."""
        return self._device

    def toggle(self) -> None:
        """Listen, or no longer; remembered."""
        self._on = not self._on
        self._settings.listening = self._on
        self._ask()

    def choose(self, device: str) -> None:
        """Listen with another microphone; remembered."""
        if device != self._device:
            self._device = device
            self._settings.microphone = device
            if self._on:
                self._ask()
            for follow in self._followers:
                follow()

    def on_device(self, follow: Callable[[], None]) -> None:
        """Call this after another microphone was chosen."""
        self._followers.append(follow)

    def bound(self, actions: Actions) -> None:
        """Listen for the words that mean something now."""
        found = [trigger for action in actions.everywhere() for trigger in action.triggers]
        words = tuple(dict.fromkeys(trigger for trigger in found if trigger.startswith(f"{WORD}:")))
        if words != self._triggers:
            self._triggers = words
            if self._on:
                self._ask()

    def apply(self, snapshot: Snapshot, *, aloud: bool) -> None:
        """Do not take the app's own voice for the operator's.

        Args:
            snapshot: what it says now.
            aloud: whether that is spoken.
        """
        new = self._said is not None and snapshot.say_id != self._said
        self._said = snapshot.say_id
        if (self._on or snapshot.voice is not None) and new and aloud and snapshot.say:
            takes_s = _SPEAKING_S + _SPEAKING_S_PER_LETTER * len(snapshot.say)
            self._session.hushed(time.monotonic_ns() + int(takes_s * 1e9))

    def _ask(self) -> None:
        self._session.listen(self._on, device=self._device, triggers=self._triggers)
