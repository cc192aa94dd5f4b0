"""How fast training is, and how long it will still take."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from policy.training.recipe import Stage

WINDOW_S = 60.0
"""Speed is that of the last minute: other programs come and go."""


class Pace:
    """Samples a second over the last minute, and the time that is left."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])

    def add(self, samples: int) -> None:
        """So many more samples are done."""
        now = time.monotonic()
        self._marks.append((now, self._marks[-1][1] + samples))
        while len(self._marks) > 2 and self._marks[1][0] < now - WINDOW_S:
            self._marks.popleft()

    @property
    def samples_per_s(self) -> float:
        """0 before the first samples."""
        (first_s, before), (last_s, after) = self._marks[0], self._marks[-1]
        return (after - before) / (last_s - first_s) if last_s > first_s else 0.0

    def left_s(self, samples: int) -> float | None:
        """How long so many samples will take; None while nobody knows."""
        speed = self.samples_per_s
        return samples / speed if speed > 0 else None


def samples_left(stages: Sequence[Stage], *, stage: int, step: int) -> int:
    """Samples from a step of a stage to the end of all."""
    return sum(
        own.batch * (own.steps - (step if index == stage else 0))
        for index, own in enumerate(stages)
        if index >= stage
    )


def duration_text(seconds: float | None) -> str:
    """Such as `1 h 05 min`, `12 min`, `40 s`; `?` for what nobody knows."""
    if seconds is None:
        return "?"
    minutes = round(seconds / 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes} min" if minutes else f"{seconds:.0f} s"
