"""The simulated robot without its serial lines: leaders to safety filter to joints, as fast as the physics computes.

For evaluating scripted operators and making demonstrations faster than real time. What the lines cost is kept as a
delay of whole ticks; all else, the filter above all, is what the real loop does.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from drivers.profile.schema import Base, Gripper, LeaderHandle, RobotProfile
from drivers.safety import SafetyLimits, SafetyState, filter_action
from drivers.sim.interface import Drive, DriveKind, Hands, SimJoint, Truth
from drivers.sim.rig import ARM_NM_PER_A, GRIPPER_NM_PER_A, LIFT_NM_PER_A
from drivers.sim.world import KitchenWorld

DELAY_TICKS = 2
"""From a leader's reading to the servo that starts to move: about 40 ms on real lines."""

LIFT_LEAD_M = 0.03
"""How far the lift's target may run ahead of what was sent, as in the loop on real lines."""

_Row = NDArray[np.float64]


class DirectRobot:
    """A follower that always follows, in simulated time.

    Args:
        world: the kitchen, just reset or set to a state; the profile is its own.
        sent: (D,) what was sent last, for a world in which the robot is under way or holds something: the servos go on
            with it at once. None for a robot at rest, which holds nothing.

    Attributes:
        world: the same.
        requested: (D,) what the leaders and pedals asked for in the last tick.
        sent: (D,) what the safety filter made of it.
    """

    def __init__(self, world: KitchenWorld, *, sent: _Row | None = None) -> None:
        self.world = world
        profile = world.profile
        self._profile = profile
        self._segments = profile.segments
        base = profile.base
        self._wheels_to_twist = (
            None if base is None else np.linalg.inv(_wheel_rows(base)) * base.wheel_radius_m
        )
        self._dt_s = 1.0 / profile.control_rate_hz
        self._steps = max(1, round(self._dt_s / world.step_s))
        self._limits = SafetyLimits.from_profile(profile)
        self._followers = _follower_joints(world)
        self._leaders = _leader_joints(world)
        self.sent = self.measured() if sent is None else np.array(sent, np.float64)
        self.requested = self.sent.copy()
        self._state = SafetyState.at_rest(self.sent)
        self._on_the_way: deque[_Row] = deque([self.sent.copy()] * DELAY_TICKS)
        if sent is not None:
            self._drive(self.sent)

    def tick(self, hands: Hands) -> Truth:
        """Let the robot follow the hands for one control period; the world afterwards."""
        self.world.set_hands(hands)
        return self.follow(self._ask(hands))

    def follow(self, action: _Row, *, disturbance: _Row | None = None, hand_over: bool = False) -> Truth:
        """Let the robot do what was asked for, (D,), for one control period; the world afterwards.

        Args:
            action: (D,) what is asked for.
            disturbance: (D,) what is added on the way from there to the safety filter.
            hand_over: whether one plan of motion gives way to another in this tick, see `filter_action`.
        """
        self.requested = action
        filtered = filter_action(
            action if disturbance is None else action + disturbance,
            state=self._state,
            measured=self.measured(),
            age_s=0.0,
            dt_s=self._dt_s,
            limits=self._limits,
            hand_over=hand_over,
        )
        self._state = filtered.state
        self.sent = filtered.sent.astype(np.float64)
        self._on_the_way.append(self.sent)
        self._drive(self._on_the_way.popleft())
        for _ in range(self._steps):
            self.world.step()
        return self.world.truth()

    def measured(self) -> _Row:
        """(D,) the state as the servos would tell it; of the base its speeds, read off the wheels."""
        truth = self.world.truth()
        state = np.zeros(self._profile.dof)
        for segment in self._segments:
            if segment.kind == "base":
                state[segment.slice] = self._twist()
            elif segment.kind == "arm":
                state[segment.slice] = truth.arm_rad[segment.name]
            elif segment.kind == "gripper":
                state[segment.slice] = np.clip(truth.gripper_opening[segment.name], 0.0, 1.0)
            elif segment.kind == "lift":
                state[segment.slice] = truth.lift_m
        return state

    def _twist(self) -> _Row:
        if self._wheels_to_twist is None:
            return np.zeros(3)
        turning = np.array([joint.velocity_rad_s for joint in self._followers["base", ""]])
        twist: _Row = self._wheels_to_twist @ turning
        return twist

    def felt(self) -> tuple[_Row, _Row]:
        """(D,) how fast each entry of the state changes, and (D,) the currents of its servos in ampere, signed."""
        velocity, current = np.zeros(self._profile.dof), np.zeros(self._profile.dof)
        for segment in self._segments:
            if segment.kind == "base":
                velocity[segment.slice] = self._twist()
                continue
            joints = self._followers[segment.kind, segment.name]
            turning = np.array([joint.velocity_rad_s for joint in joints])
            effort = np.array([joint.effort_nm for joint in joints])
            if segment.kind == "arm":
                arm = self._profile.arms[segment.name]
                velocity[segment.slice] = turning
                current[segment.slice] = effort / [ARM_NM_PER_A[joint.model] for joint in arm.joints]
            elif segment.kind == "gripper":
                gripper = self._profile.grippers[segment.name]
                velocity[segment.slice] = turning / (gripper.open_rad - gripper.closed_rad)
                current[segment.slice] = effort / GRIPPER_NM_PER_A
            else:
                velocity[segment.slice] = turning * (
                    self._profile.lifts[segment.name].m_per_rev / (2 * math.pi)
                )
                current[segment.slice] = effort / LIFT_NM_PER_A
        return velocity, current

    def request(self, hands: Hands) -> _Row:
        """(D,) what hands ask for where leaders follow them at once; what they leave out stays."""
        asked = self.requested.copy()
        leaders = {leader.follows: name for name, leader in self._profile.leaders.items()}
        moving = hands.moving_base
        for segment in self._segments:
            if segment.kind == "arm" and leaders.get(segment.name) in hands.leader_rad:
                asked[segment.slice] = hands.leader_rad[leaders[segment.name]]
            elif segment.kind == "gripper" and leaders.get(segment.name) in hands.leader_opening:
                asked[segment.start] = hands.leader_opening[leaders[segment.name]]
            elif segment.kind == "base":
                asked[segment.slice] = hands.base_twist if moving else 0.0
            elif segment.kind == "lift":
                wanted = asked[segment.start] + (hands.lift_m_s * self._dt_s if moving else 0.0)
                sent = self.sent[segment.start]
                asked[segment.start] = min(max(wanted, sent - LIFT_LEAD_M), sent + LIFT_LEAD_M)
        return asked

    def _ask(self, hands: Hands) -> _Row:
        """What the leaders ask for, which follow the hands as leaders do."""
        angles, openings = {}, {}
        for name, leader in self._profile.leaders.items():
            joints, (handle_joint, handle) = self._leaders[leader.follows]
            angles[name] = np.array([joint.position_rad for joint in joints])
            span = handle.open_rad - handle.closed_rad
            openings[name] = (handle_joint.position_rad - handle.closed_rad) / span
        return self.request(replace(hands, leader_rad=angles, leader_opening=openings))

    def _drive(self, action: _Row) -> None:
        for segment in self._segments:
            values, joints = action[segment.slice], self._followers[segment.kind, segment.name]
            kind = DriveKind.VELOCITY if segment.kind == "base" else DriveKind.POSITION
            targets = _servo_targets(self._profile, segment.kind, segment.name, values)
            for joint, target in zip(joints, targets, strict=True):
                joint.drive(Drive(kind, float(target)))


