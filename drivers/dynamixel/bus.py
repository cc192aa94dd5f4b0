"""One serial line of servos, and the state read of every tick.

A state read is split so that several buses can be on the wire at once: `request` transmits and returns, `receive`
takes the replies. No value is ever handed out that was not received for that very read: a reply that comes ticks late,
out of an adapter that hung for a moment, is told by its length (`STATE_STARTS`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivers.dynamixel.health import HealthCounters
from drivers.dynamixel.protocol import REQUEST_OVERHEAD_BYTES, STATUS_OVERHEAD_BYTES, Missed, Status
from drivers.dynamixel.registers import STATE_DTYPE, STATE_END, STATE_SIZE, STATE_STARTS
from drivers.dynamixel.transactions import ServoPort
from drivers.errors import LineLostError

FAST_READ_TRIES = 3
"""Fast sync reads tried before the servos are taken not to know them."""
LOST_AFTER_READS = 10
"""State reads in a row without any reply after which the line counts as lost: 0.2 s at 50 Hz."""
SUSPECT_AFTER_READS = 5
"""State reads in a row without one servo's reply after which it is asked on its own."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One state read of a bus. N servos, in the order of the bus's `ids`.

    Attributes:
        state: (N,) of `STATE_DTYPE`; meaningless where not fresh.
        fresh: (N,) bool, whether this servo answered this read.
        sampled_ns: best estimate of when the servos sampled, monotonic.
    """

    state: NDArray[np.void]
    fresh: NDArray[np.bool_]
    sampled_ns: int

    @property
    def positions(self) -> NDArray[np.float64]:
        """(N,) ticks."""
        return self.state["position"].astype(np.float64)

    @property
    def velocities(self) -> NDArray[np.float64]:
        """(N,) in the servos' unit."""
        return self.state["velocity"].astype(np.float64)

    @property
    def currents(self) -> NDArray[np.float64]:
        """(N,) in the servos' unit."""
        return self.state["current"].astype(np.float64)

    @classmethod
    def nothing(cls, n_servos: int) -> Reading:
        """The reading of a bus that did not answer."""
        return cls(np.zeros(n_servos, STATE_DTYPE), np.zeros(n_servos, bool), 0)


