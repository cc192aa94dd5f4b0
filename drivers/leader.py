"""Leader arms: read with torque off; a drivable one can be moved gently to its follower for a take-over."""

from __future__ import annotations

from drivers.arm import joint_axis, joint_unit
from drivers.axis import Axis
from drivers.dynamixel.registers import OperatingMode
from drivers.dynamixel.setup import ServoPlan, Unit
from drivers.gripper import opening_axis
from drivers.profile.schema import Leader


def leader_units(name: str, leader: Leader) -> tuple[Unit, ...]:
    """How a leader's servos must be set up: torque off; a drivable one in the mode that limits its push."""
    mode = OperatingMode.CURRENT_BASED_POSITION if leader.drivable else None
    limit_a = leader.drive_current_a if leader.drivable else None
    label = f"{name} leader"
    joints = [
        joint_unit(joint, label=label, mode=mode, powered=False, current_limit_a=limit_a)
        for joint in leader.joints
    ]
    handle = ServoPlan(
        id=leader.handle.id,
        label=f"{label} handle".replace("_", " "),
        model=leader.handle.model,
        mode=mode,
        powered=False,
        current_limit_a=limit_a,
    )
    return (*joints, Unit((handle,)))


def leader_axes(leader: Leader, *, arm_start: int, gripper_slot: int) -> tuple[Axis, ...]:
    """A leader's axes in its follower's slots: the joints in the arm's, the handle in the gripper's."""
    joints = [joint_axis(joint, slot=arm_start + place) for place, joint in enumerate(leader.joints)]
    return (*joints, opening_axis(leader.handle, slot=gripper_slot))
