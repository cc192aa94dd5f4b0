"""Care for the servos of one line, at most one transaction a call: who is silent, who is unwell, who must be set up."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Sequence, Set
from enum import Flag, auto

from drivers.dynamixel.bus import DynamixelBus
from drivers.dynamixel.faults import Condition, FaultBook
from drivers.dynamixel.health import HealthCounters, ServoState
from drivers.dynamixel.registers import CONDITION_ADDRESS, CONDITION_SIZE, MODELS, TORQUE_ENABLE
from drivers.dynamixel.setup import Steps, Unit, bring_up, reboot
from drivers.errors import CorruptReplyError, DriverError, LineLostError, NoReplyError

PROBE_EVERY_S = 0.5
"""How often a line asks a silent servo whether it is back; each such question costs a packet time-out."""


class Found(Flag):
    """What the line has to act on after a call."""

    NOTHING = 0
    SET_UP = auto()
    """A servo was set up, which leaves its watchdog off."""
    TRIPPED = auto()
    """A servo's watchdog had tripped."""
    UNARMED = auto()
    """A servo that holds has no watchdog: it was set up, or missed the packet that nobody acknowledges."""


class Care:
    """Looks after the servos of one line in turn.

    Attributes:
        restarted: ids found without torque, which may have lost their power, and with it their count of turns; the line
            empties it.
        set_up_ids: the servos of the axis that was set up last.

    Args:
        name: the bus's name.
        units: the axes on the bus.
        book: where faults are written.
        counters: where the last error is kept.
    """

    def __init__(
        self, name: str, units: Sequence[Unit], *, book: FaultBook, counters: HealthCounters
    ) -> None:
        self.restarted: set[int] = set()
        self.set_up_ids: tuple[int, ...] = ()
        self._book = book
        self._counters = counters
        self._unit_of = {servo_id: unit for unit in units for servo_id in unit.ids}
        self._servos = {
            plan.id: ServoState(bus=name, id=plan.id, label=plan.label)
            for unit in units
            for plan in unit.plans
        }
        self._ampere_of = {
            plan.id: MODELS[plan.model].ampere_per_unit for unit in units for plan in unit.plans
        }
        self._procedures: deque[tuple[int, Steps]] = deque()
        self._turn = 0
        self._next_probe_ns = 0

    @property
    def servos(self) -> tuple[ServoState, ...]:
        """Each servo's condition as last polled."""
        return tuple(self._servos.values())

    @property
    def in_hand(self) -> tuple[int, ...]:
        """The servos of the axis that is being set up now; until that is done no goal may reach them."""
        return self._unit_of[self._procedures[0][0]].ids if self._procedures else ()

    def urgent(self, bus: DynamixelBus) -> bool:
        """Whether a servo is being set up or in doubt, so that care should not wait its turn."""
        return bool(self._procedures or bus.suspects or self._alerted(bus))

    def forget(self) -> None:
        """Give up everything that was begun."""
        self._procedures.clear()

    def reboot(self, bus: DynamixelBus, servo_id: int, *, torque: bool) -> None:
        """Begin to restart a servo and set it up again; a servo that is in hand already is left at it."""
        unit = self._unit_of[servo_id]
        self._begin(servo_id, reboot(bus, unit, servo_id, found_off=self.restarted, torque=torque))

    def step(self, bus: DynamixelBus, *, hold: Set[int], limit_ns: int) -> Found:
        """One transaction: the next step of a setting up, else a question to a servo.

        Args:
            bus: the open bus.
            hold: ids of the servos that are to have torque.
            limit_ns: when the reply must be in, monotonic.

        Raises:
            LineLostError: when the line is gone.
        """
        if self._procedures:
            return self._proceed(bus)
        if bus.suspects:
            self._question(bus, bus.suspects[0], limit_ns=limit_ns)
        elif bus.silent and time.monotonic_ns() >= self._next_probe_ns:
            self._probe(bus, hold=hold, limit_ns=limit_ns)
        elif bus.answering:
            return self._examine(bus, hold=hold, limit_ns=limit_ns)
        return Found.NOTHING

    def _begin(self, servo_id: int, steps: Steps) -> None:
        if all(servo_id != begun for begun, _ in self._procedures):
            self._procedures.append((servo_id, steps))

    def _proceed(self, bus: DynamixelBus) -> Found:
        servo_id, steps = self._procedures[0]
        try:
            next(steps)
        except StopIteration:
            self._procedures.popleft()
            bus.include(servo_id)
            self.set_up_ids = self._unit_of[servo_id].ids
            self._book.clear(self.set_up_ids)
            return Found.SET_UP
        except LineLostError:
            raise
        except (NoReplyError, CorruptReplyError) as error:
            # Half set up it must not be used; as a silent servo it is asked again, and set up anew.
            self._procedures.popleft()
            self._silence(bus, servo_id, error)
        except DriverError as error:
            self._procedures.popleft()
            bus.include(servo_id)
            self._book.refusal(self._unit_of[servo_id].master.id, error)
        return Found.NOTHING

    def _question(self, bus: DynamixelBus, servo_id: int, *, limit_ns: int) -> None:
        """Ask a servo that missed several reads on its own; it may only have come after one that is silent."""
        try:
            bus.ping(servo_id, tries=1, limit_ns=limit_ns)
            bus.include(servo_id)
        except LineLostError:
            raise
        except DriverError as error:
            self._silence(bus, servo_id, error)

    def _silence(self, bus: DynamixelBus, servo_id: int, error: DriverError) -> None:
        bus.exclude(servo_id)
        self._counters.note_error(str(error), time_ns=time.monotonic_ns())
        self._book.silent(servo_id)

    def _probe(self, bus: DynamixelBus, *, hold: Set[int], limit_ns: int) -> None:
        """Ask one of the silent servos whether it is back."""
        self._next_probe_ns = time.monotonic_ns() + int(PROBE_EVERY_S * 1e9)
        silent = sorted(bus.silent)
        servo_id = silent[self._turn % len(silent)]
        self._turn += 1
        try:
            bus.ping(servo_id, tries=1, limit_ns=limit_ns)
        except LineLostError:
            raise
        except DriverError:
            return  # Still silent, as its fault says.
        unit = self._unit_of[servo_id]
        if bus.silent.intersection(unit.ids) - {servo_id}:
            # Half of an axis: it is read, and gets torque once its other half is back.
            bus.include(servo_id)
            self._book.clear([servo_id])
        else:
            self._begin(
                servo_id, bring_up(bus, unit, found_off=self.restarted, torque=unit.master.id in hold)
            )

    def _examine(self, bus: DynamixelBus, *, hold: Set[int], limit_ns: int) -> Found:
        alerted = self._alerted(bus)
        servo_id = alerted[0] if alerted else bus.answering[self._turn % len(bus.answering)]
        self._turn += not alerted
        try:
            data = bus.read_bytes(servo_id, CONDITION_ADDRESS, CONDITION_SIZE, tries=1, limit_ns=limit_ns)
        except LineLostError:
            raise
        except DriverError as error:
            self._counters.note_error(str(error), time_ns=time.monotonic_ns())
            return Found.NOTHING
        bus.alerts.discard(servo_id)
        condition = Condition.parse(data)
        self._keep(servo_id, condition)
        if condition.hardware_error:
            return Found.NOTHING
        if servo_id in hold and not condition.torque_on:
            self._hold_again(bus, servo_id)
        elif servo_id not in hold and condition.torque_on:
            bus.sync_write(TORQUE_ENABLE, {servo_id: 0})
        if condition.watchdog_tripped:
            return Found.TRIPPED
        return Found.UNARMED if servo_id in hold and not condition.watchdog_armed else Found.NOTHING

    def _alerted(self, bus: DynamixelBus) -> list[int]:
        """Servos that ask to be looked at and whose trouble is not known yet."""
        return [i for i in bus.answering if i in bus.alerts and not self._book.broken(i)]

    def _keep(self, servo_id: int, condition: Condition) -> None:
        known, ampere = self._servos[servo_id], self._ampere_of[servo_id]
        self._servos[servo_id] = ServoState(
            bus=known.bus,
            id=servo_id,
            label=known.label,
            polled_ns=time.monotonic_ns(),
            temperature_c=condition.temperature_c,
            voltage_v=condition.voltage_v,
            torque_on=condition.torque_on,
            hardware_error=int(condition.hardware_error),
            current_a=math.nan if ampere is None else condition.current_units * ampere,
        )
        self._book.condition(servo_id, condition)

    def _hold_again(self, bus: DynamixelBus, servo_id: int) -> None:
        """A servo lost its power for a moment, or missed the word to switch on."""
        unit = self._unit_of[servo_id]
        if unit.master.id in self._book.refused() or bus.silent.intersection(unit.ids):
            return
        if unit.master.powered:
            self._book.torque_off(servo_id)
            self._begin(servo_id, bring_up(bus, unit, found_off=self.restarted))
        else:
            # A leader that is being driven: its goal comes anew each tick, its current is limited.
            bus.sync_write(TORQUE_ENABLE, {servo_id: 1})
