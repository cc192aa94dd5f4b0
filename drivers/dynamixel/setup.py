"""Bringing servos up: the settings each must have, and torque on without a jump.

The work is a generator that yields after every transaction, so that it can be run to its end at connection and one
transaction a tick inside the control loop. A setting that needs torque off is written only where it differs: a robot
that still holds itself up when this program starts is not let fall.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import TypeVar

from drivers.dynamixel.bus import DynamixelBus
from drivers.dynamixel.health import ServoLimits
from drivers.dynamixel.registers import (
    BUS_WATCHDOG,
    CURRENT_LIMIT,
    DRIVE_MODE,
    GOAL_CURRENT,
    GOAL_POSITION,
    GOAL_VELOCITY,
    HARDWARE_ERROR,
    MAX_POSITION,
    MAX_VOLTAGE,
    MIN_POSITION,
    MIN_VOLTAGE,
    MODELS,
    NO_SECONDARY_ID,
    OPERATING_MODE,
    PRESENT_POSITION,
    PROFILE_ACCELERATION,
    PROFILE_VELOCITY,
    RAD_PER_TICK,
    RETURN_DELAY,
    REVERSE,
    SECONDARY_ID,
    SETTINGS_ADDRESS,
    SETTINGS_SIZE,
    TEMPERATURE_LIMIT,
    TICKS_PER_TURN,
    TORQUE_ENABLE,
    VELOCITY_LIMIT,
    VOLT_PER_UNIT,
    OperatingMode,
    Register,
    current_units,
)
from drivers.errors import CorruptReplyError, NoReplyError, ShadowMisalignedError, WrongServoError

SHADOW_TOLERANCE_TICKS = 114
"""Ten degrees: more than backlash and a hand's pull, less than a shadow a spline tooth off."""
EASE_RAD_S = 1.0
"""A third of what an arm may do, so that there is time to step back."""
BOOT_S = 0.3
BOOT_LIMIT_S = 5.0
SETTINGS = (
    RETURN_DELAY,
    DRIVE_MODE,
    OPERATING_MODE,
    SECONDARY_ID,
    CURRENT_LIMIT,
    VELOCITY_LIMIT,
    MAX_POSITION,
    MIN_POSITION,
)
"""What is set in the EEPROM, all of it between `SETTINGS_ADDRESS` and the end of `SETTINGS_SIZE` bytes."""
TRIES = 4
"""Of each transaction: setting up makes some hundred of them, and one lost packet must not fail a servo."""

