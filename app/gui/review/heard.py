"""The sound of the episode that is played, in step with the playhead: forwards at the speed of life, unless muted."""

from __future__ import annotations

from collections.abc import Callable

from app.audio.playback import Cut, Playback
from app.gui.review.sound import Sound
from app.gui.settings import Settings


class Heard:
    """Holds the sound of one episode at a time. No method blocks.

    Args:
        settings: remembers whether it is muted.
        make: makes what plays; it starts nothing before something is to be heard.
    """

    def __init__(self, settings: Settings, *, make: Callable[[Cut], Playback] = Playback) -> None:
        self._settings = settings
        self._muted = settings.review_muted
        self._make = make
        self._sound: Sound | None = None
        self._playback: Playback | None = None

    @property
    def has_sound(self) -> bool:
        """Whether the episode has any."""
        return self._sound is not None

    @property
    def on(self) -> bool:
        """Whether it is to be heard."""
        return self.has_sound and not self._muted

    @property
    def trouble(self) -> str:
        """Why it cannot be heard, though it is to be; empty as far as is known."""
        return self._playback.trouble if self._playback is not None and self.on else ""

    def turn_to(self, sound: Sound | None) -> None:
        """Play this one from now on; None for silence."""
        if sound is not self._sound:
            self.close()
            self._sound = sound

    def toggle(self) -> None:
        """Mute it, or let it be heard."""
        self._muted = not self._muted
        self._settings.review_muted = self._muted

    def follow(self, position_ns: int, velocity: float, now_ns: int) -> None:
        """Say where the playhead is and how it moves."""
        audible = self.on and velocity == 1.0
        if self._playback is None and audible and self._sound is not None:
            self._playback = self._make(self._sound.cut)
        if self._playback is not None:
            self._playback.follow(position_ns, now_ns, audible=audible)

    def close(self) -> None:
        """Let go of the device."""
        if self._playback is not None:
            self._playback.close()
            self._playback = None
