"""The last of what was heard, by the time at which it was captured."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from drivers.microphone.capture import RATE_HZ

KEPT_S = 40.0
"""A Whisper hears 30 s at once; the rest is for what waits to be cut out."""
_NS = 1_000_000_000


class SoundRing:
    """Keeps blocks of sound for a while.

    Args:
        seconds: how long.
    """

    def __init__(self, *, seconds: float = KEPT_S) -> None:
        self._kept_ns = int(seconds * _NS)
        self._blocks: deque[tuple[int, NDArray[np.int16]]] = deque()

    @property
    def begin_ns(self) -> int:
        """When the oldest sound that is kept began; 0 while there is none."""
        return self._blocks[0][0] if self._blocks else 0

    @property
    def end_ns(self) -> int:
        """How far the sound has come: when the newest of it ended; 0 while there is none."""
        return _end_ns(*self._blocks[-1]) if self._blocks else 0

    def take(self, time_ns: int, samples: NDArray[np.int16]) -> None:
        """Keep a block: (n,) int16 at 16 kHz, the first of them captured at `time_ns`; later than the last block's."""
        if self._blocks and time_ns <= self._blocks[-1][0]:
            # Another microphone's clock, or the same one plugged in again: what it says now is what counts.
            self._blocks.clear()
        self._blocks.append((time_ns, samples))
        while self._blocks[0][0] < time_ns - self._kept_ns:
            self._blocks.popleft()

    def between(self, begin_ns: int, end_ns: int) -> NDArray[np.int16]:
        """The sound of a time, (n,) int16 for the whole of it: silence where none is kept."""
        count = max(0, (end_ns - begin_ns) * RATE_HZ // _NS)
        found = np.zeros(count, np.int16)
        for time_ns, samples in self._touching(begin_ns, end_ns):
            at = (time_ns - begin_ns) * RATE_HZ // _NS
            first, last = max(0, at), min(count, at + len(samples))
            if first < last:
                found[first:last] = samples[first - at : last - at]
        return found

    def covered(self, begin_ns: int, end_ns: int) -> float:
        """Which share of a time there is sound of, 0 to 1."""
        if end_ns <= begin_ns:
            return 0.0
        there = sum(
            max(0, min(end_ns, _end_ns(time_ns, samples)) - max(begin_ns, time_ns))
            for time_ns, samples in self._touching(begin_ns, end_ns)
        )
        return min(1.0, there / (end_ns - begin_ns))

    def _touching(self, begin_ns: int, end_ns: int) -> list[tuple[int, NDArray[np.int16]]]:
        return [block for block in self._blocks if block[0] < end_ns and _end_ns(*block) > begin_ns]


def _end_ns(time_ns: int, samples: NDArray[np.int16]) -> int:
    return time_ns + len(samples) * _NS // RATE_HZ