def _servo_targets(profile: RobotProfile, kind: str, name: str, values: _Row) -> _Row:
    """What the servos of a segment are told for its entries of the vector: rad, or rad/s for wheels."""
    if kind == "gripper":
        gripper: Gripper = profile.grippers[name]
        return gripper.closed_rad + values * (gripper.open_rad - gripper.closed_rad)
    if kind == "lift":
        return values * (2 * math.pi / profile.lifts[name].m_per_rev)
    if kind == "base" and profile.base is not None:
        wheels: _Row = _wheel_rows(profile.base) @ values / profile.base.wheel_radius_m
        # When one wheel would be too fast all are slowed together, so that the direction stays.
        fastest = float(np.abs(wheels).max())
        return wheels * min(1.0, profile.base.max_wheel_rad_s / max(fastest, 1e-9))
    return values


def _wheel_rows(base: Base) -> _Row:
    """(3, 3) from a twist to how fast each wheel's rim runs."""
    angles = np.radians(base.wheel_angles_deg)
    return np.column_stack([np.cos(angles), np.sin(angles), np.full(3, base.base_radius_m)])


def _follower_joints(world: KitchenWorld) -> dict[tuple[str, str], list[SimJoint]]:
    profile = world.profile
    joints: dict[tuple[str, str], list[SimJoint]] = {}
    for name, arm in profile.arms.items():
        joints["arm", name] = [world.joint(arm.bus, joint.name) for joint in arm.joints]
    for name, gripper in profile.grippers.items():
        joints["gripper", name] = [world.joint(gripper.bus, "gripper")]
    for name, lift in profile.lifts.items():
        joints["lift", name] = [world.joint(lift.bus, "lift")]
    if profile.base is not None:
        joints["base", ""] = [world.joint(profile.base.bus, f"wheel_{wheel}") for wheel in (1, 2, 3)]
    return joints


def _leader_joints(world: KitchenWorld) -> dict[str, tuple[list[SimJoint], tuple[SimJoint, LeaderHandle]]]:
    """For each follower the joints of its leader, and its handle."""
    return {
        leader.follows: (
            [world.joint(leader.bus, joint.name) for joint in leader.joints],
            (world.joint(leader.bus, "handle"), leader.handle),
        )
        for leader in world.profile.leaders.values()
    }
