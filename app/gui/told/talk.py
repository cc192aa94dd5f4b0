"""Push to talk: a key, a pedal or the on-screen button, for as long as one of them is held. No Qt."""

from __future__ import annotations

from collections.abc import Callable

from app.gui.actions import Actions
from app.inputs.trigger import key_trigger

TALK_ACTION = "voice.talk"
BUTTON = "button"
"""The on-screen button, among what is held."""

_FOCUS_KEYS = frozenset({"Space", "Return", "Enter"})
"""Keys that press what has the focus, for those who use no mouse."""


class Talk:
    """A sink of held keys (see `keyboard.KeySink`) that says when somebody talks, and when no longer.

    Args:
        actions: say which keys are bound to `voice.talk`.
        talk: told once when the first is held, and once when the last is let go.
        refused: whether nobody would hear it now, which is then said.
        page: the page shown.
        focused: whether something has the focus that Space and Enter press.
    """

    def __init__(
        self,
        actions: Actions,
        *,
        talk: Callable[[bool], None],
        refused: Callable[[], bool],
        page: Callable[[], str],
        focused: Callable[[], bool],
    ) -> None:
        self._actions = actions
        self._talk = talk
        self._refused = refused
        self._page = page
        self._focused = focused
        self._held: set[str] = set()

    @property
    def on(self) -> bool:
        """Whether somebody talks."""
        return bool(self._held)

    def hold(self, source: str) -> None:
        """A key or the button went down."""
        if source in self._held or self._refused():
            return
        self._held.add(source)
        if len(self._held) == 1:
            self._talk(True)

    def let_go(self, source: str) -> None:
        """It went up."""
        if source in self._held:
            self._held.discard(source)
            if not self._held:
                self._talk(False)

    def key_pressed(self, key: str, *, ctrl: bool) -> bool:
        """A key went down; says whether it is one to talk with."""
        if ctrl or (key in _FOCUS_KEYS and self._focused()):
            return False
        meanings = self._actions.meanings(key_trigger(key), page=self._page())
        if len(meanings) != 1 or meanings[0].id != TALK_ACTION:
            return False
        self.hold(key)
        return True

    def key_released(self, key: str) -> bool:
        """A key went up."""
        held = key in self._held
        self.let_go(key)
        return held

    def keys_lost(self) -> None:
        """Everything counts as let go."""
        if self._held:
            self._held.clear()
            self._talk(False)
