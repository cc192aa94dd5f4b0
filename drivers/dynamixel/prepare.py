"""Opening a line and setting up every servo on it that answers: at connection, and when a lost line comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from drivers.dynamixel.bus import DynamixelBus
from drivers.dynamixel.health import HealthCounters
from drivers.dynamixel.setup import Unit, bring_up
from drivers.errors import CorruptReplyError, DriverError, LineLostError, NoReplyError
from drivers.measurement import ServoCheck
from drivers.profile import schema

GREETING_TRIES = 3


@dataclass(frozen=True, slots=True)
class Prepared:
    """A line that was opened and brought up.

    Attributes:
        bus: open, with every servo that answers among those it reads.
        checks: how each servo answered.
        kept_power: ids that were found with torque on in this and every earlier attempt, and so have not lost their
            count of turns.
        refused: by the master's id, the axes that answer and were left without torque, and why.
    """

    bus: DynamixelBus
    checks: tuple[ServoCheck, ...]
    kept_power: frozenset[int]
    refused: dict[int, DriverError]


def prepare(
    name: str,
    settings: schema.Bus,
    *,
    path: str,
    units: Sequence[Unit],
    counters: HealthCounters,
    hold: frozenset[int],
    found_off: set[int],
) -> Prepared:
    """Open a line and bring its servos up; blocks, a few milliseconds for each servo.

    Args:
        name: the bus's name in the profile.
        settings: the bus's settings in the profile.
        path: device path.
        units: the axes on the bus.
        counters: where health is counted.
        hold: ids of the masters that are to have torque.
        found_off: ids found without torque by the attempts that came to nothing; this one's are added. What one attempt
            switched on the next finds on, which proves nothing.

    Raises:
        PortMissingError, PortPermissionError, PortBusyError, PortSetupError: when the port cannot be opened.
        NoReplyError: when it opens and not one servo answers.
        LineLostError: when it goes away again.
    """
    bus = DynamixelBus(
        name=name,
        path=path,
        baud=settings.baud,
        packet_timeout_ms=settings.packet_timeout_ms,
        retries=settings.retries,
        labels={plan.id: plan.label for unit in units for plan in unit.plans},
        counters=counters,
    )
    try:
        problems: dict[int, DriverError] = {}
        refused: dict[int, DriverError] = {}
        kept_power: set[int] = set()
        for unit in units:
            missing = _greet(bus, unit)
            problems |= missing
            if missing:
                continue
            try:
                for _ in bring_up(bus, unit, found_off=found_off, torque=unit.master.id in hold):
                    pass
                kept_power |= set(unit.ids) - found_off
            except LineLostError:
                raise
            except (NoReplyError, CorruptReplyError) as error:
                # Half set up it must not be used; as a silent servo it is asked again, and set up anew.
                bus.exclude(unit.master.id)
                problems[unit.master.id] = error
            except DriverError as error:
                problems[unit.master.id] = refused[unit.master.id] = error
        if not bus.answering:
            raise NoReplyError(
                f"none of {len(bus.ids)} servos answers on {path} at {settings.baud} baud",
                remedy="check the servos' power, the cable to the first of them, and the bus's `baud`",
            )
        bus.choose_reading()
    except BaseException:
        bus.close()
        raise
    return Prepared(bus, _checks(bus, problems), frozenset(kept_power), refused)


def _greet(bus: DynamixelBus, unit: Unit) -> dict[int, DriverError]:
    """Include the servos of an axis that answer; returns what is wrong with the others."""
    missing: dict[int, DriverError] = {}
    for servo_id in unit.ids:
        try:
            bus.ping(servo_id, tries=GREETING_TRIES)
            bus.include(servo_id)
        except LineLostError:
            raise
        except DriverError as error:
            missing[servo_id] = error
    return missing


def _checks(bus: DynamixelBus, problems: dict[int, DriverError]) -> tuple[ServoCheck, ...]:
    return tuple(
        ServoCheck(
            id=servo_id,
            label=label,
            answered=servo_id not in bus.silent,
            problem=problems[servo_id].problem if servo_id in problems else "",
            remedy=problems[servo_id].remedy if servo_id in problems else "",
        )
        for servo_id, label in bus.labels.items()
    )
