"""Transactions with single servos on an open line, with retries; and sync writes, which nobody acknowledges."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from drivers.dynamixel.health import HealthCounters
from drivers.dynamixel.port import WaitingPort
from drivers.dynamixel.protocol import RECEIVED_DAMAGED, REFUSALS, Missed, Protocol, Status
from drivers.dynamixel.registers import Register
from drivers.errors import CorruptReplyError, NoReplyError, ServoRefusedError


class ServoPort:
    """An open line and what can be asked of one servo on it.

    Args:
        name: the bus's name in the profile.
        path: device path.
        baud: bits a second.
        packet_timeout_ms: time a reply may take beyond its time on the wire.
        retries: further tries after a failed transaction.
        labels: what a person calls each servo, by id; its keys are the servos of the bus.
        counters: where health is counted.

    Raises:
        PortMissingError, PortPermissionError, PortBusyError, PortSetupError: when the port cannot be opened.
    """

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
        self.name = name
        self.path = path
        self.retries = retries
        self.labels = dict(labels)
        self.ids = tuple(labels)
        self.counters = counters
        self.alerts: set[int] = set()
        self.last_sent_ns = 0
        self._port = WaitingPort(path, baud=baud, packet_timeout_ms=packet_timeout_ms)
        self._protocol = Protocol(self._port)

    def close(self) -> None:
        """Give the port back."""
        self._port.close()

    def sync_write(self, register: Register, values: dict[int, int]) -> None:
        """Write one register of several servos in one packet that nobody acknowledges.

        Raises:
            LineLostError: when the line is gone.
        """
        if values:
            self._protocol.send_sync_write(register, values)
            self.last_sent_ns = time.monotonic_ns()
            self.counters.writes += 1

    def sync_read(self, servo_ids: Sequence[int], address: int, size: int) -> dict[int, bytes]:
        """A run of bytes of several servos' control tables, by id, in one try; who does not answer is left out.

        Raises:
            LineLostError: when the line is gone.
        """
        found: dict[int, bytes] = {}
        if not servo_ids:
            return found
        self._protocol.send_sync_read(servo_ids, address, size, fast=False)
        self.last_sent_ns = time.monotonic_ns()
        while len(found) < len(servo_ids):
            status = self._protocol.receive()
            if isinstance(status, Status):
                if status.servo_id in servo_ids and len(status.data) == size and not status.error:
                    found[status.servo_id] = status.data
            elif self._port.isPacketTimeout():
                break
        return found

    def ping(self, servo_id: int, *, tries: int | None = None, limit_ns: int | None = None) -> int:
        """A servo's model number; raises as `read`."""

        def send() -> None:
            self._protocol.send_ping(servo_id)

        status = self._transact(send, servo_id, 3, tries=tries, limit_ns=limit_ns, what="a ping")
        return status.data[0] | status.data[1] << 8

    def read(self, servo_id: int, register: Register, *, tries: int | None = None) -> int:
        """One register of one servo.

        Raises:
            NoReplyError, CorruptReplyError: after all tries.
            ServoRefusedError: when the servo refuses.
            LineLostError: when the line is gone.
        """
        return register.decode(self.read_bytes(servo_id, register.address, register.size, tries=tries))

    def read_bytes(
        self,
        servo_id: int,
        address: int,
        size: int,
        *,
        tries: int | None = None,
        limit_ns: int | None = None,
    ) -> bytes:
        """A run of bytes of one servo's control table; raises as `read`."""

        def send() -> None:
            self._protocol.send_read(servo_id, address, size)

        what = f"a read of {size} bytes at {address}"
        return self._transact(send, servo_id, size, tries=tries, limit_ns=limit_ns, what=what).data

    def write(self, servo_id: int, register: Register, value: int, *, tries: int | None = None) -> None:
        """Write one register of one servo and wait for its acknowledgement; raises as `read`."""

        def send() -> None:
            self._protocol.send_write(servo_id, register, value)

        self._transact(send, servo_id, 0, tries=tries, what=f"writing {value} to its {register.name}")
        self.counters.writes += 1

    def reboot(self, servo_id: int) -> None:
        """Tell a servo to restart; it is silent for a while after, so no answer is waited for.

        Raises:
            LineLostError: when the line is gone.
        """
        self._protocol.send_reboot(servo_id)
        self.last_sent_ns = time.monotonic_ns()

    def _transact(
        self,
        send: Callable[[], None],
        servo_id: int,
        size: int,
        *,
        what: str,
        tries: int | None = None,
        limit_ns: int | None = None,
    ) -> Status:
        tries = 1 + self.retries if tries is None else tries
        missed = Missed.TIMEOUT
        for _ in range(tries):
            self._port.wait_no_longer_than(limit_ns)
            try:
                send()
                self.last_sent_ns = time.monotonic_ns()
                answer = self._protocol.answer(servo_id, size)
            finally:
                self._port.wait_no_longer_than(None)
            if isinstance(answer, Status) and answer.error != RECEIVED_DAMAGED:
                return self._accepted(answer, what)
            missed = Missed.CORRUPT if isinstance(answer, Status) else answer
            self.counters.corrupted += missed is Missed.CORRUPT
        where = f"servo {servo_id} ({self.labels.get(servo_id, 'not in the profile')}) on {self.path}"
        plural = "try" if tries == 1 else "tries"
        if missed is Missed.CORRUPT:
            raise CorruptReplyError(
                f"damaged replies from {where} to {what}, after {tries} {plural}",
                remedy="check the cable's length and shield, and that no two servos share an id",
            )
        raise NoReplyError(
            f"no reply from {where} after {tries} {plural}", remedy="check its cable, power, id and baud rate"
        )

    def _accepted(self, status: Status, what: str) -> Status:
        if status.alert:
            self.alerts.add(status.servo_id)
        if status.error:
            reason = REFUSALS.get(status.error, f"error number {status.error}")
            raise ServoRefusedError(
                f"servo {status.servo_id} ({self.labels.get(status.servo_id)}) on {self.path} refused {what}: {reason}",
                remedy="compare the profile with the servo's model and limits",
            )
        return status
