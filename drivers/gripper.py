"""Grippers and leader handles: a servo angle as an opening in [0 closed, 1 open], and in metres.

A gripper closes on what it holds and would stall there, so its servo runs in current-based position mode with a limit.
"""

from __future__ import annotations

from drivers.axis import Axis
from drivers.dynamixel.registers import RAD_PER_TICK, TICKS_PER_TURN, OperatingMode
from drivers.dynamixel.setup import ServoPlan, Unit
from drivers.profile.schema import Gripper, LeaderHandle

CENTRE_TICKS = TICKS_PER_TURN // 2
"""Gripper angles in the profile count from the middle of the turn."""


def opening_axis(gripper: Gripper | LeaderHandle, *, slot: int) -> Axis:
    """The axis from a servo's ticks to an opening in [0, 1], straight between the closed and the open angle."""
    span_rad = gripper.open_rad - gripper.closed_rad
    return Axis(
        servo_id=gripper.id,
        slot=slot,
        zero_ticks=CENTRE_TICKS + gripper.closed_rad / RAD_PER_TICK,
        value_per_tick=RAD_PER_TICK / span_rad,
        minimum=0.0,
        maximum=1.0,
        model=gripper.model,
    )


def opening_to_m(gripper: Gripper, opening: float) -> float:
    """Distance between the pads for an opening in [0, 1]."""
    return opening * gripper.opening_m


def m_to_opening(gripper: Gripper, distance_m: float) -> float:
    """Opening in [0, 1] for a distance between the pads, clamped to what the gripper can do."""
    return min(1.0, max(0.0, distance_m / gripper.opening_m))


def gripper_unit(name: str, gripper: Gripper) -> Unit:
    """How a gripper's servo must be set up."""
    return Unit(
        (
            ServoPlan(
                id=gripper.id,
                label=f"{name} gripper".replace("_", " "),
                model=gripper.model,
                mode=OperatingMode.CURRENT_BASED_POSITION,
                powered=True,
                current_limit_a=gripper.current_limit_a,
            ),
        )
    )
