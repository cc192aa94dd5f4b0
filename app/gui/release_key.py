"""The key that leaves *stopped*, held like the button it stands for."""

from __future__ import annotations

from collections.abc import Callable

from app.gui.widgets.hold_button import HoldButton

_KEYS = ("Return", "Enter")


class ReleaseKey:
    """A sink of held keys (see `keyboard.KeySink`) for the release button."""

    def __init__(self, button: HoldButton, *, stopped: Callable[[], bool]) -> None:
        self._button = button
        self._stopped = stopped
        self._down = False

    def key_pressed(self, key: str, *, ctrl: bool) -> bool:
        """Begins to fill the button; a key that repeats is still down."""
        if key not in _KEYS or not self._stopped():
            return False
        if not self._down:
            self._down = True
            self._button.begin()
        return True

    def key_released(self, key: str) -> bool:
        """Empties it."""
        if key not in _KEYS or not self._down:
            return False
        self.keys_lost()
        return True

    def keys_lost(self) -> None:
        """Empties it."""
        if self._down:
            self._down = False
            self._button.cancel()
