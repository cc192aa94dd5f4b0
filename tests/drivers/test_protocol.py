"""Packets in and out on a real pseudo-terminal, and what happens to bytes that are none."""

from __future__ import annotations

import os
import tty
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers.dynamixel.port import WaitingPort
from drivers.dynamixel.protocol import Missed, Protocol, Status
from drivers.dynamixel.registers import GOAL_POSITION, TORQUE_ENABLE
from drivers.sim.protocol import Parser, fast_status_packet, status_packet

MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@contextmanager
def line(timeout_ms: float = 0.5) -> Iterator[tuple[int, Protocol]]:
    """The far end's descriptor and the near end's protocol."""
    master, slave = os.openpty()
    tty.setraw(slave)
    port = WaitingPort(os.ttyname(slave), baud=4_000_000, packet_timeout_ms=timeout_ms)
    try:
        yield master, Protocol(port)
    finally:
        port.close()
        os.close(slave)
        os.close(master)


@pytest.fixture(scope="module")
def open_line() -> Iterator[tuple[int, Protocol]]:
    with line() as ends:
        yield ends


def arrive(ends: tuple[int, Protocol], data: bytes) -> Protocol:
    """Let bytes be there, after whatever was there before is gone, with the deadline running."""
    far, protocol = ends
    protocol.port.clearPort()
    if data:
        os.write(far, data)
    protocol.port.setPacketTimeout(0)
    return protocol


@MANY
@given(data=st.binary(max_size=80))
def test_noise_is_never_a_packet_and_never_an_exception(open_line: tuple[int, Protocol], data: bytes) -> None:
    for prefix in (b"", b"\xff\xff\xfd\x00\x01", b"\xff\xff\xfd\x00\x01\x05\x00\x55"):
        assert arrive(open_line, prefix + data).receive() in Missed
        assert arrive(open_line, prefix + data).receive_fast((1, 2), 10) in Missed
        assert arrive(open_line, prefix + data).answer(1, 4) in Missed


@MANY
@given(
    data=st.one_of(st.binary(max_size=40), st.just(b"\xff\xff\xfd\x01\xff\xff\xfd")),
    noise=st.binary(max_size=10).filter(lambda noise: b"\xff" not in noise),
)
def test_a_status_packet_is_found_behind_noise(
    open_line: tuple[int, Protocol], data: bytes, noise: bytes
) -> None:
    status = arrive(open_line, noise + status_packet(7, 0x80 | 4, data)).receive()
    assert status == Status(7, 4, True, data)


@MANY
@given(place=st.integers(0, 24), flip=st.integers(1, 255))
def test_a_damaged_byte_makes_a_packet_unreadable(
    open_line: tuple[int, Protocol], place: int, flip: int
) -> None:
    packet = bytearray(status_packet(7, 0, bytes(range(14))))
    packet[place] ^= flip
    assert arrive(open_line, bytes(packet)).receive() in Missed


def test_an_answer_of_another_length_or_servo_is_passed_over(open_line: tuple[int, Protocol]) -> None:
    late, other, right = (
        status_packet(7, 0, bytes(10)),
        status_packet(8, 0, b"ab"),
        status_packet(7, 0, b"cd"),
    )
    assert arrive(open_line, late + other + right).answer(7, 2) == Status(7, 0, False, b"cd")


def test_a_fast_reply_must_have_every_servo_in_its_place(open_line: tuple[int, Protocol]) -> None:
    parts = [(0, 3, b"abcd"), (0x80, 5, b"efgh")]
    whole = fast_status_packet(parts, answering=2)
    expected = [Status(3, 0, False, b"abcd"), Status(5, 0, True, b"efgh")]
    assert arrive(open_line, whole).receive_fast((3, 5), 4) == expected
    assert arrive(open_line, whole).receive_fast((5, 3), 4) in Missed
    assert arrive(open_line, whole).receive_fast((3, 5, 6), 4) in Missed
    assert arrive(open_line, fast_status_packet(parts, answering=1)).receive_fast((3, 5), 4) in Missed


def test_instructions_are_as_a_servo_reads_them(open_line: tuple[int, Protocol]) -> None:
    far, protocol = open_line
    parser = Parser()

    def heard() -> tuple[int, int, bytes]:
        (packet,) = parser.feed(os.read(far, 200), now_ns=0)
        assert packet.intact
        return packet.id, packet.instruction, packet.parameters

    protocol.send_ping(4)
    assert heard() == (4, 0x01, b"")
    protocol.send_reboot(4)
    assert heard() == (4, 0x08, b"")
    protocol.send_read(4, 132, 4)
    assert heard() == (4, 0x02, bytes((132, 0, 4, 0)))
    protocol.send_write(4, TORQUE_ENABLE, 1)
    assert heard() == (4, 0x03, bytes((64, 0, 1)))
    protocol.send_sync_read((1, 2), 126, 10, fast=False)
    assert heard() == (0xFE, 0x82, bytes((126, 0, 10, 0, 1, 2)))
    protocol.send_sync_read((1, 2), 126, 10, fast=True)
    assert heard() == (0xFE, 0x8A, bytes((126, 0, 10, 0, 1, 2)))
    protocol.send_sync_write(GOAL_POSITION, {1: 2048, 2: -3})
    assert heard() == (0xFE, 0x83, bytes((116, 0, 4, 0, 1, 0, 8, 0, 0, 2, 0xFD, 0xFF, 0xFF, 0xFF)))
