"""What the kitchen will look like while actions run that are not run yet, as the scripted policy imagines it.

The robot's parts follow what is asked for with a delay each and nothing else; on the simulated robot that is right to a
millimetre for the base and to a few milliradians for the arms. What a hand holds moves with it, and so does the drawer.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from drivers.kinematics import Pose, rotation_vector
from drivers.profile import RobotProfile
from drivers.sim.interface import Truth
from drivers.sim.kitchen.geometry import DRAWER_TRAVEL_M
from drivers.sim.kitchen.placement import yaw_of
from drivers.sim.operator.body import Body
from drivers.sim.operator.grasps import grasp_of
from drivers.sim.operator.places import handle_at, holds

Vector = NDArray[np.float64]

ARM_DELAY, GRIPPER_DELAY, BASE_DELAY, LIFT_DELAY = 5, 7, 8, 10
"""Ticks from an action to the motion it makes, through filter, lines, servos and masses; measured."""
LONGEST_DELAY: Final = max(ARM_DELAY, GRIPPER_DELAY, BASE_DELAY, LIFT_DELAY)

BLOCKED: Final = 0.04
"""A gripper that is open by so much more than it was told has something between its fingers."""
GRASP_NEAR_M: Final = 0.03
HANDLE_NEAR_M: Final = 0.04
HANDLE_OPENING: Final = 0.15
"""How far the drawer's handle keeps a hand open."""
GRASP_MARGIN: Final = 0.06
"""How much further than before it took hold a hand must be closed, or opened, to hold something, or let go."""


@dataclass(slots=True)
class _Held:
    """What is in a hand: its pose in the grasp frame, and how far the hand was open when it took hold."""

    name: str
    side: str
    offset_m: Vector
    rotation: Vector
    opening: float