class DynamixelBus(ServoPort):
    """An open line and the state reads of its servos; raises and takes what `ServoPort` does."""

    def __init__(
        self,
        *,
        name: str,
        path: str,
        baud: int,
        packet_timeout_ms: float,
        retries: int,
        labels: Mapping[int, str],
        counters: HealthCounters,
    ) -> None:
        super().__init__(
            name=name,
            path=path,
            baud=baud,
            packet_timeout_ms=packet_timeout_ms,
            retries=retries,
            labels=labels,
            counters=counters,
        )
        self.fast = False
        self.silent: set[int] = set(self.ids)
        self._place = {servo_id: place for place, servo_id in enumerate(self.ids)}
        self._misses = dict.fromkeys(self.ids, 0)
        self._dead_reads = 0
        self._asked: tuple[int, ...] = ()
        self._asked_fast = False
        self._turn = 0
        self._plain_next = False
        self._asked_ns = 0
        self._first_asked_ns = 0
        self._raw = bytearray(len(self.ids) * STATE_SIZE)
        self._state = np.frombuffer(self._raw, STATE_DTYPE)
        self._fresh = np.zeros(len(self.ids), bool)
        self._sampled_ns = 0

    @property
    def answering(self) -> tuple[int, ...]:
        """The servos that state reads ask, in order."""
        return tuple(servo_id for servo_id in self.ids if servo_id not in self.silent)

    @property
    def suspects(self) -> tuple[int, ...]:
        """Servos that missed several state reads in a row and should be asked on their own."""
        return tuple(i for i in self.answering if self._misses[i] >= SUSPECT_AFTER_READS)

    @property
    def complete(self) -> bool:
        """Whether every servo asked has answered the read under way."""
        return bool(self._fresh[[self._place[i] for i in self._asked]].all())

    @property
    def worth_another_try(self) -> bool:
        """Whether to ask again in this tick: not when all that is missing was missing last time too."""
        missing = (i for i in self._asked if not self._fresh[self._place[i]])
        return self._dead_reads == 0 and any(not self._misses[i] for i in missing)

    def include(self, servo_id: int) -> None:
        """Ask this servo from the next state read on."""
        self.silent.discard(servo_id)
        self._misses[servo_id] = 0

    def exclude(self, servo_id: int) -> None:
        """Ask this servo no more: it is silent."""
        self.silent.add(servo_id)
        self._misses[servo_id] = 0

    def choose_reading(self) -> bool:
        """Find out whether the servos answer fast sync reads, and keep to what they do. Returns whether they do.

        They need recent firmware, all of them: one that does not know the instruction breaks the common reply.
        """
        self.fast = False
        for _ in range(FAST_READ_TRIES):
            self.request(fast=True)
            self.receive()
            if self.complete and self._asked:
                self.fast = True
                break
        self._plain_next = False
        self._dead_reads = 0
        self._misses = dict.fromkeys(self.ids, 0)
        return self.fast

    def request(self, *, fast: bool | None = None) -> None:
        """Transmit a state read to every answering servo, and return at once.

        Raises:
            LineLostError: when the line is gone.
        """
        self._fresh[:] = False
        self._first_asked_ns = 0
        self.counters.reads += 1
        self._turn = (self._turn + 1) % len(STATE_STARTS)
        fast = (self.fast and not self._plain_next) if fast is None else fast
        # A servo waits for the reply of the one before it in the list, so who failed last time comes last.
        ids = self.answering if fast else tuple(sorted(self.answering, key=self._misses.__getitem__))
        self._ask(ids, fast=fast)

    def request_again(self) -> None:
        """Transmit once more, as a plain read, to the servos that have not answered yet, the first of them last."""
        self.counters.retries += 1
        first, *others = (i for i in self._asked if not self._fresh[self._place[i]])
        self._ask((*others, first), fast=False)

    def receive(self, *, limit_ns: int | None = None) -> None:
        """Take the replies to the last request, until all are there or its time, or `limit_ns`, is up.

        Raises:
            LineLostError: when the line is gone.
        """
        if not self._asked:
            return
        self._port.wait_no_longer_than(limit_ns)
        try:
            if self._asked_fast:
                self._receive_fast()
            else:
                self._receive_plain()
        finally:
            self._port.wait_no_longer_than(None)

    def reading(self) -> Reading:
        """Close the read: what came, and the bookkeeping of what did not.

        Raises:
            LineLostError: when no servo has answered for `LOST_AFTER_READS` reads in a row.
        """
        answered = 0
        for servo_id in self.answering:
            if self._fresh[self._place[servo_id]]:
                self._misses[servo_id] = 0
                answered += 1
            elif not self._asked_fast:
                # A fast reply fails as one, so only a plain read tells who it was.
                self._misses[servo_id] += 1
        n_answering = len(self.ids) - len(self.silent)
        if answered == n_answering:
            self._plain_next = False
            if answered:
                self.counters.add_latency((time.monotonic_ns() - self._first_asked_ns) / 1e6)
        else:
            self._plain_next = True
            self.counters.failures += 1
        self._dead_reads = 0 if answered or not n_answering else self._dead_reads + 1
        if self._dead_reads >= LOST_AFTER_READS or not n_answering:
            raise LineLostError(
                f"no servo on {self.path} has answered for {self._dead_reads} reads",
                remedy="check the servos' power and the cable to the first of them",
            )
        return Reading(self._state.copy(), self._fresh.copy(), self._sampled_ns)

    @property
    def _size(self) -> int:
        """Bytes of each servo's reply to the read under way."""
        return STATE_END - STATE_STARTS[self._turn]

    def _ask(self, ids: tuple[int, ...], *, fast: bool) -> None:
        self._asked, self._asked_fast = ids, fast
        if not ids:
            return
        self._protocol.send_sync_read(ids, STATE_STARTS[self._turn], self._size, fast=fast)
        self._asked_ns = self.last_sent_ns = time.monotonic_ns()
        self._first_asked_ns = self._first_asked_ns or self._asked_ns

    def _receive_fast(self) -> None:
        while True:
            replies = self._protocol.receive_fast(self._asked, self._size)
            if not isinstance(replies, Missed):
                for status in replies:
                    self._keep(status)
                break
            if replies is Missed.CORRUPT:
                # There is only this one reply; what is left of the time is better spent on asking again.
                self.counters.corrupted += 1
                return
            if self._port.isPacketTimeout():
                return
        self._note_sampling()

    def _receive_plain(self) -> None:
        waiting = set(self._asked)
        arrived = 0
        # Servos answer in the order asked: after the last one's reply, or as many as asked, nothing more comes.
        while waiting and arrived < len(self._asked):
            status = self._protocol.receive()
            if isinstance(status, Status):
                if len(status.data) != self._size and not status.error:
                    continue  # It answers something else, and came late.
                arrived += 1
                if status.servo_id in waiting:
                    self._keep(status)
                    waiting.discard(status.servo_id)
                if status.servo_id == self._asked[-1]:
                    break
                continue
            arrived += 1
            if status is Missed.CORRUPT:
                self.counters.corrupted += 1
            if self._port.isPacketTimeout():
                break
        if len(waiting) < len(self._asked):
            self._note_sampling()

    def _keep(self, status: Status) -> None:
        if status.alert:
            self.alerts.add(status.servo_id)
        if status.error:
            return
        place = self._place[status.servo_id]
        self._raw[place * STATE_SIZE : (place + 1) * STATE_SIZE] = status.data[-STATE_SIZE:]
        self._fresh[place] = True

    def _note_sampling(self) -> None:
        # The reply may have lain in the kernel while another bus was served, so its time on the wire bounds its age.
        wire_ns = self._port.wire_ns(
            REQUEST_OVERHEAD_BYTES + len(self._asked) * (1 + self._size + STATUS_OVERHEAD_BYTES)
        )
        self._sampled_ns = self._asked_ns + min(time.monotonic_ns() - self._asked_ns, wire_ns) // 2
