"""One bus: its port, its servos one by one, who is missing and where they may be, and how fast it can be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from drivers.check.expected import ExpectedAxis
from drivers.check.finding import Finding, fail, ok, warn
from drivers.check.port import port_failure, port_warnings
from drivers.check.search import Answer, all_at, some_elsewhere
from drivers.check.servo import FIRMWARE, ServoFacts, axis_findings, servo_findings, settings_to_change
from drivers.dynamixel.bus import DynamixelBus
from drivers.dynamixel.health import HealthCounters
from drivers.dynamixel.setup import ServoPlan
from drivers.errors import CorruptReplyError, DriverError, NoReplyError, ServoRefusedError
from drivers.profile.schema import Bus

TRIES = 4
"""A check takes its time: a servo is silent only after this many pings."""


def bus_findings(name: str, settings: Bus, axes: tuple[ExpectedAxis, ...], *, path: str) -> Iterator[Finding]:
    """Everything about one bus, in the order in which it is found out."""
    plans = {plan.id: plan for expected in axes for plan in expected.unit.plans}
    try:
        bus = DynamixelBus(
            name=name,
            path=path,
            baud=settings.baud,
            packet_timeout_ms=settings.packet_timeout_ms,
            retries=TRIES - 1,
            labels={plan.id: plan.label for plan in plans.values()},
            counters=HealthCounters(),
        )
    except DriverError as error:
        yield port_failure(f"bus {name}", path, error)
        return
    missing: list[ServoPlan] = []
    changes: Counter[str] = Counter()
    try:
        yield ok(f"bus {name}", "is open", value=f"{path} at {settings.baud} baud")
        if not settings.port.startswith("sim:"):
            yield from port_warnings(f"bus {name}", path)
        for expected in axes:
            yield from _axis(bus, expected, missing, changes)
        if changes:
            yield _to_be_set(name, changes)
        if bus.answering:
            yield _reading(bus)
    except DriverError as error:  # the line itself went away
        yield fail(f"bus {name}", error.problem, remedy=error.remedy)
        return
    finally:
        bus.close()
    try:
        yield from _search(name, settings, path, missing, plans)
    except DriverError as error:
        yield fail(f"bus {name}", error.problem, remedy=error.remedy)


def _device(bus: str, plan: ServoPlan) -> str:
    return f"{bus} / servo {plan.id} ({plan.label})"


def _axis(
    bus: DynamixelBus, expected: ExpectedAxis, missing: list[ServoPlan], changes: Counter[str]
) -> Iterator[Finding]:
    """The servos of one axis.

    Those that do not answer go to `missing`, and are told when they were looked for; settings that connecting would
    write are counted in `changes`, and told once for the bus.
    """
    facts: list[ServoFacts] = []
    plans = expected.unit.plans
    for place, plan in enumerate(plans):
        device = _device(bus.name, plan)
        try:
            bus.ping(plan.id)
            read = ServoFacts.read(bus, plan.id)
        except NoReplyError:
            missing.append(plan)
            continue
        except (CorruptReplyError, ServoRefusedError) as error:
            yield fail(device, error.problem, remedy=error.remedy)
            continue
        facts.append(read)
        bus.include(plan.id)
        problems = list(servo_findings(device, plan, read, leads=expected.leads))
        changes.update(settings_to_change(plans, place, read))
        if problems:
            yield from problems
        else:
            angle = expected.angle(read.position_ticks) if place == 0 else ""
            yield ok(device, "is well", value=", ".join(filter(None, (read.summary(), angle))))
    if len(facts) == len(plans):
        yield from axis_findings(_device(bus.name, plans[0]), expected, facts)


def _to_be_set(name: str, changes: Counter[str]) -> Finding:
    told = ", ".join(f"{change} on {count} servo{'s' * (count > 1)}" for change, count in changes.items())
    return ok(f"bus {name}", "is set up further when the robot is connected", value=told)


def _reading(bus: DynamixelBus) -> Finding:
    """Whether the bus can be read in the quick way, and who is in the way."""
    device = f"bus {bus.name}"
    if bus.choose_reading():
        return ok(device, "answers fast sync reads", value=f"{len(bus.answering)} servos in one reply")
    versions = {servo_id: bus.read(servo_id, FIRMWARE) for servo_id in bus.answering}
    oldest = min(versions.values())
    oldest_ids = ", ".join(str(servo_id) for servo_id, version in versions.items() if version == oldest)
    return warn(
        device,
        "answers plain sync reads only",
        value=f"oldest firmware {oldest}, on servo {oldest_ids}",
        remedy="it works, a little slower; updating the servos' firmware (DYNAMIXEL Wizard) allows the fast kind",
    )


def _search(
    name: str, settings: Bus, path: str, missing: list[ServoPlan], plans: dict[int, ServoPlan]
) -> Iterator[Finding]:
    """What became of the servos that did not answer: at another rate, under another id, or gone."""
    if not missing:
        return
    elsewhere = some_elsewhere(path, (plan.id for plan in missing), but_at=settings.baud)
    strangers = [answer for answer in all_at(path, settings.baud).values() if answer.id not in plans]
    gone = [plan for plan in missing if plan.id not in elsewhere]
    for plan in missing:
        if plan.id in elsewhere:
            yield _at_another_rate(_device(name, plan), elsewhere[plan.id], settings.baud)
    if len(gone) == len(plans) and not strangers:
        yield fail(
            f"bus {name}",
            "has no servo that answers",
            value=f"{len(plans)} expected at {settings.baud} baud, none at another rate",
            remedy="switch the servos' power on, and check the cable from the adapter to the first servo",
        )
        return
    for plan in gone:
        yield _gone(_device(name, plan), plan, strangers)
    for answer in strangers:
        yield warn(
            f"{name} / servo {answer.id}",
            "is not in the profile",
            value=f"{answer.model}, firmware {answer.firmware}",
            remedy="add it to the profile, or give it the id of the servo that does not answer",
        )


def _at_another_rate(device: str, answer: Answer, baud: int) -> Finding:
    return fail(
        device,
        "answers at another baud rate",
        value=f"{answer.baud}, the profile says {baud}",
        remedy=f"set its baud rate to {baud} (DYNAMIXEL Wizard); if all are like it, the bus's `baud` to {answer.baud}",
    )


def _gone(device: str, plan: ServoPlan, strangers: list[Answer]) -> Finding:
    alike = [answer for answer in strangers if answer.model == plan.model]
    if alike:
        ids = " or ".join(str(answer.id) for answer in alike)
        remedy = f"a {plan.model} answers as servo {ids}: if that is it, set its id to {plan.id} (DYNAMIXEL Wizard)"
    else:
        remedy = "check its power and the cable from the servo before it; if it blinks, switch its power off and on"
    return fail(
        device, "does not answer", value=f"{TRIES} pings, and none at another baud rate", remedy=remedy
    )
