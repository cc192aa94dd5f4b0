"""From where a servo stands to what is asked of it, gently, after it has just taken hold."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from drivers.dynamixel.registers import RAD_PER_TICK

MAX_STEP_S = 0.05
"""A goal moves on by at most so much time's worth, however long the loop stalled."""


class Easing:
    """Goals of the servos that have just been switched on, set up again, or woken from a tripped watchdog.

    The commands that reach them may be from before they lost hold, with the joint far away by now. The first goal they
    get is therefore where they stand, and it walks from there until it meets the command.

    Args:
        speeds_rad_s: how fast each servo's goal walks, by id.
    """

    def __init__(self, speeds_rad_s: Mapping[int, float]) -> None:
        self._ticks_per_s = {i: speed / RAD_PER_TICK for i, speed in speeds_rad_s.items()}
        self._goal_ticks: dict[int, float | None] = {}
        self._last_ns = 0

    def begin(self, servo_ids: Iterable[int]) -> None:
        """These servos take hold now."""
        self._goal_ticks |= dict.fromkeys(servo_ids)

    def forget(self) -> None:
        """Nobody holds any more."""
        self._goal_ticks.clear()

    def eased(self, goals: Mapping[int, int], *, present: Mapping[int, int]) -> dict[int, int]:
        """What to send in place of `goals`: ticks by id. A servo whose place is not known yet gets nothing.

        Args:
            goals: ticks asked for, by id.
            present: ticks read in this tick, by id.
        """
        now_ns = time.monotonic_ns()
        step_s = min((now_ns - self._last_ns) / 1e9, MAX_STEP_S)
        self._last_ns = now_ns
        if not self._goal_ticks:
            return dict(goals)
        sent: dict[int, int] = {}
        for servo_id, goal in goals.items():
            if servo_id not in self._goal_ticks:
                sent[servo_id] = goal
                continue
            start = self._goal_ticks[servo_id]
            if start is None:
                start = present.get(servo_id)
                if start is None:
                    continue
            left, step = goal - start, step_s * self._ticks_per_s[servo_id]
            if abs(left) <= step:
                del self._goal_ticks[servo_id]
                sent[servo_id] = goal
            else:
                self._goal_ticks[servo_id] = start + (step if left > 0 else -step)
                sent[servo_id] = round(start + (step if left > 0 else -step))
        return sent