T = TypeVar("T")
Steps = Generator[None, None, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServoPlan:
    """What one servo must be set to.

    Attributes:
        id: its id on the bus.
        label: what a person calls it, such as `left elbow`.
        model: its model's name, a key of `MODELS`.
        mode: operating mode; None leaves it as it is.
        powered: whether torque is switched on at the end.
        current_limit_a: the most it may draw, for models that measure current.
        position_limits: least and greatest goal in ticks, for position mode.
        velocity_limit_units: greatest goal velocity, for velocity mode.
        ease_rad_s: how fast its goal walks to the command after it has taken hold.
    """

    id: int
    label: str
    model: str
    mode: OperatingMode | None
    powered: bool
    current_limit_a: float | None = None
    position_limits: tuple[int, int] | None = None
    velocity_limit_units: int | None = None
    ease_rad_s: float = EASE_RAD_S


@dataclass(frozen=True, slots=True)
class Unit:
    """The servos that turn one axis: a master, and a shadow that hears the master's id as its second one."""

    plans: tuple[ServoPlan, ...]

    @property
    def master(self) -> ServoPlan:
        """The servo whose goals and readings count."""
        return self.plans[0]

    @property
    def ids(self) -> tuple[int, ...]:
        """The servos' own ids, master first."""
        return tuple(plan.id for plan in self.plans)


def bring_up(bus: DynamixelBus, unit: Unit, *, found_off: set[int], torque: bool = True) -> Steps:
    """Set an axis up and, if it is to be powered and `torque` allows it, switch it on where it stands.

    Yields after every transaction.

    Args:
        bus: the open bus.
        unit: the axis.
        found_off: takes the ids that are found without torque: they may have lost their power, and with it their count
            of turns. It is told at once, because the next try would find the torque that one cut short switched on.
        torque: whether it may be switched on.

    Raises:
        NoReplyError, CorruptReplyError, ServoRefusedError, LineLostError: as `DynamixelBus.read`.
        WrongServoError: another model answers.
        ShadowMisalignedError: master and shadow disagree about the angle.
    """
    for plan in unit.plans:
        number = yield from _ping(bus, plan.id)
        if number != MODELS[plan.model].number:
            raise _wrong_model(bus, plan, number)
    holding = False
    for plan in unit.plans:
        if (yield from _read(bus, plan.id, TORQUE_ENABLE)):
            holding = True
        else:
            found_off.add(plan.id)
    master_drive_mode = 0
    for plan in unit.plans:
        settings = yield from _read_settings(bus, plan.id)
        drive_mode = settings[DRIVE_MODE] & REVERSE
        if plan is unit.master:
            master_drive_mode = drive_mode
        else:
            drive_mode = master_drive_mode ^ REVERSE
        for register, value in _eeprom(plan, unit, drive_mode):
            if settings[register] == value:
                continue
            if holding:
                yield from _write_all(bus, unit.ids, TORQUE_ENABLE, 0)
                holding = False
            yield from _write(bus, plan.id, register, value)
    yield from _check_shadow(bus, unit, holding=holding)
    for plan in unit.plans:
        for register, value in _ram(plan):
            yield from _write(bus, plan.id, register, value)
    if unit.master.powered and torque:
        yield from _switch_on(bus, unit)
    elif holding:
        yield from _write_all(bus, unit.ids, TORQUE_ENABLE, 0)


def reboot(
    bus: DynamixelBus, unit: Unit, servo_id: int, *, found_off: set[int], torque: bool = True
) -> Steps:
    """Restart one servo of an axis after a hardware error, then set the axis up again where it stands.

    Raises:
        NoReplyError: when it does not come back within `BOOT_LIMIT_S`; else as `bring_up`.
    """
    bus.exclude(servo_id)
    for _ in range(TRIES):
        yield from _restart(bus, servo_id)
        # The word to restart may have been lost on the way, and the error is then still there.
        if not (yield from _read(bus, servo_id, HARDWARE_ERROR)):
            break
    yield from bring_up(bus, unit, found_off=found_off, torque=torque)
    bus.include(servo_id)


def _restart(bus: DynamixelBus, servo_id: int) -> Generator[None, None, None]:
    bus.reboot(servo_id)
    started_s = time.monotonic()
    while time.monotonic() - started_s < BOOT_S:
        yield
    while True:
        try:
            bus.ping(servo_id, tries=1)
            break
        except NoReplyError:
            if time.monotonic() - started_s > BOOT_LIMIT_S:
                raise
        yield
    yield


def _patiently(transaction: Callable[[], T]) -> Generator[None, None, T]:
    """A transaction with one try for each yield, so that a lost packet costs the loop one time-out a tick."""
    for _ in range(TRIES - 1):
        try:
            result = transaction()
        except (NoReplyError, CorruptReplyError):
            yield
            continue
        yield
        return result
    result = transaction()
    yield
    return result


def _ping(bus: DynamixelBus, servo_id: int) -> Generator[None, None, int]:
    return (yield from _patiently(lambda: bus.ping(servo_id, tries=1)))


def _read(bus: DynamixelBus, servo_id: int, register: Register) -> Generator[None, None, int]:
    return (yield from _patiently(lambda: bus.read(servo_id, register, tries=1)))


def _read_settings(bus: DynamixelBus, servo_id: int) -> Generator[None, None, dict[Register, int]]:
    """The EEPROM as two reads in a row agree on it: on a wrong one a joint's direction might be turned around for good.

    No other read has this length, so that no late reply to one passes for it.
    """

    def read() -> bytes:
        return bus.read_bytes(servo_id, SETTINGS_ADDRESS, SETTINGS_SIZE, tries=1)

    before = yield from _patiently(read)
    for _ in range(TRIES):
        data = yield from _patiently(read)
        if data == before:
            bus.counters.limits[servo_id] = _limits(data)
            return {register: _setting(data, register) for register in SETTINGS}
        before = data
    raise CorruptReplyError(
        f"servo {servo_id} ({bus.labels[servo_id]}) on {bus.path} told other settings in each of {1 + TRIES} reads",
        remedy="check the cable's length and shield, and that no two servos share an id",
    )


def _setting(data: bytes, register: Register) -> int:
    start = register.address - SETTINGS_ADDRESS
    return register.decode(data[start : start + register.size])


def _limits(data: bytes) -> ServoLimits:
    return ServoLimits(
        max_temperature_c=float(_setting(data, TEMPERATURE_LIMIT)),
        min_voltage_v=_setting(data, MIN_VOLTAGE) * VOLT_PER_UNIT,
        max_voltage_v=_setting(data, MAX_VOLTAGE) * VOLT_PER_UNIT,
        current_units=_setting(data, CURRENT_LIMIT),
    )


def _write(bus: DynamixelBus, servo_id: int, register: Register, value: int) -> Generator[None, None, None]:
    yield from _patiently(lambda: bus.write(servo_id, register, value, tries=1))


def _write_all(
    bus: DynamixelBus, servo_ids: Iterable[int], register: Register, value: int
) -> Generator[None, None, None]:
    for servo_id in servo_ids:
        yield from _write(bus, servo_id, register, value)


def _eeprom(plan: ServoPlan, unit: Unit, drive_mode: int) -> list[tuple[Register, int]]:
    """Settings that outlive a power cycle, in the order in which they must be written."""
    second = NO_SECONDARY_ID if plan is unit.master else unit.master.id
    settings = [(RETURN_DELAY, 0), (DRIVE_MODE, drive_mode), (SECONDARY_ID, second)]
    if plan.mode is not None:
        settings.append((OPERATING_MODE, int(plan.mode)))
    model = MODELS[plan.model]
    if plan.current_limit_a is not None and model.measures_current:
        settings.append((CURRENT_LIMIT, current_units(plan.current_limit_a, model)))
    if plan.velocity_limit_units is not None:
        settings.append((VELOCITY_LIMIT, plan.velocity_limit_units))
    if plan.position_limits is not None:
        least, greatest = plan.position_limits
        settings += [(MIN_POSITION, max(0, least)), (MAX_POSITION, min(TICKS_PER_TURN - 1, greatest))]
    return settings


def _ram(plan: ServoPlan) -> list[tuple[Register, int]]:
    """Settings that a servo forgets with its power."""
    # Writing 0 ends a tripped watchdog, without which goals are refused; the loop arms it once it commands.
    settings = [(BUS_WATCHDOG, 0), (PROFILE_ACCELERATION, 0), (PROFILE_VELOCITY, 0)]
    model = MODELS[plan.model]
    if (
        plan.mode is OperatingMode.CURRENT_BASED_POSITION
        and plan.current_limit_a is not None
        and model.measures_current
    ):
        settings.append((GOAL_CURRENT, current_units(plan.current_limit_a, model)))
    return settings


def _switch_on(bus: DynamixelBus, unit: Unit) -> Generator[None, None, None]:
    """Make the present pose the goal, then switch on, so that nothing jumps."""
    if unit.master.mode is OperatingMode.VELOCITY:
        yield from _write(bus, unit.master.id, GOAL_VELOCITY, 0)
    else:
        present = yield from _read(bus, unit.master.id, PRESENT_POSITION)
        least, greatest = unit.master.position_limits or (present, present)
        yield from _write_all(bus, unit.ids, GOAL_POSITION, min(max(present, least), greatest))
    yield from _write_all(bus, unit.ids, TORQUE_ENABLE, 1)


def _check_shadow(bus: DynamixelBus, unit: Unit, *, holding: bool) -> Generator[None, None, None]:
    if len(unit.plans) < 2:
        return
    master, shadow = unit.plans
    master_ticks = yield from _read(bus, master.id, PRESENT_POSITION)
    shadow_ticks = yield from _read(bus, shadow.id, PRESENT_POSITION)
    apart = abs(master_ticks - shadow_ticks)
    if apart > SHADOW_TOLERANCE_TICKS:
        until_then = (
            "until then this joint keeps the torque it was found with, lest it fall, and takes no goals"
            if holding
            else "torque stays off on this joint until then"
        )
        raise ShadowMisalignedError(
            f"servos {master.id} and {shadow.id} ({master.label}) on {bus.path} read "
            f"{apart * RAD_PER_TICK:.2f} rad apart, "
            f"at most {SHADOW_TOLERANCE_TICKS * RAD_PER_TICK:.2f} is allowed",
            remedy=f"calibrate the homing offset of servo {shadow.id} so that both read the same; "
            + until_then,
        )


def _wrong_model(bus: DynamixelBus, plan: ServoPlan, number: int) -> WrongServoError:
    known = {model.number: name for name, model in MODELS.items()}
    return WrongServoError(
        f"servo {plan.id} ({plan.label}) on {bus.path} is a {known.get(number, f'model number {number}')}, "
        f"the profile says {plan.model}",
        remedy="correct the servo's `model` in the profile, or look for a wrong id or a swapped cable",
    )
