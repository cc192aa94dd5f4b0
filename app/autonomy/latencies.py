"""How long something took lately."""

from __future__ import annotations

import math
from collections import deque

KEPT = 40


class Latencies:
    """The last few durations, in milliseconds."""

    def __init__(self) -> None:
        self._newest: deque[float] = deque(maxlen=KEPT)

    def add(self, took_ms: float) -> None:
        """Keep one."""
        self._newest.append(took_ms)

    def at(self, share: float) -> float:
        """The duration that this share of them does not exceed; NaN before the first."""
        if not self._newest:
            return math.nan
        ordered = sorted(self._newest)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def figure(self, share: float) -> float | None:
        """The same for a heartbeat, whose JSON knows no NaN."""
        value = self.at(share)
        return None if math.isnan(value) else round(value, 1)
