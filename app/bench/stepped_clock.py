"""A clock that a computation moves, in place of the one on the wall.

Everything in this app takes its time from `time.monotonic_ns`. A process that does nothing but compute a simulated
drive can therefore give all of it another time at one place, and go through the drive as fast as it computes.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final

_ALMOST: Final = 0.95


class SteppedClock:
    """Simulated time, tick by tick; real time before and after the `with` block in which it rules.

    Within a tick it runs like the real one, so that a time limit inside a tick means what it always means. It never
    reaches the next tick by itself, however long the computer takes.

    Args:
        period_ns: length of a tick.
        slowness: how many times slower it runs than the real one within a tick, so that what must be there in time is
            there on a busy machine too.
    """

    def __init__(self, *, period_ns: int, slowness: int = 1) -> None:
        self._period_ns = period_ns
        self._slowness = slowness
        self._real_ns = time.monotonic_ns
        self._tick_ns: int | None = None
        self._tick_began_ns = 0

    @property
    def tick_ns(self) -> int:
        """When the present tick began; while real time rules, now."""
        return self._real_ns() if self._tick_ns is None else self._tick_ns

    def now_ns(self) -> int:
        """What `time.monotonic_ns` gives while this clock rules."""
        if self._tick_ns is None:
            return self._real_ns()
        within_ns = (self._real_ns() - self._tick_began_ns) // self._slowness
        return self._tick_ns + min(within_ns, round(_ALMOST * self._period_ns))

    def step(self) -> None:
        """Begin the next tick."""
        self._tick_ns = self.tick_ns + self._period_ns
        self._tick_began_ns = self._real_ns()

    def __enter__(self) -> SteppedClock:
        self._tick_ns = self._tick_began_ns = self._real_ns()
        _rule(self.now_ns)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _rule(self._real_ns)
        self._tick_ns = None


def _rule(now_ns: object) -> None:
    """Make this the process's monotonic clock."""
    vars(time)["monotonic_ns"] = now_ns
