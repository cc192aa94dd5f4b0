"""The last seconds of ticks, for plots and for whoever asks what just happened."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray


class TickHistory:
    """A ring of the newest ticks, written by one thread and read by another.

    Args:
        layout: of a tick.
        length: ticks kept.
    """

    def __init__(self, layout: np.dtype[np.void], length: int) -> None:
        self._rows: NDArray[np.void] = np.zeros(length, layout)
        self._count = 0
        self._lock = threading.Lock()

    def append(self, row: np.void) -> None:
        """Add the newest tick."""
        with self._lock:
            self._rows[self._count % len(self._rows)] = row
            self._count += 1

    def since(self, time_ns: int) -> NDArray[np.void]:
        """Copies of the ticks kept whose `time_ns` is after this one, oldest first."""
        with self._lock:
            kept = min(self._count, len(self._rows))
            ordered = self._rows[np.arange(self._count - kept, self._count) % len(self._rows)]
        return ordered[ordered["time_ns"] > time_ns]

    @property
    def newest(self) -> np.void | None:
        """A copy of the newest tick, or None before the first."""
        with self._lock:
            return self._rows[(self._count - 1) % len(self._rows)].copy() if self._count else None
