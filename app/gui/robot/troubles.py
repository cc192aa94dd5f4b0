"""What needs attention now, the worst first, and the one line that says it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.gui.robot.condition import Condition, Level, bus_condition, camera_condition, servo_condition
from app.gui.robot.pick import Kind, Pick
from app.gui.wording import counted, plain_name
from app.session.view import Snapshot
from drivers.profile.schema import RobotProfile

SLOW_LOOP_SHARE = 0.97
LOST_STATES = frozenset({"lost", "restarting", "ended"})
"""States of a process that does not do its work, and is not about to begin."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that needs attention: its name, how it is, and what to choose to see it; None for the whole robot."""

    name: str
    condition: Condition
    pick: Pick | None = None

    @property
    def words(self) -> str:
        """Such as "left elbow: overload"."""
        return f"{self.name}: {self.condition.word}"


def troubles(snapshot: Snapshot, profile: RobotProfile) -> tuple[Trouble, ...]:
    """Everything that needs attention, the worst first."""
    found = [trouble for trouble in _each(snapshot, profile) if trouble.condition.level >= Level.WARNING]
    return tuple(sorted(found, key=lambda trouble: -trouble.condition.level))


def verdict(snapshot: Snapshot, found: tuple[Trouble, ...]) -> str:
    """The one line: how many answer, and how much needs attention."""
    servos = snapshot.servos
    if not found:
        return f"All {counted(len(servos), 'servo')} answer. Nothing needs attention."
    things = "1 thing needs" if len(found) == 1 else f"{len(found)} things need"
    return f"{things} attention"


def _each(snapshot: Snapshot, profile: RobotProfile) -> Iterator[Trouble]:
    lost = set()
    for bus in snapshot.buses:
        if not bus.connected:
            lost.add(bus.name)
        yield Trouble(f"{plain_name(bus.name)} line", bus_condition(bus), Pick(Kind.BUS, bus.name))
    for servo in snapshot.servos:
        # Of a line that is lost no servo answers; the line is the one thing to see to.
        if servo.bus not in lost:
            pick = Pick(Kind.SERVO, servo.bus, servo.id)
            yield Trouble(servo.label, servo_condition(servo), pick)
    states = {process.name: process.state for process in snapshot.processes}
    for camera in snapshot.cameras:
        if not camera.newest_ns and states.get("cameras") == "starting":
            continue  # it takes seconds to open them, and that is no trouble
        pick = Pick(Kind.CAMERA, camera.name)
        yield Trouble(f"{plain_name(camera.name)} camera", camera_condition(camera), pick)
    if not snapshot.torque:
        yield Trouble("servos", Condition(Level.WARNING, "let go", "The servos are let go."))
    if profile.lifts and not snapshot.homed and snapshot.servos:
        yield Trouble(
            "lift", Condition(Level.WARNING, "does not know its zero", "The lift does not know its zero.")
        )
    rate_hz, wanted_hz = snapshot.loop.rate_hz, profile.control_rate_hz
    if 0 < rate_hz < SLOW_LOOP_SHARE * wanted_hz:
        what = f"The loop runs at {rate_hz:.1f} of {wanted_hz:.0f} ticks a second."
        yield Trouble("control loop", Condition(Level.WARNING, f"slow, {rate_hz:.1f} Hz", what))
    for process in snapshot.processes:
        if process.state in LOST_STATES:
            condition = Condition(
                Level.ERROR, "lost", f"The {process.name} process is lost.", "it starts again by itself"
            )
            yield Trouble(f"{process.name} process", condition)
