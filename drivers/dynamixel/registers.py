"""The control table of the X series (Protocol 2.0) as typed values, and the units of its numbers.

Source: ROBOTIS e-manual, control tables of XM540-W270, XM430-W350, XL430-W250 and XC430-W240.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum, IntFlag

import numpy as np

TICKS_PER_TURN = 4096
RAD_PER_TICK = 2.0 * math.pi / TICKS_PER_TURN
RAD_S_PER_UNIT = 0.229 * 2.0 * math.pi / 60.0
"""Velocities count 0.229 turns a minute."""
VOLT_PER_UNIT = 0.1
LOAD_PER_UNIT = 0.001
"""Load counts thousandths of the greatest torque, on models that do not measure current."""


@dataclass(frozen=True, slots=True)
class Register:
    """One entry of the control table.

    Attributes:
        name: as a person would say it.
        address: first byte.
        size: bytes, 1, 2 or 4, little-endian.
        signed: whether the number is in two's complement.
        eeprom: whether it outlives a power cycle and is locked while torque is on.
    """

    name: str
    address: int
    size: int
    signed: bool = False
    eeprom: bool = False

    def encode(self, value: int) -> list[int]:
        """The value as little-endian bytes.

        Raises:
            OverflowError: when the value does not fit in the register's bytes.
        """
        return list(int(value).to_bytes(self.size, "little", signed=self.signed))

    def decode(self, data: bytes) -> int:
        """The number in `size` little-endian bytes."""
        return int.from_bytes(data, "little", signed=self.signed)


RETURN_DELAY = Register("return delay", 9, 1, eeprom=True)
DRIVE_MODE = Register("drive mode", 10, 1, eeprom=True)
OPERATING_MODE = Register("operating mode", 11, 1, eeprom=True)
SECONDARY_ID = Register("secondary id", 12, 1, eeprom=True)
HOMING_OFFSET = Register("homing offset", 20, 4, signed=True, eeprom=True)
TEMPERATURE_LIMIT = Register("temperature limit", 31, 1, eeprom=True)
MAX_VOLTAGE = Register("maximum voltage", 32, 2, eeprom=True)
MIN_VOLTAGE = Register("minimum voltage", 34, 2, eeprom=True)
CURRENT_LIMIT = Register("current limit", 38, 2, eeprom=True)
VELOCITY_LIMIT = Register("velocity limit", 44, 4, eeprom=True)
MAX_POSITION = Register("maximum position", 48, 4, eeprom=True)
MIN_POSITION = Register("minimum position", 52, 4, eeprom=True)
TORQUE_ENABLE = Register("torque", 64, 1)
HARDWARE_ERROR = Register("hardware error", 70, 1)
BUS_WATCHDOG = Register("bus watchdog", 98, 1, signed=True)
GOAL_CURRENT = Register("goal current", 102, 2, signed=True)
GOAL_VELOCITY = Register("goal velocity", 104, 4, signed=True)
PROFILE_ACCELERATION = Register("profile acceleration", 108, 4)
PROFILE_VELOCITY = Register("profile velocity", 112, 4)
GOAL_POSITION = Register("goal position", 116, 4, signed=True)
MOVING = Register("moving", 122, 1)
MOVING_STATUS = Register("moving status", 123, 1)
PRESENT_PWM = Register("present PWM", 124, 2, signed=True)
PRESENT_CURRENT = Register("present current", 126, 2, signed=True)
PRESENT_VELOCITY = Register("present velocity", 128, 4, signed=True)
PRESENT_POSITION = Register("present position", 132, 4, signed=True)
VOLTAGE = Register("voltage", 144, 2)
TEMPERATURE = Register("temperature", 146, 1)

STATE_DTYPE = np.dtype([("current", "<i2"), ("velocity", "<i4"), ("position", "<i4")])
"""Current, velocity and position lie side by side, so one read of ten bytes brings all three."""
STATE_SIZE = STATE_DTYPE.itemsize
STATE_END = PRESENT_CURRENT.address + STATE_SIZE
STATE_STARTS = tuple(start.address for start in (PRESENT_CURRENT, PRESENT_PWM, MOVING_STATUS, MOVING))
"""Where state reads begin, in turn; all end with the position. Protocol 2.0 numbers no packet, so a reply's length has
to tell which of the last reads it answers: with four lengths one that is three ticks late is still told from a new one.
"""

SETTINGS_ADDRESS = RETURN_DELAY.address
SETTINGS_SIZE = MIN_POSITION.address + MIN_POSITION.size - SETTINGS_ADDRESS
"""From the return delay to the position limits in one read: what this program sets in the EEPROM."""

GOALS_ADDRESS = GOAL_CURRENT.address
GOALS_SIZE = GOAL_POSITION.address + GOAL_POSITION.size - GOALS_ADDRESS
"""From the goal of current to that of position in one read."""

CONDITION_ADDRESS = TORQUE_ENABLE.address
CONDITION_SIZE = TEMPERATURE.address + 1 - CONDITION_ADDRESS
"""From torque to temperature in one read: whether the servo holds, its error, its watchdog, voltage, temperature."""

WATCHDOG_MS_PER_UNIT = 20
WATCHDOG_TRIPPED = -1
NO_SECONDARY_ID = 255
REVERSE = 0x01
"""The bit of the drive mode that turns the direction around."""


class OperatingMode(IntEnum):
    """What a servo makes of its goals."""

    CURRENT = 0
    VELOCITY = 1
    POSITION = 3
    EXTENDED_POSITION = 4
    CURRENT_BASED_POSITION = 5
    PWM = 16


class HardwareError(IntFlag):
    """Bits of the hardware-error byte. With any of them set the servo is limp until it is rebooted."""

    VOLTAGE = 1 << 0
    OVERHEATING = 1 << 2
    ENCODER = 1 << 3
    SHOCK = 1 << 4
    OVERLOAD = 1 << 5


@dataclass(frozen=True, slots=True)
class Model:
    """What differs from model to model.

    Attributes:
        number: the model number a ping brings.
        ampere_per_unit: of currents; None where register 126 is load and there is neither current limit nor goal.
        max_current_units: the largest current limit it takes.
    """

    number: int
    ampere_per_unit: float | None
    max_current_units: int = 0

    @property
    def measures_current(self) -> bool:
        """Whether current can be read, limited and commanded."""
        return self.ampere_per_unit is not None


MODELS = {
    "XM540-W270": Model(1120, 0.00269, 2047),
    "XM430-W350": Model(1020, 0.00269, 1193),
    "XL430-W250": Model(1060, None),
    "XC430-W240": Model(1080, None),
}


def current_units(ampere: float, model: Model) -> int:
    """A current as the servo counts it, at most what the model can take; for models that measure current."""
    if model.ampere_per_unit is None:
        raise ValueError(f"model {model.number} measures load, not current; it takes no current in ampere")
    return min(model.max_current_units, round(ampere / model.ampere_per_unit))
