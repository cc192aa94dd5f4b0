"""Protocol 2.0 on one open port: the SDK's packets behind typed calls, and the checks that the SDK leaves out.

dynamixel-sdk 4.1.0 builds and parses packets well enough, and gives back wrong values in three ways that this file
closes. Its reads do not check the length of a reply, so a late one of another size is taken for the answer. Its group
read waits for the ids in turn, so one silent servo eats the replies of all that follow. After a failure its group
read keeps the previous data. (It also does not stuff what it sends, because the stuffed copy is dropped; no goal
within 31 turns of zero contains the bytes in question.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from dynamixel_sdk import COMM_RX_CORRUPT, COMM_SUCCESS, PacketHandler
from dynamixel_sdk.robotis_def import BROADCAST_ID, INST_PING, INST_REBOOT

from drivers.dynamixel.port import WaitingPort
from drivers.dynamixel.registers import Register
from drivers.errors import LineLostError

ALERT_BIT = 0x80
ERROR_MASK = 0x7F
HEADER_BYTES = 7
"""Header, reserved byte, id and length."""
STATUS_OVERHEAD_BYTES = 11
"""A status packet without data."""
FAST_CHUNK_OVERHEAD_BYTES = 4
"""Error, id and checksum around each servo's data in a fast sync read's one reply."""
REQUEST_OVERHEAD_BYTES = 14
"""A sync read or sync write without its ids and data."""

RECEIVED_DAMAGED = 3
"""The error number with which a servo says that the instruction's checksum was wrong."""

REFUSALS = {
    1: "it could not carry the instruction out",
    2: "it does not know the instruction",
    RECEIVED_DAMAGED: "it received the packet damaged",
    4: "the value is out of the register's range",
    5: "the data is too short for the register",
    6: "the value is beyond the limit set in the servo",
    7: "the register cannot be written now (torque may be on, or its bus watchdog has tripped)",
}
"""What the error number of a status packet means; e-manual, Protocol 2.0, status packet."""


@dataclass(frozen=True, slots=True)
class Status:
    """A status packet: who sent it, its error number (0 when well), whether it asks to be looked at, and its data."""

    servo_id: int
    error: int
    alert: bool
    data: bytes


class Missed(Enum):
    """Why there is no status packet."""

    TIMEOUT = "time-out"
    CORRUPT = "corrupt"
    OTHER = "the answer to something else"


class Protocol:
    """Sends instructions and receives status packets, one at a time. Keeps nothing between calls but the port.

    Every method raises `LineLostError` when the line is gone.
    """

    def __init__(self, port: WaitingPort) -> None:
        self.port = port
        self._packets = PacketHandler(2.0)

    def send_ping(self, servo_id: int) -> None:
        """Ask one servo for its model number."""
        self._send_bare(servo_id, INST_PING)

    def send_reboot(self, servo_id: int) -> None:
        """Tell one servo to restart."""
        self._send_bare(servo_id, INST_REBOOT)

    def send_read(self, servo_id: int, address: int, size: int) -> None:
        """Ask one servo for a run of bytes."""
        self._ready()
        self._check(self._packets.readTx(self.port, servo_id, address, size))

    def send_write(self, servo_id: int, register: Register, value: int) -> None:
        """Write one register of one servo; it acknowledges."""
        self._ready()
        self._check(
            self._packets.writeTxOnly(
                self.port, servo_id, register.address, register.size, register.encode(value)
            )
        )
        self.port.setPacketTimeout(STATUS_OVERHEAD_BYTES)

    def send_sync_read(self, ids: Sequence[int], address: int, size: int, *, fast: bool) -> None:
        """Ask several servos for the same run of bytes."""
        self._ready()
        self._check(self._packets.syncReadTx(self.port, address, size, list(ids), len(ids), fast))

    def send_sync_write(self, register: Register, values: dict[int, int]) -> None:
        """Write one register of several servos at once; nobody acknowledges."""
        self._ready()
        parameters: list[int] = []
        for servo_id, value in values.items():
            parameters.append(servo_id)
            parameters += register.encode(value)
        self._check(
            self._packets.syncWriteTxOnly(
                self.port, register.address, register.size, parameters, len(parameters)
            )
        )

    def receive(self) -> Status | Missed:
        """The next status packet, waiting until the port's deadline. `CORRUPT` does not mean that time is up."""
        packet, result = self._packets.rxPacket(self.port, False)
        if result != COMM_SUCCESS:
            return Missed.CORRUPT if result == COMM_RX_CORRUPT else Missed.TIMEOUT
        length = packet[5] | packet[6] << 8
        if length < STATUS_OVERHEAD_BYTES - HEADER_BYTES:
            return Missed.CORRUPT
        error = packet[8]
        return Status(packet[4], error & ERROR_MASK, bool(error & ALERT_BIT), bytes(packet[9 : 5 + length]))

    def receive_fast(self, ids: Sequence[int], size: int) -> list[Status] | Missed:
        """The one reply to a fast sync read of `size` bytes from each of `ids`, in that order.

        `OTHER` does not mean that time is up: the reply to an earlier read may have come late, and this one's follows.
        """
        packet, result = self._packets.rxPacket(self.port, True)
        if result != COMM_SUCCESS:
            return Missed.CORRUPT if result == COMM_RX_CORRUPT else Missed.TIMEOUT
        chunk_size = size + FAST_CHUNK_OVERHEAD_BYTES
        length = packet[5] | packet[6] << 8
        if packet[4] != BROADCAST_ID or length != 1 + chunk_size * len(ids):
            return Missed.OTHER
        statuses = []
        for place, servo_id in enumerate(ids):
            start = HEADER_BYTES + 1 + place * chunk_size
            error, sender = packet[start], packet[start + 1]
            if sender != servo_id:
                return Missed.OTHER
            data = bytes(packet[start + 2 : start + 2 + size])
            statuses.append(Status(servo_id, error & ERROR_MASK, bool(error & ALERT_BIT), data))
        return statuses

    def answer(self, servo_id: int, size: int) -> Status | Missed:
        """The status packet of one servo with so many bytes of data (none if it refused), others passed over."""
        missed = Missed.TIMEOUT
        while True:
            status = self.receive()
            if isinstance(status, Status):
                if status.servo_id == servo_id and (len(status.data) == size or status.error):
                    return status
                continue
            if status is Missed.CORRUPT:
                missed = status
            if self.port.isPacketTimeout():
                return missed

    def _send_bare(self, servo_id: int, instruction: int) -> None:
        self._ready()
        packet = [0] * 10
        packet[4], packet[5], packet[7] = servo_id, 3, instruction
        self._check(self._packets.txPacket(self.port, packet))
        self.port.setPacketTimeout(STATUS_OVERHEAD_BYTES + 3)

    def _ready(self) -> None:
        # The SDK marks a port as in use from a request to its reply, for good if nobody collects the reply.
        self.port.is_using = False

    def _check(self, result: int) -> None:
        if result != COMM_SUCCESS:
            raise LineLostError(
                f"lost {self.port.path}: it took only part of a packet",
                remedy="plug the cable back in; it is picked up again by itself",
            )
