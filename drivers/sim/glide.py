"""A servo's velocity profile: a goal position approached at a steady speed instead of at once."""

from __future__ import annotations


class Glide:
    """The point between the last goal and the present one that the servo holds now; acceleration is not modelled."""

    def __init__(self) -> None:
        self._at_ticks: float | None = None
        self._last_ns = 0

    @property
    def moving(self) -> bool:
        """Whether the goal is not reached yet."""
        return self._at_ticks is not None

    def start(self, from_ticks: int, *, now_ns: int) -> None:
        """Set out from the last goal, unless already under way."""
        if self._at_ticks is None:
            self._at_ticks = float(from_ticks)
            self._last_ns = now_ns

    def stop(self) -> None:
        """Be at the goal."""
        self._at_ticks = None

    def advance(self, speed_ticks_s: float, goal_ticks: int, *, now_ns: int) -> None:
        """Move on for the time since the last call; a speed of 0 means at once, as in the register."""
        if self._at_ticks is None:
            return
        reach = speed_ticks_s * (now_ns - self._last_ns) * 1e-9
        self._last_ns = now_ns
        left = goal_ticks - self._at_ticks
        if not speed_ticks_s or abs(left) <= reach:
            self._at_ticks = None
        else:
            self._at_ticks += reach if left > 0 else -reach

    def towards(self, goal_ticks: int) -> float:
        """The point to hold now on the way to a goal."""
        return goal_ticks if self._at_ticks is None else self._at_ticks
