"""The state of driving by hand: off, or every driving key moves the robot while it is held."""

from __future__ import annotations

from collections.abc import Callable

from app.gui.jog_sender import JogSender
from app.gui.jog_wish import CTRL_KEYS, JogKeys, JogWish
from app.messages import Mode
from app.session.view import Snapshot


class Driving:
    """A sink of held keys (see `keyboard.KeySink`) that turns them into jogs.

    Args:
        sender: sends the jogs.
        hands: the leaders that can be moved by hand: those of a simulated robot.
        changed: called when driving begins or ends.
    """

    def __init__(self, sender: JogSender, *, hands: tuple[str, ...], changed: Callable[[], None]) -> None:
        self._sender = sender
        self._hands = hands
        self._changed = changed
        self._keys = JogKeys()
        self._on = False
        sender.hand = hands[-1] if hands else ""

    @property
    def on(self) -> bool:
        """Whether the driving keys move the robot now."""
        return self._on

    @property
    def wish(self) -> JogWish:
        """What the held keys ask for."""
        return self._keys.wish

    @property
    def hands(self) -> tuple[str, ...]:
        """The hands that can be chosen from."""
        return self._hands

    def toggle(self) -> None:
        """Begin, or end and let everything go."""
        self._on = not self._on
        self.keys_lost()
        self._changed()

    def end(self) -> None:
        """End, if it is on."""
        if self._on:
            self.toggle()

    def next_hand(self) -> None:
        """Choose the other hand; what moved stops first."""
        if self._hands:
            self.keys_lost()
            self._sender.hand = self._hands[(self._hands.index(self._sender.hand) + 1) % len(self._hands)]

    def apply(self, snapshot: Snapshot) -> None:
        """Follow the speed; leaving teleoperation ends driving."""
        self._sender.factor = snapshot.speed
        if snapshot.mode is not Mode.TELEOP:
            self.end()

    def key_pressed(self, key: str, *, ctrl: bool) -> bool:
        """A key went down. With Ctrl, only what Ctrl tilts the hand by is taken: Ctrl+S stays "success"."""
        if not self._on or (ctrl and key not in CTRL_KEYS and key != "Ctrl"):
            return False
        if key == "Tab":
            self.next_hand()
            return True
        if not self._keys.press(key):
            return False
        self._sender.wish("keys", self._keys.wish)
        return True

    def key_released(self, key: str) -> bool:
        """A key went up."""
        if not self._keys.release(key):
            return False
        self._sender.wish("keys", self._keys.wish)
        return True

    def keys_lost(self) -> None:
        """Everything counts as released."""
        self._keys.clear()
        self._sender.let_go()
