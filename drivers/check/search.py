"""Who else is on a line: servos with another id, or at another baud rate, found by pings alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

from drivers.dynamixel.port import WaitingPort
from drivers.dynamixel.protocol import Missed, Protocol, Status
from drivers.dynamixel.registers import MODELS
from drivers.errors import PortSetupError
from drivers.profile.schema import Baud

BROADCAST_ID = 254
LISTEN_MS = 900.0
"""Every servo answers a broadcast ping after a delay that grows with its id, about 3 ms for each."""

PING_MS = 8.0

BAUDS: tuple[int, ...] = get_args(Baud)


@dataclass(frozen=True, slots=True)
class Answer:
    """A servo that answered a ping: its id, model and firmware, and the rate at which it did."""

    id: int
    model_number: int
    firmware: int
    baud: int

    @property
    def model(self) -> str:
        """The model's name, or its number where it is none that we know."""
        return model_name(self.model_number)


def model_name(number: int) -> str:
    """The name of a model number, or the number itself."""
    names = {model.number: name for name, model in MODELS.items()}
    return names.get(number, f"model number {number}")


def all_at(path: str, baud: int) -> dict[int, Answer]:
    """Everyone who answers a broadcast ping at a rate, by id. Takes `LISTEN_MS`.

    Raises:
        DriverError: as `WaitingPort`.
    """
    port = WaitingPort(path, baud=baud, packet_timeout_ms=PING_MS)
    try:
        protocol = Protocol(port)
        protocol.send_ping(BROADCAST_ID)
        port.setPacketTimeoutMillis(LISTEN_MS)
        found = {}
        while not port.isPacketTimeout():
            answer = _identity(protocol.receive(), baud)
            if answer is not None:
                found[answer.id] = answer
        return found
    finally:
        port.close()


def some_elsewhere(path: str, ids: Iterable[int], *, but_at: int) -> dict[int, Answer]:
    """Which of the ids answer at a rate other than `but_at`, by id; a rate that the adapter lacks is passed over.

    Raises:
        DriverError: as `WaitingPort`.
    """
    missing = set(ids)
    found: dict[int, Answer] = {}
    for baud in BAUDS:
        if baud == but_at or not missing:
            continue
        try:
            port = WaitingPort(path, baud=baud, packet_timeout_ms=PING_MS)
        except PortSetupError:
            continue
        try:
            protocol = Protocol(port)
            for servo_id in sorted(missing):
                protocol.send_ping(servo_id)
                answer = _identity(protocol.answer(servo_id, 3), baud)
                if answer is not None:
                    found[servo_id] = answer
            missing -= set(found)
        finally:
            port.close()
    return found


def _identity(status: Status | Missed, baud: int) -> Answer | None:
    if not isinstance(status, Status) or len(status.data) != 3:
        return None
    model_number = status.data[0] | status.data[1] << 8
    return Answer(status.servo_id, model_number, firmware=status.data[2], baud=baud)
