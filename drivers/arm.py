"""Follower and leader arms' joints: from the profile to servo settings and axes."""

from __future__ import annotations

import math

from drivers.axis import Axis
from drivers.dynamixel.registers import RAD_PER_TICK, TICKS_PER_TURN, OperatingMode
from drivers.dynamixel.setup import ServoPlan, Unit
from drivers.profile.schema import Arm, Joint


def joint_axis(joint: Joint, *, slot: int) -> Axis:
    """A joint's axis in radians."""
    return Axis(
        servo_id=joint.ids[0],
        slot=slot,
        zero_ticks=joint.zero_ticks,
        value_per_tick=-RAD_PER_TICK if joint.inverted else RAD_PER_TICK,
        minimum=joint.min_rad,
        maximum=joint.max_rad,
        model=joint.model,
    )


def joint_limits_ticks(joint: Joint) -> tuple[int, int]:
    """Least and greatest goal of a joint in ticks, within the single turn of position mode."""
    direction = -1 if joint.inverted else 1
    ends = sorted(
        joint.zero_ticks + direction * limit / RAD_PER_TICK for limit in (joint.min_rad, joint.max_rad)
    )
    return max(0, math.floor(ends[0])), min(TICKS_PER_TURN - 1, math.ceil(ends[1]))


def joint_unit(
    joint: Joint, *, label: str, mode: OperatingMode | None, powered: bool, current_limit_a: float | None
) -> Unit:
    """How the servo or servos of a joint must be set up; `label` is the arm's name."""
    names = (f"{label} {joint.name}".replace("_", " "), f"{label} {joint.name} shadow".replace("_", " "))
    return Unit(
        tuple(
            ServoPlan(
                id=servo_id,
                label=name,
                model=joint.model,
                mode=mode,
                powered=powered,
                current_limit_a=current_limit_a,
                position_limits=joint_limits_ticks(joint) if mode is OperatingMode.POSITION else None,
            )
            for servo_id, name in zip(joint.ids, names, strict=False)
        )
    )


def follower_units(name: str, arm: Arm) -> tuple[Unit, ...]:
    """A follower's joints: position mode, torque on, each current-limited."""
    return tuple(
        joint_unit(
            joint,
            label=name,
            mode=OperatingMode.POSITION,
            powered=True,
            current_limit_a=joint.current_limit_a,
        )
        for joint in arm.joints
    )


def follower_axes(arm: Arm, *, start: int) -> tuple[Axis, ...]:
    """A follower's axes in the slots from `start`."""
    return tuple(joint_axis(joint, slot=start + place) for place, joint in enumerate(arm.joints))
