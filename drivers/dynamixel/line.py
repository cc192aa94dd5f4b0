"""One serial line of the robot over a whole session: connected, lost and back again, with its servos' faults.

Used from one thread, inside the control loop. Everything that takes longer than a transaction is either cut into
transactions (setting up a servo that comes back) or done on a thread of its own (getting a lost line back).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from drivers.dynamixel.bus import DynamixelBus, Reading
from drivers.dynamixel.faults import REMEDIES, Condition
from drivers.dynamixel.health import BusHealth, HealthCounters, ServoState
from drivers.dynamixel.reconnect import Reconnector
from drivers.dynamixel.registers import (
    BUS_WATCHDOG,
    CONDITION_ADDRESS,
    CONDITION_SIZE,
    GOAL_CURRENT,
    GOAL_POSITION,
    GOAL_VELOCITY,
    MODELS,
    TORQUE_ENABLE,
    WATCHDOG_MS_PER_UNIT,
    OperatingMode,
    Register,
    current_units,
)
from drivers.dynamixel.setup import ServoPlan, Steps, Unit, bring_up, reboot
from drivers.errors import DriverError, LineLostError, NoReplyError, ShadowMisalignedError
from drivers.measurement import BusCheck, Fault, ServoCheck
from drivers.profile import schema

PROBE_EVERY_S = 0.5
"""How often a line asks a silent servo whether it is back; each such question costs a packet time-out."""
WATCHDOG_SHOWN_S = 2.0
"""How long a tripped and reset watchdog stays among the faults."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A line that was opened and brought up: the bus, how each servo answered, and which had kept their power."""

    bus: DynamixelBus
    checks: tuple[ServoCheck, ...]
    kept_power: frozenset[int]
    refused: dict[int, DriverError]


