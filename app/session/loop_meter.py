"""The health of the 50 Hz loop as its ticks tell it."""

from __future__ import annotations

from collections import deque

import numpy as np

from app.session.view import LoopView

RATE_WINDOW = 100
"""Ticks over which the rate is measured: two seconds."""


class LoopMeter:
    """Measures since the robot process's start; its next one begins anew."""

    def __init__(self) -> None:
        self._times: deque[tuple[int, int]] = deque(maxlen=RATE_WINDOW)
        self._late = 0
        self._max_lateness_ns = 0

    def take(self, row: np.void) -> None:
        """Learn from a tick, in the layout of `app.dataplane.layouts`."""
        tick = int(row["tick"])
        if self._times and tick <= self._times[-1][1]:
            self._times.clear()
            self._max_lateness_ns = 0
        self._times.append((int(row["action_time_ns"]), tick))
        self._late = int(row["late_ticks"])
        self._max_lateness_ns = max(self._max_lateness_ns, int(row["lateness_ns"]))

    def view(self, *, realtime: bool) -> LoopView:
        """What is known by now.

        Args:
            realtime: whether the system lets the loop go first.
        """
        if len(self._times) < 2:
            return LoopView()
        (first_ns, first), (last_ns, last) = self._times[0], self._times[-1]
        return LoopView(
            rate_hz=(last - first) / max(1e-9, (last_ns - first_ns) / 1e9),
            ticks=last + 1,
            late_ticks=self._late,
            max_lateness_ms=self._max_lateness_ns / 1e6,
            realtime=realtime,
        )
