"""Fits a profile's servos to the actuators of the kitchen's robot."""

from __future__ import annotations

import math
from collections.abc import Iterator

import mujoco

from drivers.profile.schema import RobotProfile
from drivers.sim.actuators import ActuatorSpec
from drivers.sim.errors import WorldError

_MARGIN = 1.25
"""A servo is this much faster than the profile lets it be driven."""


def fit_actuators(
    profile: RobotProfile, model: mujoco.MjModel
) -> tuple[list[tuple[str, str]], list[ActuatorSpec]]:
    """What drives each arm joint, gripper and lift of the profile.

    Returns:
        The (bus, joint) of each, and its spec, in the same order.

    Raises:
        WorldError: when the model's robot lacks one.
    """
    fitted = [*_arms(profile), *_grippers(profile), *_lifts(profile)]
    there = {model.actuator(index).name for index in range(model.nu)}
    missing = [spec.actuator for _, spec in fitted if spec.actuator not in there]
    if missing:
        raise WorldError(
            f"profile {profile.name} has {', '.join(missing)}, which the kitchen's robot lacks; it has "
            f"{', '.join(sorted(there))}"
        )
    return [name for name, _ in fitted], [spec for _, spec in fitted]


def _arms(profile: RobotProfile) -> Iterator[tuple[tuple[str, str], ActuatorSpec]]:
    for side, arm in profile.arms.items():
        for joint in arm.joints:
            name = f"{side}_{joint.name}"
            yield (
                (arm.bus, joint.name),
                ActuatorSpec(
                    actuator=name,
                    joints=(name,),
                    servos=len(joint.ids),
                    max_velocity_rad_s=joint.max_velocity_rad_s * _MARGIN,
                    falls=True,
                ),
            )


def _grippers(profile: RobotProfile) -> Iterator[tuple[tuple[str, str], ActuatorSpec]]:
    for side, gripper in profile.grippers.items():
        ratio = (gripper.open_rad - gripper.closed_rad) / (
            gripper.opening_m / 2
        )  # each finger goes half the way
        yield (
            (gripper.bus, "gripper"),
            ActuatorSpec(
                actuator=f"{side}_gripper",
                joints=(f"{side}_finger_a", f"{side}_finger_b"),
                ratio=ratio,
                offset_rad=gripper.closed_rad,
                max_velocity_rad_s=abs(ratio) * gripper.max_speed_m_s / 2 * _MARGIN,
            ),
        )


def _lifts(profile: RobotProfile) -> Iterator[tuple[tuple[str, str], ActuatorSpec]]:
    if len(profile.lifts) > 1:
        raise WorldError(
            f"profile {profile.name} has {len(profile.lifts)} lifts; the kitchen's robot has one"
        )
    for lift in profile.lifts.values():
        ratio = 2 * math.pi / lift.m_per_rev
        yield (
            (lift.bus, "lift"),
            ActuatorSpec(
                actuator="lift",
                joints=("lift",),
                ratio=ratio,
                max_velocity_rad_s=ratio * lift.max_speed_m_s * _MARGIN,
            ),
        )
