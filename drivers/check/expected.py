"""Which servos the profile puts on each bus, and between which angles each may stand."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.arm import follower_units, joint_axis
from drivers.axis import Axis
from drivers.base import base_units
from drivers.dynamixel.registers import RAD_PER_TICK
from drivers.dynamixel.setup import Unit
from drivers.gripper import CENTRE_TICKS, gripper_unit, opening_axis
from drivers.leader import leader_units
from drivers.lift import lift_unit
from drivers.profile.schema import Arm, Leader, RobotProfile


@dataclass(frozen=True, slots=True)
class ExpectedAxis:
    """An axis that should be on a bus.

    Attributes:
        unit: its servos and their settings.
        axis: how ticks become rad or opening, with the limits; None for wheels and lifts, which stand anywhere.
        value_unit: of the axis's value, for people.
        leads: whether it belongs to a leader, which a hand moves.
    """

    unit: Unit
    axis: Axis | None = None
    value_unit: str = "rad"
    leads: bool = False

    def angle(self, ticks: int) -> str:
        """Where the servo stands, as the profile counts its angles, such as `at 0.31 rad`; empty for wheels."""
        if self.axis is None:
            return ""
        is_joint = self.value_unit == "rad"
        rad = (
            (ticks - self.axis.zero_ticks) * self.axis.value_per_tick
            if is_joint
            else opening_angle_rad(ticks)
        )
        return f"at {rad:.2f} rad"


def opening_angle_rad(ticks: int) -> float:
    """The angle that `closed_rad` and `open_rad` are given in: it counts from the middle of the turn."""
    return (ticks - CENTRE_TICKS) * RAD_PER_TICK


def expected_axes(profile: RobotProfile) -> dict[str, tuple[ExpectedAxis, ...]]:
    """The axes on each bus by its name, in the profile's order."""
    found: dict[str, list[ExpectedAxis]] = {bus: [] for bus in profile.buses}
    for name, arm in profile.arms.items():
        found[arm.bus] += _joints(arm, follower_units(name, arm), leads=False)
    for name, gripper in profile.grippers.items():
        axis = opening_axis(gripper, slot=0)
        found[gripper.bus].append(ExpectedAxis(gripper_unit(name, gripper), axis, "of full opening"))
    for name, leader in profile.leaders.items():
        *joints, handle = leader_units(name, leader)
        found[leader.bus] += _joints(leader, tuple(joints), leads=True)
        axis = opening_axis(leader.handle, slot=0)
        found[leader.bus].append(ExpectedAxis(handle, axis, "of full opening", leads=True))
    if profile.base is not None:
        found[profile.base.bus] += [ExpectedAxis(unit) for unit in base_units(profile.base)]
    for name, lift in profile.lifts.items():
        found[lift.bus].append(ExpectedAxis(lift_unit(name, lift)))
    return {bus: tuple(axes) for bus, axes in found.items()}


def _joints(part: Arm | Leader, units: tuple[Unit, ...], *, leads: bool) -> list[ExpectedAxis]:
    return [
        ExpectedAxis(unit, joint_axis(joint, slot=0), leads=leads)
        for joint, unit in zip(part.joints, units, strict=True)
    ]
