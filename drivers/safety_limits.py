"""How far, how fast and how suddenly each entry of the action vector may move, read off the profile once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivers.profile.schema import Arm, Base, Gripper, Lift, RobotProfile

Vector = NDArray[np.float64]

ARM_LEAD_RAD = 0.35
"""How far an arm's target may run ahead of the arm: well above the lag of a quick motion (2.5 rad/s for 100 ms), well
below a target that leaps away from an arm that something blocks."""

LIFT_LEAD_M = 0.05
"""The same for a lift: three times its lag at full speed."""

BASE_BRAKING = 2.0
"""How much harder than it accelerates a base may brake: stopping matters more than comfort."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SafetyLimits:
    """What each of the D entries may do, in the profile's order. Units: rad, opening, m/s, rad/s or m by entry.

    Attributes:
        velocity_like: (D,) bool; true for the base, whose entries are speeds.
        hand_led: (D,) bool; true where a person's hand makes the motion (arms, grippers), so that the filter may
            expect the target to go on as it goes and need not lag behind by its braking distance.
        min: (D,) least value.
        max: (D,) greatest value.
        max_velocity: (D,) greatest rate of a position-like entry; greatest magnitude of a velocity-like one.
        max_acceleration: (D,) greatest rate of change of the speed.
        max_deceleration: (D,) the same towards rest; differs for velocity-like entries only.
        max_lead: (D,) how far what is sent may lead what is measured; infinite where that is how force is made.
        command_timeout_s: (D,) age beyond which a request counts for nothing.
    """

    velocity_like: NDArray[np.bool_]
    hand_led: NDArray[np.bool_]
    min: Vector
    max: Vector
    max_velocity: Vector
    max_acceleration: Vector
    max_deceleration: Vector
    max_lead: Vector
    command_timeout_s: Vector

    @classmethod
    def from_profile(cls, profile: RobotProfile) -> SafetyLimits:
        """The limits of the profile's devices, entry by entry."""
        leader_timeout_s = profile.teleop.leader_timeout_ms / 1e3
        rows: list[_Limit] = []
        for segment in profile.segments:
            if segment.kind == "arm":
                rows += _arm_limits(profile.arms[segment.name], leader_timeout_s)
            elif segment.kind == "gripper":
                rows.append(_gripper_limit(profile.grippers[segment.name], leader_timeout_s))
            elif segment.kind == "lift":
                rows.append(_lift_limit(profile.lifts[segment.name]))
            elif profile.base is not None:
                rows += _base_limits(profile.base)
        return cls(
            velocity_like=np.array([row.velocity_like for row in rows]),
            hand_led=np.array([row.hand_led for row in rows]),
            min=np.array([row.min for row in rows]),
            max=np.array([row.max for row in rows]),
            max_velocity=np.array([row.velocity for row in rows]),
            max_acceleration=np.array([row.acceleration for row in rows]),
            max_deceleration=np.array(
                [row.acceleration * (BASE_BRAKING if row.velocity_like else 1.0) for row in rows]
            ),
            max_lead=np.array([row.lead for row in rows]),
            command_timeout_s=np.array([row.timeout_s for row in rows]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    """One entry's limits."""

    min: float
    max: float
    velocity: float
    acceleration: float
    timeout_s: float
    lead: float = math.inf
    velocity_like: bool = False
    hand_led: bool = False


def _arm_limits(arm: Arm, timeout_s: float) -> list[_Limit]:
    return [
        _Limit(
            min=joint.min_rad,
            max=joint.max_rad,
            velocity=joint.max_velocity_rad_s,
            acceleration=joint.max_acceleration_rad_s2,
            lead=ARM_LEAD_RAD,
            timeout_s=timeout_s,
            hand_led=True,
        )
        for joint in arm.joints
    ]


def _gripper_limit(gripper: Gripper, timeout_s: float) -> _Limit:
    # No limit on the lead: a gripper holds by a target inside the object, and its current limit bounds the force.
    return _Limit(
        min=0.0,
        max=1.0,
        velocity=gripper.max_speed_m_s / gripper.opening_m,
        acceleration=gripper.max_acceleration_m_s2 / gripper.opening_m,
        timeout_s=timeout_s,
        hand_led=True,
    )


def _lift_limit(lift: Lift) -> _Limit:
    return _Limit(
        min=lift.min_m,
        max=lift.max_m,
        velocity=lift.max_speed_m_s,
        acceleration=lift.max_acceleration_m_s2,
        lead=LIFT_LEAD_M,
        timeout_s=lift.command_timeout_ms / 1e3,
    )


def _base_limits(base: Base) -> list[_Limit]:
    return [
        _Limit(
            min=-speed,
            max=speed,
            velocity=speed,
            acceleration=acceleration,
            timeout_s=base.command_timeout_ms / 1e3,
            velocity_like=True,
        )
        for speed, acceleration in (
            (base.max_speed_m_s, base.max_acceleration_m_s2),
            (base.max_speed_m_s, base.max_acceleration_m_s2),
            (base.max_yaw_rate_rad_s, base.max_yaw_acceleration_rad_s2),
        )
    ]
