"""Named faults from a servo's condition."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.dynamixel.registers import (
    BUS_WATCHDOG,
    CONDITION_ADDRESS,
    HARDWARE_ERROR,
    TEMPERATURE,
    TORQUE_ENABLE,
    VOLT_PER_UNIT,
    VOLTAGE,
    WATCHDOG_TRIPPED,
    HardwareError,
    Register,
)

CODES = {
    HardwareError.OVERLOAD: "overload",
    HardwareError.OVERHEATING: "overheating",
    HardwareError.VOLTAGE: "voltage",
    HardwareError.ENCODER: "encoder",
    HardwareError.SHOCK: "shock",
}
REMEDIES = {
    "overload": "take the load off the joint, then reboot the servo",
    "overheating": "let it cool down, then reboot it",
    "voltage": "check the power supply and its cable, then reboot the servo",
    "encoder": "reboot it; if it comes back, the servo's encoder is broken",
    "shock": "check the supply for shorts, then reboot it; if it comes back, the servo is broken",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """What one read of a servo's condition registers tells."""

    torque_on: bool
    hardware_error: HardwareError
    watchdog_tripped: bool
    voltage_v: float
    temperature_c: float

    @classmethod
    def parse(cls, data: bytes) -> Condition:
        """From the `CONDITION_SIZE` bytes at `CONDITION_ADDRESS`."""

        def value(register: Register) -> int:
            start = register.address - CONDITION_ADDRESS
            return register.decode(data[start : start + register.size])

        return cls(
            torque_on=bool(value(TORQUE_ENABLE)),
            hardware_error=HardwareError(value(HARDWARE_ERROR)),
            watchdog_tripped=value(BUS_WATCHDOG) == WATCHDOG_TRIPPED,
            voltage_v=value(VOLTAGE) * VOLT_PER_UNIT,
            temperature_c=float(value(TEMPERATURE)),
        )

    @property
    def code(self) -> str | None:
        """The gravest hardware error's name; None when the servo is well."""
        return next((code for bit, code in CODES.items() if self.hardware_error & bit), None)