class Imagination:
    """The kitchen from one moment on.

    Args:
        profile: the robot.
        truth: the kitchen at that moment.
        past: (n, D) the actions that ran before it, newest last, at least one.
        speed: the factor in (0, 1] at which actions are run; the slower, the fewer are on their way at a time.

    Attributes:
        truth: the kitchen as it is imagined after the last step.
    """

    def __init__(
        self, profile: RobotProfile, truth: Truth, past: NDArray[np.float64], *, speed: float = 1.0
    ) -> None:
        self._profile = profile
        self._dt_s = 1.0 / profile.control_rate_hz
        self._speed = speed
        self.truth = truth
        self._segments: dict[tuple[str, str], slice] = {
            (segment.kind, segment.name): segment.slice for segment in profile.segments
        }
        older = [past[0]] * max(0, LONGEST_DELAY - len(past))
        self._rows: deque[Vector] = deque([*older, *past], maxlen=LONGEST_DELAY)
        self._body = Body(profile, np.random.default_rng(0), truth)  # its eye is not used
        self._arm_off = {
            name: truth.arm_rad[name] - self._then(ARM_DELAY, "arm", name) for name in profile.arms
        }
        self._lift_off = {
            name: truth.lift_m - float(self._then(LIFT_DELAY, "lift", name)[0]) for name in profile.lifts
        }
        self._stop = {name: self._seen_stop(name) for name in profile.grippers}
        self._drawer_from: float | None = None
        self._held = self._seen_held()
        self._take_handle()

    def step(self, action: Vector) -> Truth:
        """The kitchen a tick later, in which an action (D,) was sent."""
        self._rows.append(action)
        before = self.truth
        base = self._moved_base(before.base_pose)
        lifts = [float(self._then(LIFT_DELAY, "lift", name)[0]) + off for name, off in self._lift_off.items()]
        arms = {name: self._then(ARM_DELAY, "arm", name) + off for name, off in self._arm_off.items()}
        openings = {
            name: max(float(self._then(GRIPPER_DELAY, "gripper", name)[0]), stop)
            for name, stop in self._stop.items()
        }
        drawer_m = before.drawer_m
        if self._drawer_from is not None:
            drawer_m = float(np.clip(self._drawer_from - base[0], 0.0, DRAWER_TRAVEL_M))
        self.truth = Truth(
            time_ns=before.time_ns + round(1e9 * self._dt_s),
            sim_time_s=before.sim_time_s + self._dt_s,
            objects=before.objects,
            drawer_m=drawer_m,
            base_pose=base,
            lift_m=lifts[0] if lifts else before.lift_m,
            arm_rad=arms,
            gripper_opening=openings,
        )
        self._body.truth = self.truth
        self._follow_hands(before)
        return self.truth

    # -- the robot -----------------------------------------------------------------------------------------------------

    def _then(self, delay: int, kind: str, name: str) -> Vector:
        """Entries of the action sent so many ticks ago; the newest is one tick old."""
        actions = max(1, round(delay * self._speed))
        entries: Vector = self._rows[len(self._rows) - actions][self._segments[kind, name]]
        return entries

    def _moved_base(self, pose: tuple[float, float, float]) -> tuple[float, float, float]:
        if ("base", "") not in self._segments:
            return pose
        x, y, yaw = pose
        vx, vy, wz = self._then(BASE_DELAY, "base", "") * self._dt_s
        cos, sin = math.cos(yaw), math.sin(yaw)
        return float(x + cos * vx - sin * vy), float(y + sin * vx + cos * vy), float(yaw + wz)

    def _seen_stop(self, side: str) -> float:
        """How far a gripper is kept open by what is between its fingers; 0 for nothing."""
        opening = self.truth.gripper_opening[side]
        told = float(self._then(GRIPPER_DELAY, "gripper", side)[0])
        return opening if opening > told + BLOCKED and told < BLOCKED else 0.0

    # -- what it holds -------------------------------------------------------------------------------------------------

    def _seen_held(self) -> _Held | None:
        """What is in a hand in truth: lifted, or between fingers that do not close any further."""
        for name in self.truth.objects:
            side = self._nearest_hand(name)
            lifted = holds(self.truth, name)
            if lifted or (self._stop[side] > 0.0 and self._is_at_grasp(name, side)):
                return self._hold(name, side)
        return None

    def _follow_hands(self, before: Truth) -> None:
        if self._held is None:
            self._held = self._taken(before)
        elif self.truth.gripper_opening[self._held.side] > self._held.opening + GRASP_MARGIN:
            self._held = None
        if self._held is not None:
            hand = self._body.hand_pose(self._held.side)
            position = hand.position_m + hand.rotation @ self._held.offset_m
            quaternion = _quaternion(hand.rotation @ self._held.rotation)
            moved = np.concatenate([position, quaternion])
            self.truth = replace(self.truth, objects={**self.truth.objects, self._held.name: moved})
            self._body.truth = self.truth
        self._take_handle()

    def _taken(self, before: Truth) -> _Held | None:
        """What a closing hand takes hold of just now."""
        for side, opening in self.truth.gripper_opening.items():
            if opening >= before.gripper_opening[side]:
                continue
            for name in self.truth.objects:
                near = self._is_at_grasp(name, side)
                if near and opening < self._grasp_opening(name) - GRASP_MARGIN:
                    return self._hold(name, side)
        return None

    def _take_handle(self) -> None:
        """The drawer goes with the base while a hand that is closed is at the handle."""
        at = handle_at(self.truth)
        closed = [
            side
            for side, opening in self.truth.gripper_opening.items()
            if opening < 0.5 and np.linalg.norm(self._body.hand_pose(side).position_m - at) < HANDLE_NEAR_M
        ]
        for side in closed:
            self._stop[side] = max(self._stop[side], HANDLE_OPENING)
        if not closed:
            self._drawer_from = None
        elif self._drawer_from is None:
            self._drawer_from = self.truth.drawer_m + self.truth.base_pose[0]

    def _hold(self, name: str, side: str) -> _Held:
        hand = self._body.hand_pose(side)
        pose = self.truth.objects[name]
        back = hand.rotation.T
        opening = self.truth.gripper_opening[side]
        return _Held(name, side, back @ (pose[:3] - hand.position_m), back @ _rotation(pose[3:]), opening)

    def _nearest_hand(self, name: str) -> str:
        at = self.truth.objects[name][:3]
        sides = self.truth.gripper_opening
        return min(sides, key=lambda side: float(np.linalg.norm(self._body.hand_pose(side).position_m - at)))

    def _is_at_grasp(self, name: str, side: str) -> bool:
        grasp = self._grasp(name)
        return bool(np.linalg.norm(self._body.hand_pose(side).position_m - grasp.position_m) < GRASP_NEAR_M)

    def _grasp(self, name: str) -> Pose:
        pose = self.truth.objects[name]
        return grasp_of(name, pose[:3], yaw_of(pose)).pose

    def _grasp_opening(self, name: str) -> float:
        pose = self.truth.objects[name]
        return grasp_of(name, pose[:3], yaw_of(pose)).opening


def _rotation(quaternion: Vector) -> Vector:
    """(3, 3) of w, x, y, z."""
    w, x, y, z = quaternion / np.linalg.norm(quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def _quaternion(rotation: Vector) -> Vector:
    """(4,) w, x, y, z of a rotation matrix."""
    turn = rotation_vector(rotation)
    angle = float(np.linalg.norm(turn))
    half = 0.5 * angle
    return np.concatenate([[math.cos(half)], turn * (math.sin(half) / angle if angle > 1e-9 else 0.5)])
