"""Named faults: a servo's condition as it tells it, and the book of what ails one line now."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from drivers.dynamixel.registers import (
    BUS_WATCHDOG,
    CONDITION_ADDRESS,
    HARDWARE_ERROR,
    PRESENT_CURRENT,
    TEMPERATURE,
    TORQUE_ENABLE,
    VOLT_PER_UNIT,
    VOLTAGE,
    WATCHDOG_TRIPPED,
    HardwareError,
    Register,
)
from drivers.errors import DriverError, ShadowMisalignedError
from drivers.measurement import Fault

CODES = {
    HardwareError.OVERLOAD: "overload",
    HardwareError.OVERHEATING: "overheating",
    HardwareError.VOLTAGE: "voltage",
    HardwareError.ENCODER: "encoder",
    HardwareError.SHOCK: "shock",
}
"""Names of the hardware errors, the likeliest to need a hand first."""

REMEDIES = {
    "overload": "take the load off the joint, then reboot the servo",
    "overheating": "let it cool down, then reboot it",
    "voltage": "check the power supply and its cable, then reboot the servo",
    "encoder": "reboot it; if it comes back, the servo's encoder is broken",
    "shock": "check the supply for shorts, then reboot it; if it comes back, the servo is broken",
}
REFUSALS = ("shadow", "settings")
"""Codes of what keeps an axis from being set up."""
WATCHDOG_SHOWN_S = 2.0
"""How long a tripped and reset watchdog stays in the book."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What one read of a servo's condition registers tells."""

    torque_on: bool
    hardware_error: HardwareError
    watchdog_armed: bool
    watchdog_tripped: bool
    voltage_v: float
    temperature_c: float
    current_units: int

    @classmethod
    def parse(cls, data: bytes) -> Condition:
        """From the `CONDITION_SIZE` bytes at `CONDITION_ADDRESS`."""

        def value(register: Register) -> int:
            start = register.address - CONDITION_ADDRESS
            return register.decode(data[start : start + register.size])

        return cls(
            torque_on=bool(value(TORQUE_ENABLE)),
            hardware_error=HardwareError(value(HARDWARE_ERROR)),
            watchdog_armed=value(BUS_WATCHDOG) > 0,
            watchdog_tripped=value(BUS_WATCHDOG) == WATCHDOG_TRIPPED,
            voltage_v=value(VOLTAGE) * VOLT_PER_UNIT,
            temperature_c=float(value(TEMPERATURE)),
            current_units=value(PRESENT_CURRENT),
        )

    @property
    def codes(self) -> tuple[str, ...]:
        """The names of its hardware errors; none when it is well."""
        return tuple(code for bit, code in CODES.items() if self.hardware_error & bit)


class FaultBook:
    """What ails one line and its servos now.

    Args:
        bus: name of the bus.
        path: its device path.
        labels: what a person calls each servo, by id.
    """

    def __init__(self, bus: str, *, path: str, labels: Mapping[int, str]) -> None:
        self._bus = bus
        self._path = path
        self._labels = labels
        self._faults: dict[tuple[int | None, str], Fault] = {}
        self._watchdog_ns = 0

    def current(self) -> tuple[Fault, ...]:
        """Every fault there is now."""
        if time.monotonic_ns() - self._watchdog_ns > WATCHDOG_SHOWN_S * 1e9:
            self._faults.pop((None, "watchdog"), None)
        return tuple(self._faults.values())

    def clear(self, servo_ids: Iterable[int] | None = None) -> None:
        """Forget the faults of some servos, or all."""
        ids = None if servo_ids is None else set(servo_ids)
        self._faults = {
            key: fault for key, fault in self._faults.items() if ids is not None and key[0] not in ids
        }

    def broken(self, servo_id: int) -> bool:
        """Whether a servo has a known hardware error."""
        return any((servo_id, code) in self._faults for code in REMEDIES)

    def refused(self) -> set[int]:
        """The masters of the axes that were not set up, because of how they are; they take no goals."""
        return {servo_id for servo_id, code in self._faults if servo_id is not None and code in REFUSALS}

    def lost(self, error: DriverError) -> None:
        """The line is gone; nothing else is known any more."""
        self._faults.clear()
        self._add(None, "lost", error.problem, error.remedy)

    def watchdog(self, watchdog_ms: int) -> None:
        """The servos' watchdog had tripped, and was reset."""
        self._watchdog_ns = time.monotonic_ns()
        message = f"nothing reached {self._bus} for {watchdog_ms} ms; its servos stopped, and hold now"
        remedy = "nothing to do now; if it comes back, the computer is too busy for the control loop"
        self._add(None, "watchdog", message, remedy)

    def silent(self, servo_id: int) -> None:
        """A servo does not answer."""
        message = f"no reply from {self._named(servo_id)} on {self._path}"
        self._add(servo_id, "silent", message, "check its cable and power; it is taken up again by itself")

    def torque_off(self, servo_id: int) -> None:
        """A servo that should hold did not."""
        message = f"{self._named(servo_id)} on {self._path} had no torque"
        remedy = "it is being set up again where it stands; check its cable if this comes back"
        self._add(servo_id, "torque off", message, remedy)

    def torque_not_wanted(self) -> None:
        """Nothing should hold any more, so nothing fails to."""
        self._faults = {key: fault for key, fault in self._faults.items() if key[1] != "torque off"}

    def refusal(self, servo_id: int, error: DriverError) -> None:
        """A servo answers and cannot be set up."""
        code = "shadow" if isinstance(error, ShadowMisalignedError) else "settings"
        self._add(servo_id, code, error.problem, error.remedy)

    def condition(self, servo_id: int, condition: Condition) -> None:
        """The hardware errors that a servo has now, and none that it had before."""
        for code in REMEDIES:
            self._faults.pop((servo_id, code), None)
        for code in condition.codes:
            seen = f"{condition.voltage_v:.1f} V, {condition.temperature_c:.0f} °C"
            message = f"{code} on {self._named(servo_id)}: {seen}"
            self._add(servo_id, code, message, REMEDIES[code], needs_reboot=True)

    def _named(self, servo_id: int) -> str:
        return f"servo {servo_id} ({self._labels[servo_id]})"

    def _add(
        self, servo_id: int | None, code: str, message: str, remedy: str, *, needs_reboot: bool = False
    ) -> None:
        self._faults[servo_id, code] = Fault(
            bus=self._bus,
            servo_id=servo_id,
            label=self._bus if servo_id is None else self._labels[servo_id],
            code=code,
            message=message,
            remedy=remedy,
            needs_reboot=needs_reboot,
        )
