"""Which writes a servo refuses, and with which error number of the status packet."""

from __future__ import annotations

from typing import Final

from drivers.sim import control_table as ct
from drivers.sim import protocol

MODES: Final = frozenset(
    {
        ct.MODE_CURRENT,
        ct.MODE_VELOCITY,
        ct.MODE_POSITION,
        ct.MODE_EXTENDED_POSITION,
        ct.MODE_CURRENT_BASED_POSITION,
    }
)
"""PWM mode (16) is not simulated and is refused as a value out of range."""

_LIMITS: Final = {
    ct.GOAL_PWM: ct.PWM_LIMIT,
    ct.GOAL_CURRENT: ct.CURRENT_LIMIT,
    ct.GOAL_VELOCITY: ct.VELOCITY_LIMIT,
}


def refusal(table: ct.ControlTable, model: ct.Model, register: ct.Register, value: int) -> int:
    """The error number for which a value is refused in a writable register; 0 when it is taken."""
    if register.address < ct.FIRST_RAM_ADDRESS and table.get(ct.TORQUE_ENABLE):
        return protocol.ACCESS_ERROR
    if not register.low <= value <= register.high:
        return protocol.DATA_RANGE_ERROR
    if register is ct.OPERATING_MODE and value not in MODES:
        return protocol.DATA_RANGE_ERROR
    if register is ct.CURRENT_LIMIT and value > model.max_current:
        return protocol.DATA_RANGE_ERROR
    if register is ct.TORQUE_ENABLE and value and table.get(ct.HARDWARE_ERROR) & table.get(ct.SHUTDOWN):
        return protocol.RESULT_FAIL
    # A tripped watchdog takes nothing but the 0 that clears it.
    tripped = table.get(ct.BUS_WATCHDOG) == ct.WATCHDOG_TRIPPED
    if tripped and (register in ct.GOALS or (register is ct.BUS_WATCHDOG and value)):
        return protocol.ACCESS_ERROR
    limit = _LIMITS.get(register)
    if limit is not None and abs(value) > table.get(limit):
        return protocol.DATA_LIMIT_ERROR
    if register is ct.GOAL_POSITION and table.get(ct.OPERATING_MODE) == ct.MODE_POSITION:
        low, high = table.get(ct.MIN_POSITION_LIMIT), table.get(ct.MAX_POSITION_LIMIT)
        if not low <= value <= high:
            return protocol.DATA_LIMIT_ERROR
    return 0
