"""Topics: newest wins or every sample with its gaps, and room again after a kill."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.dataplane import DataPlane, Subscriber, Topic
from app.dataplane.layouts import FRAME_HEADER, frame_topic, tick_layout, tick_topic
from app.dataplane.plane import remove_leftovers
from tests.app.dataplane.killed_port import TOPIC as CROWDED
from tests.support.far_end import sim_kitchen
from tests.support.runtime import shared_memory_of

TOPIC = Topic("words", max_bytes=64, depth=4)


@pytest.fixture
def plane(runtime_dir: Path) -> Iterator[DataPlane]:
    plane = DataPlane(runtime_dir)
    yield plane
    plane.close()


def received(port: Subscriber) -> list[bytes]:
    return [sample.payload.tobytes() for sample in port.drain()]


def test_every_sample_arrives_in_order(plane: DataPlane) -> None:
    port, writer = plane.subscriber(TOPIC), plane.publisher(TOPIC)
    for word in (b"one", b"two", b""):
        writer.send(word)
    assert received(port) == [b"one", b"two", b""]
    assert port.receive() is None


def test_parts_are_joined(plane: DataPlane) -> None:
    port, writer = plane.subscriber(TOPIC), plane.publisher(TOPIC)
    writer.send(b"ab", np.array([[1, 2], [3, 4]], np.uint8).reshape(-1))
    assert received(port) == [b"ab\x01\x02\x03\x04"]


def test_the_newest_wins_and_is_told_once(plane: DataPlane) -> None:
    port, writer = plane.subscriber(TOPIC), plane.publisher(TOPIC)
    assert port.newest() is None
    for word in (b"old", b"new"):
        writer.send(word)
    payload = port.newest()
    assert payload is not None
    assert payload.tobytes() == b"new"
    assert port.newest() is None


def test_a_slow_reader_keeps_the_newest_and_counts_what_it_lost(plane: DataPlane) -> None:
    port, writer = plane.subscriber(TOPIC), plane.publisher(TOPIC)
    writer.send(b"0")
    assert received(port) == [b"0"]
    for number in range(1, 11):
        writer.send(str(number).encode())
    lost, words = [], []
    for sample in port.drain():
        lost.append(sample.lost)
        words.append(sample.payload.tobytes())
    assert words == [b"7", b"8", b"9", b"10"]
    assert lost == [6, 0, 0, 0]
    assert port.lost == 6


def test_readers_lose_each_for_themselves(plane: DataPlane) -> None:
    slow, quick, writer = plane.subscriber(TOPIC), plane.subscriber(TOPIC), plane.publisher(TOPIC)
    for number in range(10):
        writer.send(str(number).encode())
        received(quick)
    received(slow)
    assert quick.lost == 0
    assert slow.lost == 0  # what was published before its first sample is not its loss
    for number in range(10):
        writer.send(str(number).encode())
    received(slow)
    assert slow.lost == 6


def test_two_publishers_are_counted_apart(plane: DataPlane) -> None:
    port = plane.subscriber(TOPIC)
    first, second = plane.publisher(TOPIC), plane.publisher(TOPIC)
    for word in (b"a", b"b"):
        first.send(word)
        second.send(word.upper())
    assert sorted(received(port)) == [b"A", b"B", b"a", b"b"]
    assert port.lost == 0


def test_a_publisher_that_comes_back_begins_a_new_epoch(plane: DataPlane) -> None:
    port, first = plane.subscriber(TOPIC), plane.publisher(TOPIC)
    for _ in range(3):
        first.send(b"before")
        received(port)
    plane.publisher(TOPIC).send(b"after")
    assert received(port) == [b"after"]
    assert port.lost == 0


def test_a_reader_hears_nothing_of_before(plane: DataPlane) -> None:
    writer = plane.publisher(TOPIC)
    writer.send(b"before")
    port = plane.subscriber(TOPIC)
    writer.send(b"now")
    assert received(port) == [b"now"]


def test_too_large_a_sample_is_refused_by_name(plane: DataPlane) -> None:
    with pytest.raises(ValueError, match="sample of 65 bytes on words; at most 64 fit"):
        plane.publisher(TOPIC).send(b"x" * 65)


def test_what_is_received_cannot_be_written(plane: DataPlane) -> None:
    port, writer = plane.subscriber(TOPIC), plane.publisher(TOPIC)
    writer.send(b"mine")
    sample = port.receive()
    assert sample is not None
    with pytest.raises(ValueError, match="read-only"):
        sample.payload[0] = 0
    sample.release()
    assert len(sample.payload) == 0


def test_two_sessions_never_meet(plane: DataPlane, tmp_path: Path) -> None:
    port = plane.subscriber(TOPIC)
    other = DataPlane(tmp_path)
    try:
        other.publisher(TOPIC).send(b"elsewhere")
        assert received(port) == []
    finally:
        other.close()
        remove_leftovers(tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(words=st.lists(st.binary(max_size=64), max_size=12))
def test_what_is_kept_and_what_is_lost_add_up(runtime_dir: Path, words: list[bytes]) -> None:
    plane = DataPlane(runtime_dir)
    try:
        port, writer = plane.subscriber(TOPIC), plane.publisher(TOPIC)
        writer.send(b"first")
        received(port)
        for word in words:
            writer.send(word)
        kept = received(port)
        assert kept == words[-TOPIC.depth :]
        assert port.lost == len(words) - len(kept)
    finally:
        plane.close()


@pytest.mark.parametrize("kind", ["publisher", "subscriber"])
def test_a_killed_process_leaves_its_place_to_others(runtime_dir: Path, kind: str) -> None:
    plane = DataPlane(runtime_dir)
    try:
        for _ in range(4):
            command = [sys.executable, "-m", "tests.app.dataplane.killed_port", str(runtime_dir), kind]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as victim:
                assert victim.stdout is not None
                assert victim.stdout.readline() == "ready\n"
                victim.send_signal(signal.SIGKILL)
                assert victim.wait(10) == -signal.SIGKILL
        port, writer = plane.subscriber(CROWDED), plane.publisher(CROWDED)
        writer.send(b"still here")
        assert received(port) == [b"still here"]
    finally:
        plane.close()
        remove_leftovers(runtime_dir)


def test_closing_leaves_no_shared_memory(runtime_dir: Path) -> None:
    plane = DataPlane(runtime_dir)
    plane.publisher(TOPIC).send(b"x")
    plane.subscriber(TOPIC)
    plane.close()
    assert shared_memory_of(runtime_dir) == []


def test_the_fast_topics_fit_what_they_carry() -> None:
    profile = sim_kitchen()
    assert tick_topic(profile).max_bytes == tick_layout(profile.dof).itemsize
    front = profile.cameras["front"]
    assert (
        frame_topic("front", front).max_bytes == FRAME_HEADER.itemsize + front.width_px * front.height_px * 3
    )
