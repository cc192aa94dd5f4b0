"""The registers of an X-series servo: where each one is, its size, who may write it and which values it takes.

Addresses, sizes, ranges and factory values are those of the published control tables of the XM430 and XM540
(Protocol 2.0); what an XL430 or XC430 has instead of current is not modelled beyond its name.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

TICKS_PER_TURN: Final = 4096
TICKS_PER_RAD: Final = TICKS_PER_TURN / (2 * math.pi)
VELOCITY_UNIT_RAD_S: Final = 0.229 * 2 * math.pi / 60
CURRENT_UNIT_A: Final = 2.69e-3
WATCHDOG_UNIT_NS: Final = 20_000_000
WATCHDOG_TRIPPED: Final = -1
NO_SECONDARY_ID: Final = 255
TABLE_SIZE: Final = 147
FIRST_RAM_ADDRESS: Final = 64

MODE_CURRENT: Final = 0
MODE_VELOCITY: Final = 1
MODE_POSITION: Final = 3
MODE_EXTENDED_POSITION: Final = 4
MODE_CURRENT_BASED_POSITION: Final = 5

DRIVE_MODE_REVERSE: Final = 0x01

ERROR_VOLTAGE: Final = 0x01
ERROR_OVERHEATING: Final = 0x04
ERROR_OVERLOAD: Final = 0x20

BAUD_BY_CODE: Final = {
    0: 9_600,
    1: 57_600,
    2: 115_200,
    3: 1_000_000,
    4: 2_000_000,
    5: 3_000_000,
    6: 4_000_000,
}
CODE_BY_BAUD: Final = {baud: code for code, baud in BAUD_BY_CODE.items()}


@dataclass(frozen=True, slots=True)
class Register:
    """One register: little-endian, `size` bytes at `address`, with `low` ≤ value ≤ `high` where it may be written."""

    address: int
    size: int
    factory: int = 0
    low: int = 0
    high: int = 0
    writable: bool = True
    signed: bool = False

    @property
    def end(self) -> int:
        """The address after its last byte."""
        return self.address + self.size


def _read_only(address: int, size: int, factory: int = 0, *, signed: bool = False) -> Register:
    return Register(address, size, factory, writable=False, signed=signed)


# -- EEPROM: kept without power, refused while the torque is on ------------------------------------------------------
MODEL_NUMBER: Final = _read_only(0, 2)
MODEL_INFORMATION: Final = _read_only(2, 4)
FIRMWARE_VERSION: Final = _read_only(6, 1)
ID: Final = Register(7, 1, factory=1, high=252)
BAUD_RATE: Final = Register(8, 1, factory=1, high=6)
RETURN_DELAY: Final = Register(9, 1, factory=250, high=254)
DRIVE_MODE: Final = Register(10, 1, high=13)
OPERATING_MODE: Final = Register(11, 1, factory=MODE_POSITION, high=16)
SECONDARY_ID: Final = Register(12, 1, factory=NO_SECONDARY_ID, high=255)
PROTOCOL_TYPE: Final = Register(13, 1, factory=2, low=2, high=2)
HOMING_OFFSET: Final = Register(20, 4, low=-1_044_479, high=1_044_479, signed=True)
MOVING_THRESHOLD: Final = Register(24, 4, factory=10, high=1023)
TEMPERATURE_LIMIT: Final = Register(31, 1, factory=80, high=100)
MAX_VOLTAGE_LIMIT: Final = Register(32, 2, factory=160, low=95, high=160)
MIN_VOLTAGE_LIMIT: Final = Register(34, 2, factory=95, low=95, high=160)
PWM_LIMIT: Final = Register(36, 2, factory=885, high=885)
CURRENT_LIMIT: Final = Register(38, 2, high=2047)
VELOCITY_LIMIT: Final = Register(44, 4, factory=1023, high=1023)
MAX_POSITION_LIMIT: Final = Register(48, 4, factory=4095, high=4095)
MIN_POSITION_LIMIT: Final = Register(52, 4, factory=0, high=4095)
STARTUP_CONFIGURATION: Final = Register(60, 1, high=3)
SHUTDOWN: Final = Register(63, 1, factory=0x34, high=0x3D)

# -- RAM: back to these values after power-up and reboot -------------------------------------------------------------
TORQUE_ENABLE: Final = Register(64, 1, high=1)
LED: Final = Register(65, 1, high=1)
STATUS_RETURN_LEVEL: Final = Register(68, 1, factory=2, high=2)
REGISTERED_INSTRUCTION: Final = _read_only(69, 1)
HARDWARE_ERROR: Final = _read_only(70, 1)
VELOCITY_I_GAIN: Final = Register(76, 2, factory=1920, high=16_383)
VELOCITY_P_GAIN: Final = Register(78, 2, factory=100, high=16_383)
POSITION_D_GAIN: Final = Register(80, 2, high=16_383)
POSITION_I_GAIN: Final = Register(82, 2, high=16_383)
POSITION_P_GAIN: Final = Register(84, 2, factory=800, high=16_383)
FEEDFORWARD_2ND_GAIN: Final = Register(88, 2, high=16_383)
FEEDFORWARD_1ST_GAIN: Final = Register(90, 2, high=16_383)
BUS_WATCHDOG: Final = Register(98, 1, high=127, signed=True)
GOAL_PWM: Final = Register(100, 2, factory=885, low=-885, high=885, signed=True)
GOAL_CURRENT: Final = Register(102, 2, low=-2047, high=2047, signed=True)
GOAL_VELOCITY: Final = Register(104, 4, low=-1023, high=1023, signed=True)
PROFILE_ACCELERATION: Final = Register(108, 4, high=32_767)
PROFILE_VELOCITY: Final = Register(112, 4, high=32_767)
GOAL_POSITION: Final = Register(116, 4, low=-1_048_575, high=1_048_575, signed=True)
REALTIME_TICK: Final = _read_only(120, 2)
MOVING: Final = _read_only(122, 1)
MOVING_STATUS: Final = _read_only(123, 1)
PRESENT_PWM: Final = _read_only(124, 2, signed=True)
PRESENT_CURRENT: Final = _read_only(126, 2, signed=True)
PRESENT_VELOCITY: Final = _read_only(128, 4, signed=True)
PRESENT_POSITION: Final = _read_only(132, 4, signed=True)
VELOCITY_TRAJECTORY: Final = _read_only(136, 4, signed=True)
POSITION_TRAJECTORY: Final = _read_only(140, 4, signed=True)
PRESENT_VOLTAGE: Final = _read_only(144, 2, factory=120)
PRESENT_TEMPERATURE: Final = _read_only(146, 1, factory=32)

REGISTERS: Final[tuple[Register, ...]] = tuple(
    value for value in dict(vars()).values() if isinstance(value, Register)
)
BY_ADDRESS: Final[dict[int, Register]] = {register.address: register for register in REGISTERS}

GOALS: Final = frozenset({GOAL_PWM, GOAL_CURRENT, GOAL_VELOCITY, GOAL_POSITION})


@dataclass(frozen=True, slots=True)
class Model:
    """What differs between models: the number that a ping tells, and the highest current limit in register units."""

    number: int
    max_current: int


MODELS: Final[dict[str, Model]] = {
    "XM540-W270": Model(number=1120, max_current=2047),
    "XM430-W350": Model(number=1020, max_current=1193),
    "XL430-W250": Model(number=1060, max_current=1193),
    "XC430-W240": Model(number=1080, max_current=1193),
}


class ControlTable:
    """The bytes of one servo's table; says nothing of who may write what."""

    def __init__(self) -> None:
        self._bytes = bytearray(TABLE_SIZE)
        for register in REGISTERS:
            self.put(register, register.factory)

    def get(self, register: Register) -> int:
        """A register's value."""
        data = self._bytes[register.address : register.end]
        return int.from_bytes(data, "little", signed=register.signed)

    def put(self, register: Register, value: int) -> None:
        """Set a register's value, as the servo's own firmware does.

        Raises:
            OverflowError: when the value does not fit its bytes.
        """
        data = value.to_bytes(register.size, "little", signed=register.signed or value < 0)
        self._bytes[register.address : register.end] = data

    def bytes_at(self, address: int, length: int) -> bytes:
        """A run of bytes; those between registers read zero."""
        return bytes(self._bytes[address : address + length])

    def restore_ram(self) -> None:
        """Back to the values after power-up; goals of current and PWM start at their limits, as on the servo."""
        for register in REGISTERS:
            if register.address >= FIRST_RAM_ADDRESS:
                self.put(register, register.factory)
        self.put(GOAL_PWM, self.get(PWM_LIMIT))
        self.put(GOAL_CURRENT, self.get(CURRENT_LIMIT))
