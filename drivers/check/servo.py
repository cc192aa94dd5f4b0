"""What one servo tells of itself, and what is wrong with it. Reads only: nothing is written, nothing moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from drivers.check.expected import ExpectedAxis
from drivers.check.finding import Finding, fail, warn
from drivers.check.search import model_name
from drivers.dynamixel.bus import DynamixelBus
from drivers.dynamixel.faults import CODES, REMEDIES, Condition
from drivers.dynamixel.registers import (
    CONDITION_ADDRESS,
    CONDITION_SIZE,
    DRIVE_MODE,
    HOMING_OFFSET,
    MODELS,
    NO_SECONDARY_ID,
    OPERATING_MODE,
    PRESENT_POSITION,
    RAD_PER_TICK,
    RETURN_DELAY,
    REVERSE,
    SECONDARY_ID,
    VOLT_PER_UNIT,
    Register,
)
from drivers.dynamixel.setup import SHADOW_TOLERANCE_TICKS, ServoPlan

MODEL_NUMBER = Register("model number", 0, 2, eeprom=True)
FIRMWARE = Register("firmware", 6, 1, eeprom=True)
TEMPERATURE_LIMIT = Register("temperature limit", 31, 1, eeprom=True)
MAX_VOLTAGE = Register("highest voltage", 32, 2, eeprom=True)
MIN_VOLTAGE = Register("lowest voltage", 34, 2, eeprom=True)
EEPROM_SIZE = MIN_VOLTAGE.address + MIN_VOLTAGE.size
"""Model, firmware, settings and limits lie in one run from address 0."""

LAST_ID = 252

WARM_C = 15.0
"""Warned of when a servo is within this of its own limit."""

SUPPLY_V = (11.0, 13.2)
"""12 V, 10 % either way: outside it the supply sags or is another one, although the servos still take it."""

BEYOND_RAD = 0.05
"""How far past a limit a joint may stand before it is worth a word: backlash, and a limit's own rounding."""


@dataclass(frozen=True, slots=True)
class ServoFacts:
    """What was read of one servo.

    Attributes:
        eeprom: the first `EEPROM_SIZE` bytes of its control table.
        condition: torque, hardware error, voltage, temperature.
        position_ticks: where it stands.
    """

    eeprom: bytes
    condition: Condition
    position_ticks: int

    @classmethod
    def read(cls, bus: DynamixelBus, servo_id: int) -> ServoFacts:
        """Ask a servo; raises as `DynamixelBus.read`."""
        eeprom = bus.read_bytes(servo_id, 0, EEPROM_SIZE)
        data = bus.read_bytes(servo_id, CONDITION_ADDRESS, CONDITION_SIZE)
        start = PRESENT_POSITION.address - CONDITION_ADDRESS
        position = PRESENT_POSITION.decode(data[start : start + PRESENT_POSITION.size])
        return cls(eeprom, Condition.parse(data), position)

    def setting(self, register: Register) -> int:
        """A register of the first part of the table."""
        return register.decode(self.eeprom[register.address : register.address + register.size])

    def summary(self) -> str:
        """The servo in one line."""
        condition = self.condition
        torque = "torque on" if condition.torque_on else "torque off"
        model = model_name(self.setting(MODEL_NUMBER))
        supply = f"{condition.voltage_v:.1f} V, {condition.temperature_c:.0f} °C"
        return f"{model}, firmware {self.setting(FIRMWARE)}, {supply}, {torque}"


def servo_findings(device: str, plan: ServoPlan, facts: ServoFacts, *, leads: bool) -> Iterator[Finding]:
    """What is wrong with a servo by itself; nothing when it is well."""
    number = facts.setting(MODEL_NUMBER)
    if number != MODELS[plan.model].number:
        yield fail(
            device,
            "is another model",
            value=f"{model_name(number)}, the profile says {plan.model}",
            remedy="correct its `model` in the profile, or look for a wrong id or a swapped cable",
        )
    yield from _errors(device, facts.condition)
    yield from _supply(device, facts)
    yield from _heat(device, facts)
    if leads and facts.condition.torque_on:
        yield warn(
            device,
            "has its torque on",
            value="a leader is moved by hand, with torque off",
            remedy="it is switched off when the robot is connected; hold the arm then, it gives way",
        )
    if facts.condition.watchdog_tripped:
        yield warn(
            device,
            "was stopped by its bus watchdog",
            value="the program that drove it went away",
            remedy="nothing to do: it is cleared when the robot is connected",
        )


