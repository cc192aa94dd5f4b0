"""Somebody who sees the kitchen as it is, and says what is to be done next."""

from __future__ import annotations

from typing import Final

from app.kitchen_trials.rollout import Rollout
from drivers.sim.operator.whats_next import next_subtask

LOOKS_EVERY_S: Final = 1.0


class Person:
    """Says the subtask that a task needs next, whenever that is another one than what is being done.

    Args:
        task: what it is all for; one that `next_subtask` knows.
        rate_hz: of the ticks.

    Attributes:
        said: what was said so far.
    """

    def __init__(self, task: str, *, rate_hz: float) -> None:
        self._task = task
        self._every = round(LOOKS_EVERY_S * rate_hz)
        self._ticks = 0
        self.said: list[str] = []

    def look(self, rollout: Rollout) -> None:
        """A tick passes; look at the kitchen where it is time to."""
        if self._ticks % self._every == 0:
            words = next_subtask(rollout.truth, self._task)
            now = rollout.orders.in_force
            if words and (now is None or now.done or now.text != words):
                rollout.tell(words)
                self.said.append(words)
        self._ticks += 1
