"""All servos of one line: takes instruction packets, gives status packets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from drivers.sim import control_table as ct
from drivers.sim import protocol
from drivers.sim.protocol import Packet, fast_status_packet, status_packet
from drivers.sim.servo import SimServo

_REINDEXED: Final = (ct.ID.address, ct.SECONDARY_ID.end)
"""Writes in this range may change who answers to what."""


class SimBus:
    """Servos that share a line.

    Args:
        servos: in any order.
        fast_sync_read: whether their firmware knows the fast sync read.
    """

    def __init__(self, servos: Sequence[SimServo], *, fast_sync_read: bool = True) -> None:
        self.servos = tuple(servos)
        self.silent_ids: frozenset[int] = frozenset()
        self._fast_sync_read = fast_sync_read
        self._owners: dict[int, SimServo] = {}
        self._obeying: dict[int, tuple[SimServo, ...]] = {}
        self._index()
        self._handlers: dict[int, Callable[[Packet, int, int], Iterator[bytes]]] = {
            protocol.PING: self._ping,
            protocol.READ: self._read,
            protocol.WRITE: self._write,
            protocol.REBOOT: self._reboot,
            protocol.SYNC_READ: self._sync_read,
            protocol.SYNC_WRITE: self._sync_write,
        }
        if fast_sync_read:
            self._handlers[protocol.FAST_SYNC_READ] = self._fast_sync_read_reply

    def servo(self, servo_id: int) -> SimServo:
        """The servo of an id.

        Raises:
            KeyError: when there is none; the message lists the ids there are.
        """
        try:
            return self._owners[servo_id]
        except KeyError:
            raise KeyError(f"no servo {servo_id} on this bus; there are {sorted(self._owners)}") from None

    def return_delay_ns(self, servo_id: int) -> int:
        """How long a servo waits before it answers; for a fast sync read's common packet, the first servo's."""
        return self._owners.get(servo_id, self.servos[0]).return_delay_ns

    def answer(self, packet: Packet, *, baud: int, now_ns: int) -> list[bytes]:
        """What the servos do about a packet, and the status packets they send, in order.

        Args:
            packet: the instruction.
            baud: rate of the line, bit/s; a servo set to another one hears noise.
            now_ns: `time.monotonic_ns()` of its arrival.
        """
        if not packet.intact:
            servo = self._listener(packet.id, baud, now_ns)
            return [] if servo is None else [status_packet(servo.id, protocol.CRC_ERROR | servo.alert)]
        for servo in self.servos:
            if servo.id not in self.silent_ids:
                servo.fed(now_ns)
        handler = self._handlers.get(packet.instruction)
        if handler is not None:
            return list(handler(packet, baud, now_ns))
        if packet.instruction == protocol.STATUS:
            return []
        servo = self._listener(packet.id, baud, now_ns)
        return [] if servo is None else [status_packet(servo.id, protocol.INSTRUCTION_ERROR | servo.alert)]

    def _index(self) -> None:
        self._owners = {servo.id: servo for servo in self.servos}
        obeying: dict[int, list[SimServo]] = {}
        for servo in self.servos:
            obeying.setdefault(servo.id, []).append(servo)
            if servo.secondary_id is not None and servo.secondary_id != servo.id:
                obeying.setdefault(servo.secondary_id, []).append(servo)
        self._obeying = {servo_id: tuple(servos) for servo_id, servos in obeying.items()}

    def _hears(self, servo: SimServo, baud: int, now_ns: int) -> bool:
        return servo.baud == baud and servo.id not in self.silent_ids and now_ns >= servo.boot_until_ns

    def _listener(self, servo_id: int, baud: int, now_ns: int) -> SimServo | None:
        """The servo that would answer to an id."""
        servo = self._owners.get(servo_id)
        return servo if servo is not None and self._hears(servo, baud, now_ns) else None

    def _addressed(self, servo_id: int, baud: int, now_ns: int) -> Iterator[SimServo]:
        """Every servo that obeys an id: its owner, those with it as secondary id, or all on broadcast."""
        servos = self.servos if servo_id == protocol.BROADCAST_ID else self._obeying.get(servo_id, ())
        return (servo for servo in servos if self._hears(servo, baud, now_ns))

    def _ping(self, packet: Packet, baud: int, now_ns: int) -> Iterator[bytes]:
        for servo in sorted(self._addressed(packet.id, baud, now_ns), key=lambda servo: servo.id):
            if packet.id in (servo.id, protocol.BROADCAST_ID):
                yield status_packet(servo.id, servo.alert, servo.identity())

    def _read(self, packet: Packet, baud: int, now_ns: int) -> Iterator[bytes]:
        servo = self._listener(packet.id, baud, now_ns)
        if servo is None or servo.status_return_level == 0:
            return
        if len(packet.parameters) != 4:
            yield status_packet(servo.id, protocol.DATA_LENGTH_ERROR | servo.alert)
            return
        error, data = servo.read(_word(packet.parameters, 0), _word(packet.parameters, 2))
        yield status_packet(servo.id, error | servo.alert, data)

    def _write(self, packet: Packet, baud: int, now_ns: int) -> Iterator[bytes]:
        address = _word(packet.parameters, 0) if len(packet.parameters) >= 3 else None
        replies = []
        for servo in self._addressed(packet.id, baud, now_ns):
            # A servo that is given another id still answers this write under the old one.
            answers_as = servo.id
            if address is None:
                error = protocol.DATA_LENGTH_ERROR
            else:
                error = servo.write(address, packet.parameters[2:], now_ns=now_ns)
            if packet.id == answers_as and servo.status_return_level == 2:
                replies.append(status_packet(answers_as, error | servo.alert))
        self._index_after(packet)
        yield from replies

    def _index_after(self, packet: Packet) -> None:
        address = _word(packet.parameters, 0) if len(packet.parameters) >= 2 else ct.TABLE_SIZE
        if _REINDEXED[0] - ct.TABLE_SIZE < address < _REINDEXED[1]:
            self._index()

    def _reboot(self, packet: Packet, baud: int, now_ns: int) -> Iterator[bytes]:
        for servo in list(self._addressed(packet.id, baud, now_ns)):
            servo.reboot(now_ns)
            if packet.id == servo.id:
                yield status_packet(servo.id, 0)

    def _sync_write(self, packet: Packet, baud: int, now_ns: int) -> Iterator[bytes]:
        if len(packet.parameters) < 4:
            return
        address, length = _word(packet.parameters, 0), _word(packet.parameters, 2)
        rest = packet.parameters[4:]
        for start in range(0, len(rest) - length, length + 1):
            data = rest[start + 1 : start + 1 + length]
            for servo in self._addressed(rest[start], baud, now_ns):
                servo.write(address, data, now_ns=now_ns)
        self._index_after(packet)
        yield from ()

    def _sync_parts(self, packet: Packet, baud: int, now_ns: int) -> tuple[list[tuple[int, int, bytes]], int]:
        """Error, id and data of each servo asked, and how many answer.

        Each servo waits for the reply of the one before it in the list, so one that is silent silences the rest.
        """
        if len(packet.parameters) < 5:
            return [], 0
        address, length = _word(packet.parameters, 0), _word(packet.parameters, 2)
        parts: list[tuple[int, int, bytes]] = []
        answering: int | None = None
        for servo_id in packet.parameters[4:]:
            servo = self._listener(servo_id, baud, now_ns)
            if servo is None or servo.status_return_level == 0:
                answering = len(parts) if answering is None else answering
                parts.append((0, servo_id, bytes(length)))
                continue
            error, data = servo.read(address, length)
            parts.append((error | servo.alert, servo_id, data if not error else bytes(length)))
        return parts, len(parts) if answering is None else answering

    def _sync_read(self, packet: Packet, baud: int, now_ns: int) -> Iterator[bytes]:
        parts, answering = self._sync_parts(packet, baud, now_ns)
        for error, servo_id, data in parts[:answering]:
            yield status_packet(servo_id, error, data)

    def _fast_sync_read_reply(self, packet: Packet, baud: int, now_ns: int) -> Iterator[bytes]:
        parts, answering = self._sync_parts(packet, baud, now_ns)
        if answering:
            yield fast_status_packet(parts, answering=answering)


def _word(data: bytes, offset: int) -> int:
    return data[offset] | data[offset + 1] << 8