def settings_to_change(unit_plans: tuple[ServoPlan, ...], place: int, facts: ServoFacts) -> list[str]:
    """The settings that connecting would write into a servo, such as `return delay 250 → 0`."""
    plan = unit_plans[place]
    wanted = {RETURN_DELAY: 0, SECONDARY_ID: unit_plans[0].id if place else NO_SECONDARY_ID}
    if plan.mode is not None:
        wanted[OPERATING_MODE] = int(plan.mode)
    changes = []
    for register, value in wanted.items():
        seen = facts.setting(register)
        # Every id above the last one means "none".
        is_same = seen == value or (register is SECONDARY_ID and value == NO_SECONDARY_ID and seen > LAST_ID)
        if not is_same:
            changes.append(f"{register.name} {seen} → {value}")
    return changes


def axis_findings(device: str, expected: ExpectedAxis, facts: list[ServoFacts]) -> Iterator[Finding]:
    """What is wrong with an axis as a whole: where it stands, and whether its two servos agree."""
    if len(facts) == 2:
        yield from _shadow(device, facts[0], facts[1])
    axis = expected.axis
    if axis is None:
        return
    value = (facts[0].position_ticks - axis.zero_ticks) * axis.value_per_tick
    margin = BEYOND_RAD * abs(axis.value_per_tick) / RAD_PER_TICK
    if not axis.minimum - margin <= value <= axis.maximum + margin:
        yield warn(
            device,
            "stands outside its limits",
            value=f"{value:.2f}, the profile allows {axis.minimum:.2f} to {axis.maximum:.2f} {expected.value_unit}",
            remedy="move it inside by hand with torque off; if it is inside already, correct `zero_ticks`, `inverted` "
            "or the limits in the profile",
        )


def _errors(device: str, condition: Condition) -> Iterator[Finding]:
    for bit, code in CODES.items():
        if condition.hardware_error & bit:
            yield fail(device, "has a hardware error", value=code, remedy=REMEDIES[code])


def _supply(device: str, facts: ServoFacts) -> Iterator[Finding]:
    volts = facts.condition.voltage_v
    lowest, highest = (facts.setting(register) * VOLT_PER_UNIT for register in (MIN_VOLTAGE, MAX_VOLTAGE))
    if not lowest <= volts <= highest:
        yield fail(
            device,
            "has a wrong supply",
            value=f"{volts:.1f} V, it takes {lowest:.1f} to {highest:.1f} V",
            remedy="check the power supply, its cable and plugs",
        )
    elif not SUPPLY_V[0] <= volts <= SUPPLY_V[1]:
        yield warn(
            device,
            "has an unusual supply",
            value=f"{volts:.1f} V, usual is {SUPPLY_V[0]:.1f} to {SUPPLY_V[1]:.1f} V",
            remedy="check that the supply is a 12 V one, strong enough, and its cable short and thick",
        )


def _heat(device: str, facts: ServoFacts) -> Iterator[Finding]:
    celsius, limit = facts.condition.temperature_c, facts.setting(TEMPERATURE_LIMIT)
    if celsius >= limit:
        yield fail(
            device,
            "is too hot",
            value=f"{celsius:.0f} °C, it shuts down at {limit} °C",
            remedy="switch its torque off in a rest pose and let it cool for 20 minutes",
        )
    elif celsius >= limit - WARM_C:
        yield warn(
            device,
            "is hot",
            value=f"{celsius:.0f} °C, it shuts down at {limit} °C",
            remedy="rest the arm for a while; look for a joint that works against a stop",
        )


def _shadow(device: str, master: ServoFacts, shadow: ServoFacts) -> Iterator[Finding]:
    is_mirrored = (master.setting(DRIVE_MODE) ^ shadow.setting(DRIVE_MODE)) & REVERSE
    if not is_mirrored:
        yield warn(
            device,
            "has a shadow servo that is not set up",
            value="both turn the same way",
            remedy="nothing to do: its drive mode is set when the robot is connected; check again after that",
        )
        return
    behind_ticks = master.position_ticks - shadow.position_ticks
    if abs(behind_ticks) > SHADOW_TOLERANCE_TICKS:
        apart_rad, allowed_rad = abs(behind_ticks) * RAD_PER_TICK, SHADOW_TOLERANCE_TICKS * RAD_PER_TICK
        offset = shadow.setting(HOMING_OFFSET)
        yield fail(
            device,
            "has two servos that disagree",
            value=f"{apart_rad:.2f} rad apart, at most {allowed_rad:.2f} is allowed",
            remedy=f"set the shadow's homing offset, now {offset}, to {offset + behind_ticks} (DYNAMIXEL Wizard); with "
            "torque on they would fight each other",
        )
