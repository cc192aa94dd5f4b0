"""Dynamixel Protocol 2.0 as the servo speaks it: instruction packets in, status packets out.

A packet is `FF FF FD 00 id length(2) instruction parameters crc(2)`; `length` counts from the instruction to the
checksum. A run `FF FF FD` inside the instruction and parameters is sent as `FF FF FD FD` (byte stuffing), so the
header never appears in a packet's body; the parser leans on that to find the next packet after a damaged one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

HEADER: Final = b"\xff\xff\xfd\x00"
BROADCAST_ID: Final = 0xFE

PING: Final = 0x01
READ: Final = 0x02
WRITE: Final = 0x03
REBOOT: Final = 0x08
STATUS: Final = 0x55
SYNC_READ: Final = 0x82
SYNC_WRITE: Final = 0x83
FAST_SYNC_READ: Final = 0x8A

RESULT_FAIL: Final = 1
INSTRUCTION_ERROR: Final = 2
CRC_ERROR: Final = 3
DATA_RANGE_ERROR: Final = 4
DATA_LENGTH_ERROR: Final = 5
DATA_LIMIT_ERROR: Final = 6
ACCESS_ERROR: Final = 7
ALERT_BIT: Final = 0x80

MAX_PACKET_BYTES: Final = 1024
PACKET_GAP_NS: Final = 100_000_000
"""A packet that stops arriving is given up after this long, so that a damaged length deafens nobody."""

_HEAD_BYTES: Final = 7
_STUFFED: Final = b"\xff\xff\xfd\xfd"
_PLAIN: Final = b"\xff\xff\xfd"


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ 0x8005 if crc & 0x8000 else crc << 1
        table.append(crc & 0xFFFF)
    return tuple(table)


_CRC: Final = _crc_table()


def crc16(data: bytes | bytearray, crc: int = 0) -> int:
    """CRC-16 of the protocol (polynomial 0x8005, initial value 0, no reflection), continued from `crc`."""
    table = _CRC
    for byte in data:
        crc = (crc << 8) & 0xFF00 ^ table[crc >> 8 ^ byte]
    return crc


@dataclass(frozen=True, slots=True)
class Packet:
    """An instruction packet; `intact` is false when its checksum was wrong, and then only `id` means anything."""

    id: int
    instruction: int
    parameters: bytes
    intact: bool
    wire_bytes: int


class Parser:
    """Finds packets in whatever a line delivers: pieces, several at once, noise between them."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._last_ns = 0

    def feed(self, data: bytes, *, now_ns: int) -> Iterator[Packet]:
        """Take in bytes and give every packet they complete, in order.

        Args:
            data: bytes from the line.
            now_ns: time of their arrival, `time.monotonic_ns()`.
        """
        buffer = self._buffer
        if buffer and now_ns - self._last_ns > PACKET_GAP_NS:
            buffer.clear()
        self._last_ns = now_ns
        buffer += data
        while self._find_header():
            if len(buffer) < _HEAD_BYTES:
                return
            total = _HEAD_BYTES + int.from_bytes(buffer[5:7], "little")
            next_header = buffer.find(HEADER, len(HEADER), min(total, len(buffer)))
            if not _HEAD_BYTES + 3 <= total <= MAX_PACKET_BYTES or next_header > 0:
                # The length was damaged, or the rest of this packet was lost: go on behind its header.
                del buffer[: len(HEADER)]
                continue
            if len(buffer) < total:
                return
            frame = bytes(buffer[:total])
            del buffer[:total]
            yield _parse(frame)

    def _find_header(self) -> bool:
        """Drop what stands before the next header; false when there is none, with a part of one kept."""
        buffer = self._buffer
        if buffer.startswith(HEADER):
            return True
        start = buffer.find(HEADER)
        if start >= 0:
            del buffer[:start]
            return True
        kept = next((n for n in (3, 2, 1) if buffer.endswith(HEADER[:n])), 0)
        del buffer[: len(buffer) - kept]
        return False


def _parse(frame: bytes) -> Packet:
    intact = crc16(frame[:-2]) == frame[-2] | frame[-1] << 8
    body = frame[_HEAD_BYTES:-2]
    if _STUFFED in body:
        body = body.replace(_STUFFED, _PLAIN)
    return Packet(id=frame[4], instruction=body[0], parameters=body[1:], intact=intact, wire_bytes=len(frame))


def stuffed(body: bytes) -> bytes:
    """A packet's body (instruction and what follows) as it goes on the wire."""
    return body.replace(_PLAIN, _STUFFED) if _PLAIN in body else body


def status_packet(servo_id: int, error: int, parameters: bytes = b"") -> bytes:
    """A status packet: error number (with the alert bit where there is one) and data."""
    body = stuffed(bytes((STATUS, error)) + parameters)
    frame = HEADER + bytes((servo_id,)) + (len(body) + 2).to_bytes(2, "little") + body
    return frame + crc16(frame).to_bytes(2, "little")


def fast_status_packet(parts: list[tuple[int, int, bytes]], *, answering: int) -> bytes:
    """The one status packet that all servos of a fast sync read write together.

    Each servo adds its error, id and data, and the checksum of everything so far; the last checksum closes the packet.
    Such a packet is not stuffed. Its length was fixed by the host's request.

    Args:
        parts: error, id and data of each servo asked, in order.
        answering: how many of them, from the first, really answer; with fewer than all the packet stays unfinished.
    """
    length = 1 + sum(len(data) + 4 for _, _, data in parts)
    frame = bytearray(HEADER)
    frame += bytes((BROADCAST_ID,)) + length.to_bytes(2, "little") + bytes((STATUS,))
    crc = crc16(frame)
    for error, servo_id, data in parts[:answering]:
        piece = bytes((error, servo_id)) + data
        crc = crc16(piece, crc)
        frame += piece
        checksum = crc.to_bytes(2, "little")
        frame += checksum
        crc = crc16(checksum, crc)
    return bytes(frame) if answering else b""
