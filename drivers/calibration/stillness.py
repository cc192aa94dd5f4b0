"""Whether what is measured stands still, for how long by now, and what moved when it does not."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from drivers.dynamixel.registers import RAD_PER_TICK

STILL_S = 1.0
"""How long a pose must stand still to be taken."""

SPREAD_TICKS = 10.0
"""How far apart a servo's readings may lie in that time, 0.9°: more than an encoder's noise and a steady hand's."""

MAX_AGE_S = 0.5
"""Readings further apart than this are not of one pose."""


class Stillness:
    """The readings of the last second, as far back as nothing moved.

    Args:
        labels: what a person calls each of the N servos.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = tuple(labels)
        self._samples: deque[tuple[int, NDArray[np.float64]]] = deque()
        self.why = "no reading yet"
        """Why it is not still, in words; empty when it is."""

    @property
    def share(self) -> float:
        """How much of the time is behind it, 0 to 1."""
        if not self._samples:
            return 0.0
        return min(1.0, (self._samples[-1][0] - self._samples[0][0]) / (STILL_S * 1e9))

    @property
    def still(self) -> bool:
        """Whether the pose may be taken now."""
        return self.share >= 1.0

    @property
    def mean_ticks(self) -> tuple[float, ...]:
        """(N,) the mean of each servo's readings while it has been still; empty without any."""
        if not self._samples:
            return ()
        return tuple(np.mean([ticks for _, ticks in self._samples], axis=0).tolist())

    def add(self, ticks: NDArray[np.floating], *, time_ns: int) -> None:
        """Take a reading; one that was taken already counts for nothing.

        Args:
            ticks: (N,) NaN where a servo was not read.
            time_ns: when it was measured, monotonic.
        """
        if self._samples and time_ns <= self._samples[-1][0]:
            return
        counts: NDArray[np.float64] = np.asarray(ticks, np.float64)
        silent = np.flatnonzero(~np.isfinite(counts))
        if silent.size:
            self._samples.clear()
            self.why = f"{self._labels[silent[0]]} does not answer; check its cable and power"
            return
        if self._samples and time_ns - self._samples[-1][0] > MAX_AGE_S * 1e9:
            self._samples.clear()
        self._samples.append((time_ns, counts))
        moved = ""
        while len(self._samples) > 1:
            stack = np.stack([sample for _, sample in self._samples])
            spread = stack.max(axis=0) - stack.min(axis=0)
            worst = int(np.argmax(spread))
            if spread[worst] <= SPREAD_TICKS:
                break
            moved = f"{self._labels[worst]} moved by {np.degrees(spread[worst] * RAD_PER_TICK):.1f}°"
            self._samples.popleft()
        while self._samples[-1][0] - self._samples[0][0] > 1.5 * STILL_S * 1e9:
            self._samples.popleft()
        if self.still:
            self.why = ""
        elif moved:
            self.why = moved
        elif not self.why or len(self._samples) == 1:
            self.why = f"hold still for {STILL_S:g} s"

    def lose(self, why: str) -> None:
        """Nothing is measured any more, and why."""
        self._samples.clear()
        self.why = why
