"""Gestures of the leaders' handles, seen in what the leaders report fifty times a second.

The hands never leave the handles, so the handles are buttons too. What tells a gesture from work is that the arms keep
still, and that nothing is between the robot's fingers: a follower that holds something stays open further than its
leader, which is how far a plate is thick.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.inputs.trigger import BOTH_HELD, GRIP, LEFT_TWICE, RIGHT_TWICE
from drivers.profile import RobotProfile

Vector = NDArray[np.float32]

CLOSED, OPENED = 0.15, 0.35
"""A handle is closed below the one and open above the other; between the two it is what it was."""

HELD_S = 1.2
"""Both handles held closed for so long mean it; a bimanual grasp is under way again long before."""

STILL_RAD_S = 0.15
SPEED_OVER_S = 0.1
"""The speed of a joint is its way over this time: one tick of an encoder (1.5 mrad) in 20 ms alone would read as half
the speed above."""

TWICE_S, SQUEEZE_S = 1.2, 0.45
"""Two squeezes within the one, each no longer than the other."""

HOLDS_SOMETHING = 0.08
"""A follower whose opening is this much wider than its leader's has something between its fingers."""

LOST_S = 0.2
"""A leader that has not been heard for this long is not making a gesture."""


@dataclass(slots=True)
class _Handle:
    """One leader: where it is in the vector, and what it has done lately."""

    arm: slice
    grip: int
    closed: bool = True
    """Closed until seen open: a handle that rests closed has not been squeezed."""
    squeezed_at_s: list[float] = field(default_factory=list)
    poses: deque[tuple[float, Vector]] = field(default_factory=deque)


class Gestures:
    """Watches the handles.

    Args:
        profile: a robot with leaders. Fewer than two make no gesture of both.
    """

    def __init__(self, profile: RobotProfile) -> None:
        arms = {segment.name: segment.slice for segment in profile.segments if segment.kind == "arm"}
        grips = {segment.name: segment.start for segment in profile.segments if segment.kind == "gripper"}
        self._handles = {
            name: _Handle(arms[leader.follows], grips[leader.follows])
            for name, leader in profile.leaders.items()
            if leader.follows in arms and leader.follows in grips
        }
        self._held_since_s: float | None = None
        self._armed = False
        self._heard_s = -np.inf
        self._progress = 0.0

    @property
    def progress(self) -> tuple[str, float]:
        """The gesture under way and how far it is, 0 to 1; an empty name when there is none."""
        return (BOTH_HELD, self._progress) if self._progress > 0.0 else ("", 0.0)

    def forget(self) -> None:
        """Somebody else has the handles: what they do is no gesture, nor half of one."""
        self._held_since_s, self._armed, self._progress = None, False, 0.0
        for handle in self._handles.values():
            handle.closed = True
            handle.squeezed_at_s.clear()
            handle.poses.clear()

    def step(self, leader: Vector, now_s: float, *, followers: Vector | None = None) -> tuple[str, ...]:
        """Take in what the leaders report, and tell the gestures that were completed by it.

        Args:
            leader: (D,) the leaders' pose in the followers' slots, rad and openings (1 = open); NaN where not heard.
            now_s: monotonic, of the reading.
            followers: (D,) measured, while they follow; None while they do not.
        """
        if not self._heard(leader, now_s):
            return ()
        made = []
        for name, handle in self._handles.items():
            if self._squeezed_twice(handle, float(leader[handle.grip]), now_s) and name in ("left", "right"):
                made.append(f"{GRIP}:{LEFT_TWICE if name == 'left' else RIGHT_TWICE}")
        if self._both_held(now_s, leader, followers):
            made.append(f"{GRIP}:{BOTH_HELD}")
        return tuple(made)

    def _heard(self, leader: Vector, now_s: float) -> bool:
        """Whether every handle is heard; a reading that fails for a tick is overlooked."""
        known = all(
            np.isfinite(leader[handle.arm]).all() and np.isfinite(leader[handle.grip])
            for handle in self._handles.values()
        )
        if not known or not self._handles:
            if now_s - self._heard_s > LOST_S:
                self.forget()
            return False
        if now_s - self._heard_s > LOST_S:
            self.forget()
        self._heard_s = now_s
        for handle in self._handles.values():
            handle.poses.append((now_s, np.array(leader[handle.arm])))
            while len(handle.poses) > 2 and now_s - handle.poses[1][0] >= SPEED_OVER_S:
                handle.poses.popleft()
        return True

    @staticmethod
    def _squeezed_twice(handle: _Handle, opening: float, now_s: float) -> bool:
        """Follow a handle's opening, and say whether its second squeeze has just ended.

        A follower lags so quick a squeeze, so that it cannot tell here whether it holds something.
        """
        if not _is_still(handle):
            handle.squeezed_at_s.clear()
        if not handle.closed and opening < CLOSED:
            handle.closed = True
            handle.squeezed_at_s.append(now_s)
        elif handle.closed and opening > OPENED:
            handle.closed = False
            squeezes = handle.squeezed_at_s
            if squeezes and now_s - squeezes[-1] > SQUEEZE_S:
                squeezes.clear()  # held, not squeezed
            while squeezes and now_s - squeezes[0] > TWICE_S:
                squeezes.pop(0)
            if len(squeezes) >= 2:
                squeezes.clear()
                return True
        return False

    def _both_held(self, now_s: float, leader: Vector, followers: Vector | None) -> bool:
        """Advance the gesture of both handles, and say whether it has just been completed."""
        handles = tuple(self._handles.values())
        if len(handles) < 2:
            return False
        if not any(handle.closed for handle in handles):
            self._armed = True
        held = (
            self._armed
            and all(handle.closed and _is_still(handle) for handle in handles)
            and not any(_holds(handle, leader, followers) for handle in handles)
        )
        if not held:
            self._held_since_s, self._progress = None, 0.0
            return False
        if self._held_since_s is None:
            self._held_since_s = now_s
        self._progress = min(1.0, (now_s - self._held_since_s) / HELD_S)
        if self._progress < 1.0:
            return False
        self._armed, self._held_since_s, self._progress = False, None, 0.0
        return True


def _is_still(handle: _Handle) -> bool:
    first_s, first = handle.poses[0]
    last_s, last = handle.poses[-1]
    if last_s <= first_s:
        return True
    return bool((np.abs(last - first) < STILL_RAD_S * (last_s - first_s)).all())


def _holds(handle: _Handle, leader: Vector, followers: Vector | None) -> bool:
    if followers is None or not np.isfinite(followers[handle.grip]):
        return False
    return bool(followers[handle.grip] - leader[handle.grip] > HOLDS_SOMETHING)
