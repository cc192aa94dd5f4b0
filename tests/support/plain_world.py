"""A world without physics: every joint is a number that follows its servo's wish, for tests of servos and lines."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivers.profile.schema import RobotProfile
from drivers.sim.interface import Drive, DriveKind, Hands, Truth

_STIFFNESS_NM_PER_RAD = 200.0
_SPEED_RAD_S = 12.0


class PlainJoint:
    """Moves to its target at a fixed top speed; stands still at its stops, where the effort grows."""

    def __init__(
        self, *, low_rad: float = float("-inf"), high_rad: float = float("inf"), start_rad: float = 0.0
    ) -> None:
        self.start_rad = start_rad
        self.position_rad = start_rad
        self.velocity_rad_s = 0.0
        self.effort_nm = 0.0
        self.low_rad = low_rad
        self.high_rad = high_rad
        self.wish = Drive()
        self._setpoint_rad = start_rad

    def drive(self, drive: Drive) -> None:
        if drive.kind is not self.wish.kind:
            self._setpoint_rad = self.position_rad
        self.wish = drive

    def step(self, step_s: float) -> None:
        wish = self.wish
        reach = _SPEED_RAD_S * step_s
        if wish.kind is DriveKind.POSITION:
            self._setpoint_rad = wish.target
        elif wish.kind is DriveKind.VELOCITY:
            self._setpoint_rad += wish.target * step_s
        elif wish.kind is DriveKind.EFFORT:
            self._setpoint_rad = self.position_rad + wish.target / _STIFFNESS_NM_PER_RAD
        else:
            self._setpoint_rad = self.position_rad
        before = self.position_rad
        wanted = self._setpoint_rad - self.position_rad
        self.position_rad += max(-reach, min(reach, wanted))
        self.position_rad = max(self.low_rad, min(self.high_rad, self.position_rad))
        self.velocity_rad_s = (self.position_rad - before) / step_s
        at_stop = self.position_rad in (self.low_rad, self.high_rad)
        effort_nm = _STIFFNESS_NM_PER_RAD * (self._setpoint_rad - self.position_rad) if at_stop else 0.0
        self.effort_nm = max(-wish.effort_limit_nm, min(wish.effort_limit_nm, effort_nm))


class PlainWorld:
    """A joint for every servo axis of a profile; implements `SimulatedWorld`."""

    step_s = 0.002

    def __init__(self, profile: RobotProfile, *, lift_start_m: float = 0.2) -> None:
        self.joints: dict[tuple[str, str], PlainJoint] = {}
        self.hands: Hands | None = None
        self.resets: list[tuple[int, bool]] = []
        self.objects = {"cup": np.array([1.0, 0, 0, 1, 0, 0, 0])}
        self.sim_time_s = 0.0
        self.time_ns = time.monotonic_ns()
        chains = [(arm.bus, arm.joints) for arm in profile.arms.values()]
        chains += [(leader.bus, leader.joints) for leader in profile.leaders.values()]
        for bus, joints in chains:
            for joint in joints:
                self.joints[bus, joint.name] = PlainJoint(low_rad=joint.min_rad, high_rad=joint.max_rad)
        for gripper in profile.grippers.values():
            self.joints[gripper.bus, "gripper"] = PlainJoint(
                low_rad=gripper.closed_rad, high_rad=gripper.open_rad
            )
        for leader in profile.leaders.values():
            handle = leader.handle
            self.joints[leader.bus, "handle"] = PlainJoint(
                low_rad=handle.closed_rad, high_rad=handle.open_rad
            )
        if profile.base is not None:
            for number in (1, 2, 3):
                self.joints[profile.base.bus, f"wheel_{number}"] = PlainJoint()
        for lift in profile.lifts.values():
            rad_per_m = 6.283185307179586 / lift.m_per_rev
            self.joints[lift.bus, "lift"] = PlainJoint(
                low_rad=0.0, high_rad=lift.max_m * rad_per_m, start_rad=lift_start_m * rad_per_m
            )

    def joint(self, bus: str, name: str) -> PlainJoint:
        try:
            return self.joints[bus, name]
        except KeyError:
            raise KeyError(f"no joint {name} on {bus}; there are {sorted(self.joints)}") from None

    def step(self) -> None:
        for joint in self.joints.values():
            joint.step(self.step_s)
        self.sim_time_s += self.step_s
        self.time_ns = time.monotonic_ns()

    def set_hands(self, hands: Hands) -> None:
        self.hands = hands

    @property
    def state_size(self) -> int:
        return 1 + len(self.joints)

    def integration_state(self) -> NDArray[np.float64]:
        return np.array([self.sim_time_s, *(joint.position_rad for joint in self.joints.values())])

    def truth(self) -> Truth:
        return Truth(
            time_ns=self.time_ns,
            sim_time_s=self.sim_time_s,
            objects=dict(self.objects),
            drawer_m=0.0,
            base_pose=(0.0, 0.0, 0.0),
            lift_m=0.0,
            arm_rad={},
            gripper_opening={},
        )

    def reset(self, seed: int, *, robot: bool) -> None:
        self.resets.append((seed, robot))
        if robot:
            for joint in self.joints.values():
                joint.position_rad = joint.start_rad

    def place(self, name: str, pose: ArrayLike) -> None:
        if name not in self.objects:
            raise ValueError(f"no object {name!r}; there are {', '.join(self.objects)}")
        self.objects[name] = np.asarray(pose, dtype=np.float64)
