"""How the window's own heart beats: refreshes a second, what each costs, and how long the event loop was held up."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from PyQt6.QtCore import QObject, Qt, QTimer

_PROBE_INTERVAL_MS = 10
_KEPT_REFRESHES = 90
_STALL_BIN_S = 0.0005
_STALL_BINS = 2001
"""The last bin takes all that is longer than a second; the longest stall is kept by itself."""


class Pulse(QObject):
    """Records refreshes; on request also probes the event loop every 10 ms, which is too dear to do always.

    A stall is the lateness of an event-loop turn: by how much a timer fired after it was due. Without the probe it is
    taken from the refresh timer itself, together with what a refresh takes.
    """

    def __init__(self, *, interval_ms: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._interval_s = interval_ms / 1000
        self._starts: deque[float] = deque(maxlen=_KEPT_REFRESHES)
        self._since_s = time.perf_counter()
        self._refreshes = 0
        self._busy_s = 0.0
        self._longest_stall_s = 0.0
        self._stalls = [0] * _STALL_BINS
        self._probe = QTimer(self)
        self._probe.setTimerType(Qt.TimerType.PreciseTimer)
        self._probe.setInterval(_PROBE_INTERVAL_MS)
        self._probe.timeout.connect(self._on_probe)
        self._probed_s = 0.0

    @contextmanager
    def refresh(self) -> Iterator[None]:
        """Around one refresh of the window."""
        began_s = time.perf_counter()
        if self._starts:
            self._note_stall(began_s - self._starts[-1] - self._interval_s)
        self._starts.append(began_s)
        yield
        took_s = time.perf_counter() - began_s
        self._refreshes += 1
        self._busy_s += took_s
        self._note_stall(took_s)

    @property
    def refresh_hz(self) -> float:
        """Refreshes a second since the last reset."""
        elapsed_s = time.perf_counter() - self._since_s
        return self._refreshes / elapsed_s if elapsed_s > 0 else 0.0

    @property
    def recent_hz(self) -> float:
        """Refreshes a second over the last three seconds or so."""
        if len(self._starts) < 2 or self._starts[-1] <= self._starts[0]:
            return 0.0
        return (len(self._starts) - 1) / (self._starts[-1] - self._starts[0])

    @property
    def refresh_ms(self) -> float:
        """What a refresh takes on average, painting not included."""
        return 1000 * self._busy_s / self._refreshes if self._refreshes else 0.0

    @property
    def longest_stall_ms(self) -> float:
        """The longest time the event loop was held up since the last reset."""
        return 1000 * self._longest_stall_s

    def stall_quantile_ms(self, share: float) -> float:
        """What this share of the probe's turns were late by at most, since the last reset; NaN without the probe.

        To half a millisecond, rounded up; a second and more reads as the longest stall.
        """
        stalls = self._stalls
        turns = sum(stalls)
        counted = 0
        for place, count in enumerate(stalls):
            counted += count
            if counted and counted >= share * turns:
                return (
                    self.longest_stall_ms if place == _STALL_BINS - 1 else 1000 * _STALL_BIN_S * (place + 1)
                )
        return float("nan")

    def reset(self) -> None:
        """Start counting anew."""
        self._since_s = time.perf_counter()
        self._starts.clear()
        self._refreshes = 0
        self._busy_s = 0.0
        self._longest_stall_s = 0.0
        self._stalls = [0] * _STALL_BINS
        self._probed_s = time.perf_counter()

    def probe(self, on: bool) -> None:
        """Watch every turn of the event loop with a 10 ms timer, as benchmarks do."""
        self._probed_s = time.perf_counter()
        if on:
            self._probe.start()
        else:
            self._probe.stop()

    def _on_probe(self) -> None:
        now_s = time.perf_counter()
        stall_s = now_s - self._probed_s - _PROBE_INTERVAL_MS / 1000
        self._note_stall(stall_s)
        self._stalls[min(_STALL_BINS - 1, max(0, int(stall_s / _STALL_BIN_S)))] += 1
        self._probed_s = now_s

    def _note_stall(self, stall_s: float) -> None:
        self._longest_stall_s = max(self._longest_stall_s, stall_s)
