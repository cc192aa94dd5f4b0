"""Goals with which servos stay where they stand, and whether they have them: torque on anything else is a leap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set

from drivers.dynamixel.bus import DynamixelBus
from drivers.dynamixel.registers import (
    GOAL_POSITION,
    GOAL_VELOCITY,
    GOALS_ADDRESS,
    GOALS_SIZE,
    OperatingMode,
    Register,
)
from drivers.dynamixel.setup import Unit

Goals = tuple[Register, dict[int, int]]
"""A register of goals, and what each servo is to have in it, by id, in the servo's own unit."""


def goals_to_stay(units: Iterable[Unit], present: Mapping[int, int], *, obeying: Set[int]) -> list[Goals]:
    """What makes the measured pose the goal of the servos that hold, and stops the wheels.

    Args:
        units: the axes on the line.
        present: ticks of the servos that were just read, by id; one that was not keeps the goal it has.
        obeying: ids that may be given a position.
    """
    positions: dict[int, int] = {}
    wheels: dict[int, int] = {}
    for unit in units:
        plan = unit.master
        if plan.mode is OperatingMode.VELOCITY:
            wheels[plan.id] = 0
        elif plan.id in present:
            ticks = present[plan.id]
            least, greatest = plan.position_limits or (ticks, ticks)
            positions |= dict.fromkeys(unit.ids, min(max(ticks, least), greatest))
    positions = {servo_id: ticks for servo_id, ticks in positions.items() if servo_id in obeying}
    return [(GOAL_POSITION, positions), (GOAL_VELOCITY, wheels)]


def that_have(
    wanted: Sequence[Goals], bus: DynamixelBus, servo_ids: Sequence[int], *, units: Mapping[int, Unit]
) -> set[int]:
    """Those of some servos whose whole axis has exactly the goals that were written and nobody acknowledged.

    Args:
        wanted: the goals as they were written.
        bus: the line; one read is made.
        servo_ids: those asked.
        units: the axis of each servo, by id.

    Raises:
        LineLostError: when the line is gone.
    """
    found = bus.sync_read(servo_ids, GOALS_ADDRESS, GOALS_SIZE)

    def has(servo_id: int, register: Register, value: int) -> bool:
        start = register.address - GOALS_ADDRESS
        return register.decode(found[servo_id][start : start + register.size]) == value

    obeyed = {
        i for i in found if all(has(i, register, values[i]) for register, values in wanted if i in values)
    }
    return {i for i in obeyed if obeyed.issuperset(units[i].ids)}
