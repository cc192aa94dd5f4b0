"""Sends the operator's wish while there is one, 25 times a second, and a zero as soon as there is none (dead man)."""

from __future__ import annotations

import time
from collections.abc import Callable

from PyQt6.QtCore import QObject, Qt, QTimer

from app.gui.jog_wish import JogSpeeds, JogWish
from app.messages import Jog

SEND_INTERVAL_MS = 40


class JogSender(QObject):
    """Adds up the wishes of keys and handles; the robot forgets a jog after 200 ms, so silence also means stop."""

    def __init__(
        self, speeds: JogSpeeds, send: Callable[[Jog], None], *, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._speeds = speeds
        self._send = send
        self._wishes: dict[str, JogWish] = {}
        self.hand = ""
        self.factor = 1.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(SEND_INTERVAL_MS)
        self._timer.timeout.connect(self._send_now)

    def wish(self, source: str, wish: JogWish) -> None:
        """What one source (keys, a handle) asks for from now on; sent at once."""
        if wish.still and source not in self._wishes:
            return
        if wish.still:
            del self._wishes[source]
        else:
            self._wishes[source] = wish
        self._send_now()
        if self._wishes:
            self._timer.start()
        else:
            self._timer.stop()

    def let_go(self) -> None:
        """Every source counts as released."""
        for source in tuple(self._wishes):
            self.wish(source, JogWish())

    @property
    def moving(self) -> bool:
        """Whether anything is asked for."""
        return bool(self._wishes)

    def _send_now(self) -> None:
        total = JogWish()
        for wish in self._wishes.values():
            total += wish
        self._send(self._speeds.jog(total, hand=self.hand, factor=self.factor, time_ns=time.monotonic_ns()))
