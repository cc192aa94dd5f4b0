"""Coming to where something is taken as down a funnel: the further off its line the hand is, the further back it stays.

How the hand moves follows from where it is, not from what it did before. It can be begun anywhere, a hand that was
pushed off is led back, and whoever learns from it need not guess what came before. Only that it comes no nearer, in a
dead end of the arm or with something in the way, is told by how long that has lasted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from drivers.kinematics import Pose, rotation_about, rotation_vector
from drivers.sim.operator.body import Body
from drivers.sim.operator.motions import (
    HAND_SPEED_M_S,
    HAND_TURN_RAD_S,
    braking_speed,
    move_grip,
    refuse_miss,
    swing_hand,
    turn_leader,
)

Array = NDArray[np.float64]
Motion = Iterator[None]

BACK_M_PER_M: Final = 3.0
BACK_M_PER_RAD: Final = 0.35
"""How far back a hand stays for each metre that it is off the line, and for each radian that it is turned away."""
ON_LINE_M: Final = 0.005
ON_LINE_RAD: Final = 0.05
"""A hand that is off by no more may go all the way."""
AMONG_THINGS_M: Final = 0.03
"""A hand nearer than it should be, by so much or more, moves back before it moves aside."""
THERE_M: Final = 0.008
THERE_RAD: Final = 0.08
"""So near its goal a hand may close."""
NARROWER: Final = 0.1
"""It is open enough when it is open but for so much."""

ALONG_M_S: Final = 0.16
"""How fast it moves along its line at most; aside it moves as any hand does."""
ACCELERATION_M_S2: Final = 0.8
TURN_ACCELERATION_RAD_S2: Final = 4.0
GAIN_HZ: Final = 5.0
"""Speed for each metre, or radian, that is missing near the goal."""
STUCK_S: Final = 1.0
"""After so long with the leader at its goal the follower comes no nearer."""
M_PER_RAD: Final = 0.2
"""How much a radian that is missing counts, where one number is to say how near the hand is."""
PROGRESS_M: Final = 0.001
DEAD_END_S: Final = 1.0
"""A leader that comes no nearer, by so much, for so long is in a dead end of the arm, and swings out of it joint by
joint."""
PATIENCE_S: Final = 15.0
"""After so long the hand takes what it has come near enough to, or it is given up."""


@dataclass(frozen=True, slots=True, eq=False)
class Offset:
    """Where a hand is, seen from where it is to be.

    Attributes:
        aside_m: (3,) from the line on which it comes to the hand.
        back_m: how far back on that line.
        turn_rad: (3,) rotation vector that is missing.
    """

    aside_m: Array
    back_m: float
    turn_rad: Array

    @classmethod
    def of(cls, hand: Pose, goal: Pose, direction: Array) -> Offset:
        """Of a hand, from a goal and the direction (3,), a unit vector, from which it is come to."""
        away_m = hand.position_m - goal.position_m
        back_m = float(away_m @ direction)
        return cls(away_m - back_m * direction, back_m, rotation_vector(goal.rotation @ hand.rotation.T))

    @property
    def is_there(self) -> bool:
        """Whether the hand may close."""
        off_m = math.hypot(float(np.linalg.norm(self.aside_m)), self.back_m)
        return off_m < THERE_M and float(np.linalg.norm(self.turn_rad)) < THERE_RAD

    def wanted_back_m(self, most_m: float) -> float:
        """How far back the hand should be, being so far off."""
        aside_m = max(0.0, float(np.linalg.norm(self.aside_m)) - ON_LINE_M)
        turn_rad = max(0.0, float(np.linalg.norm(self.turn_rad)) - ON_LINE_RAD)
        return min(most_m, BACK_M_PER_M * aside_m + BACK_M_PER_RAD * turn_rad)

    def missing(self, back_m: float) -> float:
        """How far the hand is from where it should be now, m; a radian counts as `M_PER_RAD`."""
        aside_m, turn_rad = float(np.linalg.norm(self.aside_m)), float(np.linalg.norm(self.turn_rad))
        return aside_m + abs(back_m - self.back_m) + M_PER_RAD * turn_rad


def approach(body: Body, side: str, goal: Pose, direction: Array, *, opening: float, from_m: float) -> Motion:
    """Bring a hand to where it may close, open.

    Args:
        body: whose hand it is.
        side: the arm.
        goal: of the grasp frame, in the world.
        direction: (3,) unit vector from the goal to where the hand comes from.
        opening: of the hand when it gets there.
        from_m: how far back it stays at most.

    Raises:
        GaveUpError: the goal cannot be reached.
    """
    speeds = np.zeros(3)  # aside and along in m/s, turning in rad/s
    most = np.array([ACCELERATION_M_S2, ACCELERATION_M_S2, TURN_ACCELERATION_RAD_S2]) * body.dt_s
    waited_s = idle_s = 0.0
    least = math.inf
    for _ in range(round(PATIENCE_S / body.dt_s)):
        follower = Offset.of(body.hand_pose(side), goal, direction)
        led_pose = body.led_pose(side)
        led = Offset.of(led_pose, goal, direction)
        is_open = body.truth.gripper_opening[side] > opening - NARROWER
        if is_open and (follower.is_there or waited_s > STUCK_S):
            return
        move_grip(body, side, opening)
        back_m = max(led.wanted_back_m(from_m), follower.wanted_back_m(from_m)) if is_open else from_m
        waited_s = waited_s + body.dt_s if is_open and led.is_there else 0.0
        aside_share = min(1.0, max(0.0, 1.0 - (back_m - led.back_m) / AMONG_THINGS_M))
        wanted = np.array(
            [
                _speed(led.aside_m, HAND_SPEED_M_S * body.pace * aside_share),
                _speed(np.array([back_m - led.back_m]), ALONG_M_S * body.pace),
                _speed(led.turn_rad, HAND_TURN_RAD_S * body.pace * aside_share, TURN_ACCELERATION_RAD_S2),
            ]
        )
        speeds = np.minimum(wanted, speeds + most)
        step_m = -_toward(led.aside_m) * speeds[0] + math.copysign(speeds[1], back_m - led.back_m) * direction
        turn_rad = _toward(led.turn_rad) * speeds[2]
        step = Pose(
            led_pose.position_m + body.dt_s * step_m, rotation_about(body.dt_s * turn_rad) @ led_pose.rotation
        )
        turn_leader(body, side, body.reach(side, step).joints_rad)
        yield
        missing = led.missing(back_m)
        idle_s = 0.0 if missing < least - PROGRESS_M else idle_s + body.dt_s
        least = min(least, missing)
        if is_open and not led.is_there and idle_s > DEAD_END_S:
            yield from swing_hand(body, side, Pose(goal.position_m + from_m * direction, goal.rotation))
            idle_s, least = 0.0, math.inf
    refuse_miss(side, goal, float(np.linalg.norm(body.led_pose(side).position_m - goal.position_m)))


def _speed(missing: Array, most: float, acceleration: float = ACCELERATION_M_S2) -> float:
    return braking_speed(float(np.linalg.norm(missing)), acceleration, GAIN_HZ, most)


def _toward(vector: Array) -> Array:
    """The vector's direction, (3,); zeros where it has none."""
    length = float(np.linalg.norm(vector))
    return vector / length if length > 1e-9 else np.zeros(3)
