"""The servos' parser and packets, against the real SDK's and against noise."""

from __future__ import annotations

import random

from dynamixel_sdk import PacketHandler
from hypothesis import given
from hypothesis import strategies as st

from drivers.sim.protocol import (
    HEADER,
    MAX_PACKET_BYTES,
    PACKET_GAP_NS,
    PING,
    WRITE,
    Packet,
    Parser,
    crc16,
    stuffed,
)


def instruction(servo_id: int, code: int, parameters: bytes = b"") -> bytes:
    body = stuffed(bytes((code,)) + parameters)
    frame = HEADER + bytes((servo_id,)) + (len(body) + 2).to_bytes(2, "little") + body
    return frame + crc16(frame).to_bytes(2, "little")


def parse(*pieces: bytes) -> list[Packet]:
    parser = Parser()
    return [packet for piece in pieces for packet in parser.feed(piece, now_ns=0)]


# Parameters rich in the bytes of a header.
headerish = st.lists(st.sampled_from((0xFF, 0xFF, 0xFD, 0x00, 0x01)), max_size=40).map(bytes)
packets = st.tuples(st.integers(0, 252), st.integers(1, 200), st.one_of(st.binary(max_size=60), headerish))


@given(st.binary(max_size=300))
def test_checksum_is_the_sdks(data: bytes) -> None:
    assert crc16(data) == PacketHandler(2.0).updateCRC(0, list(data), len(data))
    half = len(data) // 2
    assert crc16(data[half:], crc16(data[:half])) == crc16(data)


@given(headerish)
def test_stuffing_is_the_sdks(parameters: bytes) -> None:
    length = len(parameters) + 3
    plain = [255, 255, 253, 0, 7, length & 255, length >> 8, WRITE, *parameters, 0, 0]
    packed = PacketHandler(2.0).addStuffing(plain)
    assert bytes(packed[7:-2]) == stuffed(bytes((WRITE,)) + parameters)


@given(st.lists(packets, max_size=6), st.randoms(use_true_random=False))
def test_every_packet_comes_out_however_the_line_splits_them(
    sent: list[tuple[int, int, bytes]], dice: random.Random
) -> None:
    stream = b"".join(instruction(*packet) for packet in sent)
    cuts = sorted(dice.randrange(len(stream) + 1) for _ in range(8))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    got = parse(*pieces)
    assert [(packet.id, packet.instruction, packet.parameters) for packet in got] == sent
    assert all(packet.intact for packet in got)


@given(st.lists(st.one_of(st.binary(max_size=80), headerish), max_size=10))
def test_noise_neither_breaks_the_parser_nor_grows_it(noise: list[bytes]) -> None:
    parser = Parser()
    for piece in noise:
        list(parser.feed(piece, now_ns=0))
    assert len(parser._buffer) <= MAX_PACKET_BYTES
    # Whatever is left over: after a packet's length of silence, the next packet is heard.
    got = list(parser.feed(instruction(5, PING), now_ns=PACKET_GAP_NS + 1))
    assert [packet.id for packet in got if packet.intact] == [5]


@given(st.binary(max_size=30).filter(lambda noise: HEADER[:1] not in noise))
def test_a_packet_behind_noise_is_found(noise: bytes) -> None:
    assert [packet.id for packet in parse(noise + instruction(5, PING))] == [5]


@given(packets, st.data())
def test_a_damaged_byte_never_passes_and_the_next_packet_is_found(
    packet: tuple[int, int, bytes], data: st.DataObject
) -> None:
    good = instruction(*packet)
    place = data.draw(st.integers(0, len(good) - 1))
    bad = bytearray(good)
    bad[place] ^= data.draw(st.integers(1, 255))
    parser = Parser()
    first = list(parser.feed(bytes(bad), now_ns=0))
    assert not any(parsed.intact for parsed in first)
    rest = list(parser.feed(instruction(9, PING), now_ns=PACKET_GAP_NS + 1))
    assert [parsed.id for parsed in rest if parsed.intact] == [9]


def test_a_cut_off_packet_is_dropped_when_the_next_one_starts() -> None:
    whole = instruction(3, WRITE, bytes(20))
    assert [packet.id for packet in parse(whole[:12], instruction(4, PING))] == [4]