class ServoLine:
    """One bus of the profile and the servos on it.

    Args:
        name: the bus's name in the profile.
        bus: the bus's settings in the profile.
        path: device path to open.
        units: the axes on the bus.
    """

    def __init__(self, name: str, bus: schema.Bus, *, path: str, units: Sequence[Unit]) -> None:
        self.name = name
        self.path = path
        self.units = tuple(units)
        self.ids = tuple(servo_id for unit in units for servo_id in unit.ids)
        self.restarted: set[int] = set()
        self._settings = bus
        self._unit_of = {servo_id: unit for unit in units for servo_id in unit.ids}
        self._plan_of: dict[int, ServoPlan] = {plan.id: plan for unit in units for plan in unit.plans}
        self._watchdog_units = max(1, round(bus.watchdog_ms / WATCHDOG_MS_PER_UNIT))
        self._counters = HealthCounters()
        self._bus: DynamixelBus | None = None
        self._reconnector: Reconnector[Prepared] | None = None
        self._lost_since_ns: int | None = None
        self._hold = {plan.id for plan in self._plan_of.values() if plan.powered}
        self._armed = False
        self._tripped = False
        self._procedures: deque[tuple[int, Steps]] = deque()
        self._faults: dict[tuple[int | None, str], Fault] = {}
        self._watchdog_seen_ns = 0
        self._servos = {i: ServoState(bus=name, id=i, label=plan.label) for i, plan in self._plan_of.items()}
        self._next_condition = 0
        self._next_probe_ns = 0
        self._reading = Reading.nothing(len(self.ids))

    # --- connection --------------------------------------------------------------------------------------------

    @property
    def lost(self) -> bool:
        """Whether the line is gone and being looked for."""
        return self._bus is None

    def connect(self) -> BusCheck:
        """Open the line and set up each servo that answers; blocks. On failure the line is looked for from now on."""
        try:
            prepared = self._prepare(frozenset(self._hold))
        except DriverError as error:
            self._lose(error)
            return BusCheck(name=self.name, path=self.path, problem=error.problem, remedy=error.remedy)
        self._adopt(prepared)
        return BusCheck(
            name=self.name, path=self.path, servos=prepared.checks, fast_sync_read=prepared.bus.fast
        )

    def close(self, *, torque_off: bool) -> None:
        """Hold the pose (or let go, if told so), stop the wheels, and give the port back."""
        if self._reconnector is not None:
            self._reconnector.close()
            self._reconnector = None
        bus, self._bus = self._bus, None
        if bus is None:
            return
        try:
            if torque_off:
                bus.sync_write(TORQUE_ENABLE, dict.fromkeys(self.ids, 0))
            elif self._hold:
                self._latch(bus)
                # A pose may be held without anybody commanding it; wheels keep their watchdog.
                standing = [i for i in self._hold if self._plan_of[i].mode is not OperatingMode.VELOCITY]
                bus.sync_write(BUS_WATCHDOG, dict.fromkeys(standing, 0))
        except LineLostError as error:
            self._counters.note_error(str(error), time_ns=time.monotonic_ns())
        finally:
            bus.close()

    def _prepare(self, hold: frozenset[int]) -> Prepared:
        """Open and bring up. Runs on the reconnecting thread too, so it leaves the line's own state alone."""
        bus = DynamixelBus(
            name=self.name,
            path=self.path,
            baud=self._settings.baud,
            packet_timeout_ms=self._settings.packet_timeout_ms,
            retries=self._settings.retries,
            labels={i: plan.label for i, plan in self._plan_of.items()},
            counters=self._counters,
        )
        try:
            problems: dict[int, DriverError] = {}
            refused: dict[int, DriverError] = {}
            kept_power: set[int] = set()
            for unit in self.units:
                for servo_id in unit.ids:
                    try:
                        bus.ping(servo_id)
                        bus.include(servo_id)
                    except (NoReplyError, DriverError) as error:
                        if isinstance(error, LineLostError):
                            raise
                        problems[servo_id] = error
                if any(servo_id in problems for servo_id in unit.ids):
                    continue
                try:
                    kept_power |= _finish(bring_up(bus, unit, torque=unit.master.id in hold))
                except LineLostError:
                    raise
                except DriverError as error:
                    problems[unit.master.id] = refused[unit.master.id] = error
            if not bus.answering:
                raise NoReplyError(
                    f"none of {len(self.ids)} servos answers on {self.path} at {self._settings.baud} baud",
                    remedy="check the servos' power, the cable to the first of them, and the bus's `baud`",
                )
            bus.choose_reading()
        except BaseException:
            bus.close()
            raise
        checks = tuple(
            ServoCheck(
                id=i,
                label=plan.label,
                answered=i not in bus.silent,
                problem=problems[i].problem if i in problems else "",
                remedy=problems[i].remedy if i in problems else "",
            )
            for i, plan in self._plan_of.items()
        )
        return Prepared(bus, checks, frozenset(kept_power), refused)

    def _adopt(self, prepared: Prepared) -> None:
        self._bus = prepared.bus
        self._lost_since_ns = None
        self._armed = self._tripped = False
        self._faults.clear()
        self.restarted |= set(self.ids) - prepared.kept_power
        for servo_id in prepared.bus.silent:
            self._mark_silent(servo_id)
        for servo_id, error in prepared.refused.items():
            self._mark_refused(servo_id, error)

    def _lose(self, error: DriverError) -> None:
        now_ns = time.monotonic_ns()
        self._counters.note_error(str(error), time_ns=now_ns)
        if self._bus is not None:
            self._bus.close()
            self._bus = None
        self._procedures.clear()
        self._faults.clear()
        self._faults[None, "lost"] = Fault(
            bus=self.name,
            servo_id=None,
            label=self.name,
            code="lost",
            message=error.problem,
            remedy=error.remedy,
        )
        self._lost_since_ns = now_ns
        # A leader that was being driven is not driven on: whoever holds it must ask for it anew.
        self._hold &= {i for i, plan in self._plan_of.items() if plan.powered}
        hold = frozenset(self._hold)
        self._reconnector = Reconnector(
            lambda: self._prepare(hold),
            discard=lambda prepared: prepared.bus.close(),
            name=f"reconnect {self.name}",
        )

    def _fetch_reconnected(self) -> None:
        if self._reconnector is None:
            return
        prepared = self._reconnector.fetch()
        if prepared is not None:
            self._reconnector.close()
            self._reconnector = None
            self._counters.reconnects += 1
            self._adopt(prepared)

    # --- the tick ----------------------------------------------------------------------------------------------

    def request(self) -> None:
        """Transmit the state read, or fetch the line if it is back."""
        self._fetch_reconnected()
        bus = self._bus
        if bus is None:
            return
        quiet_ns = time.monotonic_ns() - bus.last_sent_ns
        if self._armed and quiet_ns > self._settings.watchdog_ms * 1_000_000:
            self._tripped = True
        try:
            bus.request()
        except LineLostError as error:
            self._lose(error)

    def receive(self, *, limit_ns: int) -> None:
        """Take the replies."""
        if self._bus is None:
            return
        try:
            self._bus.receive(limit_ns=limit_ns)
        except LineLostError as error:
            self._lose(error)

    def request_again(self, *, limit_ns: int) -> bool:
        """Ask once more for what is missing, if that can still be answered in time. Returns whether it asked."""
        bus = self._bus
        timeout_ns = self._settings.packet_timeout_ms * 1e6
        if bus is None or not bus.worth_another_try or time.monotonic_ns() + timeout_ns > limit_ns:
            return False
        try:
            bus.request_again()
        except LineLostError as error:
            self._lose(error)
            return False
        return True

    @property
    def retries(self) -> int:
        """Further tries that the profile allows for a state read."""
        return self._settings.retries

    def reading(self) -> Reading:
        """Close this tick's read; nothing fresh in it while the line is lost."""
        if self._bus is not None:
            try:
                self._reading = self._bus.reading()
            except LineLostError as error:
                self._lose(error)
        if self._bus is None:
            self._reading = Reading.nothing(len(self.ids))
        return self._reading

    def send(self, *packets: tuple[Register, dict[int, int]]) -> None:
        """Write goals. After a tripped watchdog, this once, the present pose instead: the goals are from before."""
        bus = self._bus
        if bus is None:
            return
        try:
            if self._tripped:
                self._recover_watchdog(bus)
                return
            for register, values in packets:
                bus.sync_write(register, {i: value for i, value in values.items() if i in self._hold})
            if not self._armed and self._hold:
                self._arm(bus)
        except LineLostError as error:
            self._lose(error)

    # --- torque ------------------------------------------------------------------------------------------------

    def switch_on(self, *, current_a: float | None = None) -> None:
        """Torque on for every servo that was read just now, where it stands; optionally with a gentler current."""
        bus = self._bus
        if bus is None:
            return
        refused = {i for i, code in self._faults if i is not None and code in ("shadow", *REMEDIES)}
        ready = [i for i, fresh in zip(self.ids, self._reading.fresh.tolist(), strict=True) if fresh]
        self._hold = {i for i in ready if not refused.intersection(self._unit_of[i].ids)}
        try:
            if current_a is not None:
                bus.sync_write(GOAL_CURRENT, {i: self._current_units(i, current_a) for i in self._hold})
            self._latch(bus)
            bus.sync_write(TORQUE_ENABLE, dict.fromkeys(sorted(self._hold), 1))
            self._armed = False
        except LineLostError as error:
            self._lose(error)

    def switch_off(self) -> None:
        """Torque off for every servo of the line. An arm that is not at rest falls."""
        bus = self._bus
        self._hold.clear()
        if bus is None:
            return
        try:
            bus.sync_write(BUS_WATCHDOG, dict.fromkeys(self.ids, 0))
            bus.sync_write(TORQUE_ENABLE, dict.fromkeys(self.ids, 0))
            self._armed = False
        except LineLostError as error:
            self._lose(error)

    @property
    def holding(self) -> bool:
        """Whether any servo of the line is meant to have torque."""
        return bool(self._hold)

    def _current_units(self, servo_id: int, current_a: float) -> int:
        return current_units(current_a, MODELS[self._plan_of[servo_id].model])

    def _latch(self, bus: DynamixelBus) -> None:
        """Make the last measured pose the goal of every servo that holds, and stop the wheels."""
        positions: dict[int, int] = {}
        for unit in self.units:
            plan = unit.master
            place = self.ids.index(plan.id)
            if plan.mode is OperatingMode.VELOCITY or not self._reading.fresh[place]:
                continue
            ticks = int(self._reading.state["position"][place])
            least, greatest = plan.position_limits or (ticks, ticks)
            positions |= dict.fromkeys(unit.ids, min(max(ticks, least), greatest))
        wheels = [i for i, plan in self._plan_of.items() if plan.mode is OperatingMode.VELOCITY]
        bus.sync_write(GOAL_POSITION, {i: ticks for i, ticks in positions.items() if i in self._hold})
        bus.sync_write(GOAL_VELOCITY, dict.fromkeys(wheels, 0))

    def _arm(self, bus: DynamixelBus) -> None:
        bus.sync_write(BUS_WATCHDOG, dict.fromkeys(sorted(self._hold), self._watchdog_units))
        self._armed = True

    def _recover_watchdog(self, bus: DynamixelBus) -> None:
        bus.sync_write(BUS_WATCHDOG, dict.fromkeys(sorted(self._hold), 0))
        self._latch(bus)
        self._arm(bus)
        self._tripped = False
        self._watchdog_seen_ns = time.monotonic_ns()
        self._faults[None, "watchdog"] = Fault(
            bus=self.name,
            servo_id=None,
            label=self.name,
            code="watchdog",
            message=f"no command reached {self.name} for {self._settings.watchdog_ms} ms; its servos stopped and hold",
            remedy="nothing to do now; if it comes back, the computer is too busy for the control loop",
        )

    # --- faults and recovery -----------------------------------------------------------------------------------

    @property
    def urgent(self) -> bool:
        """Whether a servo is being set up step by step, or is in doubt, so that care should not wait its turn."""
        return bool(self._procedures) or (self._bus is not None and bool(self._bus.suspects))

    def poll(self, *, limit_ns: int) -> None:
        """At most one transaction of one servo: a step of its setting up, whether it is back, or its condition."""
        bus = self._bus
        if bus is None or time.monotonic_ns() + self._settings.packet_timeout_ms * 1e6 > limit_ns:
            return
        try:
            if self._procedures:
                self._step(bus)
            elif bus.suspects:
                self._question(bus, bus.suspects[0], limit_ns=limit_ns)
            elif bus.silent and time.monotonic_ns() >= self._next_probe_ns:
                self._probe(bus, limit_ns=limit_ns)
            elif bus.answering:
                self._examine(bus, limit_ns=limit_ns)
        except LineLostError as error:
            self._lose(error)

    def reboot(self, servo_id: int) -> None:
        """Begin to restart a servo and set it up again; `poll` carries it on.

        Raises:
            KeyError: when the line has no such servo.
        """
        unit = self._unit_of[servo_id]
        if self._bus is not None and all(servo_id != busy_id for busy_id, _ in self._procedures):
            steps = reboot(self._bus, unit, servo_id, torque=self._wants_torque(unit))
            self._procedures.append((servo_id, steps))

    def _wants_torque(self, unit: Unit) -> bool:
        return bool(self._hold.intersection(unit.ids))

    def _step(self, bus: DynamixelBus) -> None:
        servo_id, steps = self._procedures[0]
        try:
            next(steps)
        except StopIteration as done:
            self._procedures.popleft()
            self._set_up(bus, servo_id, done.value)
        except LineLostError:
            raise
        except NoReplyError as error:
            self._procedures.popleft()
            bus.exclude(servo_id)
            self._counters.note_error(str(error), time_ns=time.monotonic_ns())
            self._mark_silent(servo_id)
        except DriverError as error:
            self._procedures.popleft()
            bus.include(servo_id)
            self._mark_refused(self._unit_of[servo_id].master.id, error)

    def _set_up(self, bus: DynamixelBus, servo_id: int, kept_power: frozenset[int]) -> None:
        bus.include(servo_id)
        self._armed = False
        if servo_id not in kept_power:
            self.restarted.add(servo_id)
        unit_ids = self._unit_of[servo_id].ids
        for key in [key for key in self._faults if key[0] in unit_ids]:
            del self._faults[key]

    def _question(self, bus: DynamixelBus, servo_id: int, *, limit_ns: int) -> None:
        try:
            bus.ping(servo_id, tries=1, limit_ns=limit_ns)
            bus.include(servo_id)
        except DriverError as error:
            if isinstance(error, LineLostError):
                raise
            bus.exclude(servo_id)
            self._counters.note_error(str(error), time_ns=time.monotonic_ns())
            self._mark_silent(servo_id)

    def _probe(self, bus: DynamixelBus, *, limit_ns: int) -> None:
        self._next_probe_ns = time.monotonic_ns() + int(PROBE_EVERY_S * 1e9)
        candidates = sorted(bus.silent)
        servo_id = candidates[self._next_condition % len(candidates)]
        self._next_condition += 1
        try:
            bus.ping(servo_id, tries=1, limit_ns=limit_ns)
        except NoReplyError:
            return
        unit = self._unit_of[servo_id]
        steps = bring_up(bus, unit, torque=self._wants_torque(unit))
        self._procedures.append((servo_id, steps))

    def _examine(self, bus: DynamixelBus, *, limit_ns: int) -> None:
        answering = bus.answering
        alerted = [i for i in answering if i in bus.alerts]
        servo_id = alerted[0] if alerted else answering[self._next_condition % len(answering)]
        self._next_condition += not alerted
        try:
            data = bus.read_bytes(servo_id, CONDITION_ADDRESS, CONDITION_SIZE, tries=1, limit_ns=limit_ns)
        except LineLostError:
            raise
        except DriverError as error:
            self._counters.note_error(str(error), time_ns=time.monotonic_ns())
            return
        bus.alerts.discard(servo_id)
        self._note_condition(bus, servo_id, Condition.parse(data))

    def _note_condition(self, bus: DynamixelBus, servo_id: int, condition: Condition) -> None:
        plan, unit = self._plan_of[servo_id], self._unit_of[servo_id]
        self._servos[servo_id] = ServoState(
            bus=self.name,
            id=servo_id,
            label=plan.label,
            polled_ns=time.monotonic_ns(),
            temperature_c=condition.temperature_c,
            voltage_v=condition.voltage_v,
            torque_on=condition.torque_on,
            hardware_error=int(condition.hardware_error),
        )
        for known in REMEDIES:
            self._faults.pop((servo_id, known), None)
        code = condition.code
        if code is not None:
            self._faults[servo_id, code] = self._servo_fault(
                servo_id,
                code,
                f"{code} on servo {servo_id} ({plan.label}): {condition.voltage_v:.1f} V, {condition.temperature_c:.0f} °C",
                REMEDIES[code],
                needs_reboot=True,
            )
            return
        if condition.watchdog_tripped and self._armed:
            self._tripped = True
        refused = any((unit.master.id, refusal) in self._faults for refusal in ("shadow", "settings"))
        if servo_id in self._hold and not condition.torque_on and not refused:
            # It lost its power for a moment, or missed the word. Set it up anew where it stands.
            self._faults[servo_id, "torque off"] = self._servo_fault(
                servo_id,
                "torque off",
                f"servo {servo_id} ({plan.label}) had no torque",
                "it is being set up again where it stands; check its cable if this comes back",
            )
            self._procedures.append((servo_id, bring_up(bus, unit)))
        elif servo_id not in self._hold and condition.torque_on:
            bus.sync_write(TORQUE_ENABLE, {servo_id: 0})

    def _mark_silent(self, servo_id: int) -> None:
        label = self._plan_of[servo_id].label
        self._faults[servo_id, "silent"] = self._servo_fault(
            servo_id,
            "silent",
            f"servo {servo_id} ({label}) on {self.path} does not answer",
            "check its cable and power; it is taken up again by itself",
        )

    def _mark_refused(self, servo_id: int, error: DriverError) -> None:
        code = "shadow" if isinstance(error, ShadowMisalignedError) else "settings"
        self._faults[servo_id, code] = self._servo_fault(servo_id, code, error.problem, error.remedy)

    def _servo_fault(
        self, servo_id: int, code: str, message: str, remedy: str, *, needs_reboot: bool = False
    ) -> Fault:
        return Fault(
            bus=self.name,
            servo_id=servo_id,
            label=self._plan_of[servo_id].label,
            code=code,
            message=message,
            remedy=remedy,
            needs_reboot=needs_reboot,
        )

    # --- what it tells -----------------------------------------------------------------------------------------

    def faults(self) -> tuple[Fault, ...]:
        """What ails the line and its servos now."""
        if (
            None,
            "watchdog",
        ) in self._faults and time.monotonic_ns() - self._watchdog_seen_ns > WATCHDOG_SHOWN_S * 1e9:
            del self._faults[None, "watchdog"]
        return tuple(self._faults.values())

    def health(self) -> BusHealth:
        """The line's counters and state now."""
        bus, reconnector = self._bus, self._reconnector
        return self._counters.snapshot(
            connected=bus is not None,
            fast_sync_read=bus is not None and bus.fast,
            silent_servos=tuple(sorted(bus.silent)) if bus is not None else self.ids,
            lost_since_ns=self._lost_since_ns,
            reconnect_attempts=0 if reconnector is None else reconnector.attempts,
        )

    def servos(self) -> tuple[ServoState, ...]:
        """Each servo's condition as last polled."""
        return tuple(self._servos.values())


def _finish(steps: Steps) -> frozenset[int]:
    """Run a procedure to its end at once."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            kept_power: frozenset[int] = done.value
            return kept_power
