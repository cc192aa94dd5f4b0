"""Pedals that are held: base and lift while both hands are on the leaders."""

from __future__ import annotations

from collections.abc import Callable

from app.gui.actions import Actions
from app.gui.jog_sender import JogSender
from app.gui.jog_wish import JogWish
from app.inputs.trigger import key_trigger
from app.messages import Mode
from app.session.view import Snapshot

FOOT_WISHES: dict[str, JogWish] = {
    "feet.forward": JogWish(base=(1, 0, 0)),
    "feet.back": JogWish(base=(-1, 0, 0)),
    "feet.left": JogWish(base=(0, 1, 0)),
    "feet.right": JogWish(base=(0, -1, 0)),
    "feet.turn_left": JogWish(base=(0, 0, 1)),
    "feet.turn_right": JogWish(base=(0, 0, -1)),
    "feet.lift_up": JogWish(lift=1),
    "feet.lift_down": JogWish(lift=-1),
}
"""What each action that is held asks for."""

SOURCE = "feet"


class Feet:
    """A sink of held keys (see `keyboard.KeySink`): a pedal moves the robot for as long as it is down, its dead man.

    It needs no "Drive by hand": the keys are bound to nothing else. Only in teleoperation do they count.

    Args:
        actions: says which keys are bound to the actions of `FOOT_WISHES`.
        sender: sends the jogs; a window that hangs sends none, and the robot stops after 200 ms.
        page: the page shown: what is not seen is not driven.
    """

    def __init__(self, actions: Actions, sender: JogSender, *, page: Callable[[], str]) -> None:
        self._actions = actions
        self._sender = sender
        self._page = page
        self._teleop = False
        self._held: dict[str, JogWish] = {}

    @property
    def moving(self) -> bool:
        """Whether a pedal is down."""
        return bool(self._held)

    def apply(self, snapshot: Snapshot) -> None:
        """Follow the mode; leaving teleoperation lets go."""
        self._teleop = snapshot.mode is Mode.TELEOP
        if not self._teleop:
            self.keys_lost()

    def key_pressed(self, key: str, *, ctrl: bool) -> bool:
        """A pedal went down; says whether it drives."""
        if ctrl:
            return False
        meanings = self._actions.meanings(key_trigger(key), page=self._page())
        if len(meanings) != 1 or (wish := FOOT_WISHES.get(meanings[0].id)) is None:
            return False
        if self._teleop:
            self._held[key] = wish
            self._send()
        return True

    def key_released(self, key: str) -> bool:
        """A pedal went up."""
        if self._held.pop(key, None) is None:
            return False
        self._send()
        return True

    def keys_lost(self) -> None:
        """Every pedal counts as released."""
        if self._held:
            self._held.clear()
            self._send()

    def _send(self) -> None:
        total = JogWish()
        for wish in self._held.values():
            total += wish
        self._sender.wish(SOURCE, total)
