"""One serial line of the robot over a whole session: connected, lost and back again.

Used from one thread, inside the control loop. Everything that takes longer than a transaction is either cut into
transactions (setting up a servo that comes back) or done on a thread of its own (getting a lost line back).
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from drivers.dynamixel.bus import DynamixelBus, Reading
from drivers.dynamixel.care import Care, Found
from drivers.dynamixel.easing import Easing
from drivers.dynamixel.faults import FaultBook
from drivers.dynamixel.health import BusHealth, HealthCounters, ServoState
from drivers.dynamixel.latch import Goals, goals_to_stay, that_have
from drivers.dynamixel.overview import overview
from drivers.dynamixel.prepare import Prepared, prepare
from drivers.dynamixel.reconnect import Reconnector
from drivers.dynamixel.registers import (
    BUS_WATCHDOG,
    GOAL_CURRENT,
    GOAL_POSITION,
    GOAL_VELOCITY,
    MODELS,
    TORQUE_ENABLE,
    WATCHDOG_MS_PER_UNIT,
    OperatingMode,
    current_units,
)
from drivers.dynamixel.setup import Unit
from drivers.errors import DriverError, LineLostError
from drivers.measurement import BusCheck, Fault
from drivers.profile import schema

LATCH_TRIES = 2
RETRY_NEEDS_NS = 3_000_000
"""Time that must be left in the tick to ask again: what a reply usually takes, not the longest it may."""


class ServoLine:
    """One bus of the profile and the servos on it.

    Args:
        name: the bus's name in the profile.
        settings: the bus's settings in the profile.
        path: device path to open.
        units: the axes on the bus.
    """

    def __init__(self, name: str, settings: schema.Bus, *, path: str, units: Sequence[Unit]) -> None:
        self.name = name
        self.path = path
        self.units = tuple(units)
        self.ids = tuple(servo_id for unit in units for servo_id in unit.ids)
        self._settings = settings
        self._plan_of = {plan.id: plan for unit in units for plan in unit.plans}
        self._unit_of = {servo_id: unit for unit in units for servo_id in unit.ids}
        self._watchdog_units = max(1, round(settings.watchdog_ms / WATCHDOG_MS_PER_UNIT))
        self._counters = HealthCounters()
        self._book = FaultBook(name, path=path, labels={i: plan.label for i, plan in self._plan_of.items()})
        self._care = Care(name, self.units, book=self._book, counters=self._counters)
        self._bus: DynamixelBus | None = None
        self._reconnector: Reconnector[Prepared] | None = None
        self._lost_since_ns: int | None = None
        self._found_off: set[int] = set()
        self._hold = self._powered()
        self._armed = False
        self._tripped = False
        self._easing = Easing({i: plan.ease_rad_s for i, plan in self._plan_of.items()})
        self._reading = Reading.nothing(len(self.ids))

    def _powered(self) -> set[int]:
        return {i for i, plan in self._plan_of.items() if plan.powered}

    # --- connection -------------------------------------------------------------------------------------

    @property
    def lost(self) -> bool:
        """Whether the line is gone and being looked for."""
        return self._bus is None

    def connect(self) -> BusCheck:
        """Open the line and set up each servo that answers; blocks. If that fails it is looked for from now on."""
        if self._reconnector is None:
            self._reconnector = Reconnector(
                self._prepare, discard=lambda prepared: prepared.bus.close(), name=f"reconnect {self.name}"
            )
        try:
            prepared = self._prepare()
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

    def _prepare(self) -> Prepared:
        """Open and bring up. Runs on the reconnecting thread too, so of the line's own it changes `_found_off` only."""
        return prepare(
            self.name,
            self._settings,
            path=self.path,
            units=self.units,
            counters=self._counters,
            hold=frozenset(self._hold),
            found_off=self._found_off,
        )

    def _adopt(self, prepared: Prepared) -> None:
        self._bus = prepared.bus
        self._lost_since_ns = None
        self._armed = self._tripped = False
        self._easing.begin(self._hold)
        self._care.restarted |= set(self.ids) - prepared.kept_power
        self._found_off.clear()
        self._book.clear()
        for servo_id in prepared.bus.silent:
            self._book.silent(servo_id)
        for master_id, error in prepared.refused.items():
            self._book.refusal(master_id, error)

    def _lose(self, error: DriverError) -> None:
        self._lost_since_ns = time.monotonic_ns()
        self._counters.note_error(str(error), time_ns=self._lost_since_ns)
        bus, self._bus = self._bus, None
        self._care.forget()
        self._book.lost(error)
        # A leader that was being driven is not driven on: whoever drives it must ask for it anew.
        self._hold = self._hold & self._powered()
        if self._reconnector is not None:
            # The kernel may let the closing of a port wait for what was not transmitted yet.
            self._reconnector.begin(first=bus.close if bus is not None else lambda: None)
        elif bus is not None:
            bus.close()

    def _fetch_reconnected(self) -> None:
        prepared = None if self._reconnector is None else self._reconnector.fetch()
        if prepared is not None:
            self._counters.reconnects += 1
            self._adopt(prepared)

    # --- the tick ---------------------------------------------------------------------------------------

    def request(self) -> None:
        """Transmit the state read, or fetch the line if it is back."""
        self._fetch_reconnected()
        bus = self._bus
        if bus is None:
            return
        if self._armed and time.monotonic_ns() - bus.last_sent_ns > self._settings.watchdog_ms * 1_000_000:
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
        if bus is None or not bus.worth_another_try or time.monotonic_ns() + RETRY_NEEDS_NS > limit_ns:
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
        """Close this tick's read; nothing in it is fresh while the line is lost."""
        if self._bus is not None:
            try:
                self._reading = self._bus.reading()
                return self._reading
            except LineLostError as error:
                self._lose(error)
        self._reading = Reading.nothing(len(self.ids))
        return self._reading

    @property
    def all_fresh(self) -> bool:
        """Whether this tick's read brought every servo."""
        return bool(self._reading.fresh.all())

    def send(self, *packets: Goals) -> None:
        """Write goals. After a tripped watchdog, this once, the present pose instead: the goals are from before."""
        bus = self._bus
        if bus is None:
            return
        try:
            if self._tripped:
                self._recover_watchdog(bus)
                return
            # A servo that is being set up is told to stay where it stands before its torque goes on: a goal from
            # before it lost hold, or its count of turns, would be obeyed at once and at full speed.
            refused = self._refused()
            obeying = self._hold.difference(self._care.in_hand, refused)
            for register, values in packets:
                goals = {i: value for i, value in values.items() if i in obeying}
                if register is GOAL_VELOCITY:
                    goals |= dict.fromkeys(refused & values.keys(), 0)
                if register is GOAL_POSITION:
                    goals = self._easing.eased(goals, present=self._present_ticks())
                bus.sync_write(register, goals)
            if not self._armed and self._hold:
                self._arm(bus)
        except LineLostError as error:
            self._lose(error)

    def _refused(self) -> set[int]:
        """The servos of the axes that could not be set up; no goal may reach them.

        They keep the torque they were found with, and two that disagree about the angle would fight over a new goal.
        """
        return {servo_id for master_id in self._book.refused() for servo_id in self._unit_of[master_id].ids}

    def _present_ticks(self) -> dict[int, int]:
        """Where the servos read in this tick stand, by id."""
        read = zip(
            self.ids, self._reading.state["position"].tolist(), self._reading.fresh.tolist(), strict=True
        )
        return {servo_id: ticks for servo_id, ticks, fresh in read if fresh}

    def _time_for_a_reply(self, limit_ns: int) -> bool:
        return time.monotonic_ns() + self._settings.packet_timeout_ms * 1e6 <= limit_ns

    # --- torque -----------------------------------------------------------------------------------------

    @property
    def holding(self) -> bool:
        """Whether any servo of the line is meant to have torque."""
        return bool(self._hold)

    def switch_on(self, *, current_a: float | None = None) -> None:
        """Torque on, where each servo stands: the powered ones; with a current given, all of them, and gently.

        Waits for the servos to say that they have the goal to stay, a few milliseconds: one that takes hold without it
        leaps to where it was last sent. Whoever does not say so, or was not read just now, follows when its condition
        is polled.
        """
        self._hold = self._powered() if current_a is None else set(self.ids)
        bus = self._bus
        if bus is None:
            return
        ready = sorted(self._hold & self._present_ticks().keys() - self._refused())
        currents: dict[int, int] = {}
        if current_a is not None:
            currents = {i: current_units(current_a, MODELS[self._plan_of[i].model]) for i in ready}
        try:
            standing: set[int] = set()
            for _ in range(LATCH_TRIES):
                bus.sync_write(GOAL_CURRENT, currents)
                wanted = [(GOAL_CURRENT, currents), *self._latch(bus)]
                standing = that_have(wanted, bus, ready, units=self._unit_of)
                if len(standing) == len(ready):
                    break
            bus.sync_write(TORQUE_ENABLE, dict.fromkeys(sorted(standing), 1))
            self._armed = False
            if current_a is None:
                self._easing.begin(self._hold)
        except LineLostError as error:
            self._lose(error)

    def switch_off(self) -> None:
        """Torque off for every servo of the line. An arm that is not at rest falls."""
        self._hold = set()
        self._easing.forget()
        # A setting up under way would end with torque on; a servo left out by that is found again as a silent one.
        self._care.forget()
        self._book.torque_not_wanted()
        bus = self._bus
        if bus is None:
            return
        try:
            bus.sync_write(BUS_WATCHDOG, dict.fromkeys(self.ids, 0))
            bus.sync_write(TORQUE_ENABLE, dict.fromkeys(self.ids, 0))
            self._armed = False
        except LineLostError as error:
            self._lose(error)

    def _latch(self, bus: DynamixelBus) -> list[Goals]:
        """Make the last measured pose the goal of every servo that holds, and stop the wheels; returns those goals."""
        goals = goals_to_stay(self.units, self._present_ticks(), obeying=self._hold - self._refused())
        for register, values in goals:
            bus.sync_write(register, values)
        return goals

    def _arm(self, bus: DynamixelBus) -> None:
        bus.sync_write(BUS_WATCHDOG, dict.fromkeys(sorted(self._hold), self._watchdog_units))
        self._armed = True

    def _recover_watchdog(self, bus: DynamixelBus) -> None:
        bus.sync_write(BUS_WATCHDOG, dict.fromkeys(sorted(self._hold), 0))
        self._latch(bus)
        self._arm(bus)
        self._tripped = False
        self._easing.begin(self._hold)
        self._book.watchdog(self._settings.watchdog_ms)

    # --- care -------------------------------------------------------------------------------------------

    @property
    def urgent(self) -> bool:
        """Whether a servo is being set up or in doubt, so that care should not wait its turn."""
        return self._bus is not None and self._care.urgent(self._bus)

    def poll(self, *, limit_ns: int) -> None:
        """At most one transaction of care, unless its reply might come too late."""
        bus = self._bus
        if bus is None or not self._time_for_a_reply(limit_ns):
            return
        try:
            found = self._care.step(bus, hold=self._hold, limit_ns=limit_ns)
        except LineLostError as error:
            self._lose(error)
            return
        if Found.SET_UP in found:
            self._armed = False
            self._easing.begin(self._hold.intersection(self._care.set_up_ids))
        if Found.UNARMED in found:
            self._armed = False
        if Found.TRIPPED in found and self._armed:
            self._tripped = True

    def reboot(self, servo_id: int) -> None:
        """Begin to restart a servo and set it up again; `poll` carries it on.

        Raises:
            KeyError: when the line has no such servo.
        """
        unit = self._unit_of[servo_id]
        if self._bus is not None:
            self._care.reboot(self._bus, servo_id, torque=unit.master.id in self._hold)

    def take_restarted(self) -> set[int]:
        """The servos that lost their power, and with it their count of turns, since the last call."""
        restarted = set(self._care.restarted)
        self._care.restarted.clear()
        return restarted

    def faults(self) -> tuple[Fault, ...]:
        """What ails the line and its servos now."""
        return self._book.current()

    def health(self) -> BusHealth:
        """The line's counters and state now."""
        bus, reconnector = self._bus, self._reconnector
        return self._counters.snapshot(
            connected=bus is not None,
            fast_sync_read=bus is not None and bus.fast,
            silent_servos=tuple(sorted(bus.silent)) if bus is not None else self.ids,
            lost_since_ns=self._lost_since_ns,
            reconnect_attempts=0 if reconnector is None or bus is not None else reconnector.attempts,
        )

    def servos(self) -> tuple[ServoState, ...]:
        """Each servo's state now: its condition as last polled, its place and load as read in the newest tick."""
        bus = self._bus
        return overview(
            self._care.servos,
            self._reading,
            plans=self._plan_of,
            limits=self._counters.limits,
            silent=set(self.ids) if bus is None else bus.silent - set(self._care.in_hand),
            in_hand=self._care.in_hand,
            wanted=self._hold,
        )
