"""The world's shared state: whole snapshots, whoever dies when."""

from __future__ import annotations

import multiprocessing
import os
import signal
import struct
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np
import pytest

from drivers.sim.statefile import (
    STATE_FILE,
    CameraFault,
    FaultKind,
    StateFileError,
    StateReader,
    StateWriter,
)

SIZE = 382


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / STATE_FILE


def write_forever(path: Path, started: Event) -> None:
    """Snapshots in which every number is the same, as fast as it goes."""
    writer = StateWriter(path, SIZE)
    number = 0
    while True:
        number += 1
        writer.write(np.full(SIZE, float(number)), time_ns=number, sim_time_s=float(number))
        started.set()


def start_writer(path: Path) -> multiprocessing.process.BaseProcess:
    context = multiprocessing.get_context("spawn")
    started = context.Event()
    process = context.Process(target=write_forever, args=(path, started), daemon=True)
    process.start()
    assert started.wait(30)
    return process


def test_a_snapshot_comes_back_as_it_was_written(path: Path) -> None:
    writer, reader = StateWriter(path, SIZE), StateReader(path)
    state = np.random.default_rng(0).normal(size=SIZE)
    now_ns = time.monotonic_ns()
    writer.write(state, time_ns=now_ns, sim_time_s=1.25)
    snapshot = reader.newest()
    assert snapshot is not None
    np.testing.assert_array_equal(snapshot.state, state)
    assert (snapshot.time_ns, snapshot.sim_time_s, snapshot.generation) == (now_ns, 1.25, 1)
    assert snapshot.faults == {}
    assert 0 <= snapshot.age_s < 30
    state[:] = 0
    writer.write(state, time_ns=now_ns + 1, sim_time_s=1.252)
    assert snapshot.state[0] != 0  # a snapshot does not change under its reader
    reader.close()
    writer.close()


def test_before_the_first_snapshot_there_is_none(path: Path) -> None:
    reader = StateReader(path)
    assert reader.newest() is None
    writer = StateWriter(path, SIZE)
    assert reader.newest() is None
    writer.write(np.zeros(SIZE), time_ns=1, sim_time_s=0.0)
    assert reader.newest() is not None
    reader.close()
    writer.close()


def test_a_reader_never_sees_half_of_a_snapshot(path: Path) -> None:
    process = start_writer(path)
    reader = StateReader(path)
    seen = 0
    try:
        for _ in range(2000):
            snapshot = reader.newest()
            if snapshot is None:  # the writer was inside at every try
                continue
            seen += 1
            assert np.all(snapshot.state == snapshot.state[0])
            assert snapshot.sim_time_s == snapshot.state[0] == snapshot.time_ns
    finally:
        process.kill()
        process.join()
        reader.close()
    assert seen > 100


def test_a_killed_writer_is_told_by_its_age_and_replaced(path: Path) -> None:
    reader = StateReader(path)
    for round_ in range(1, 4):
        process = start_writer(path)
        pid = process.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        process.join()
        last = reader.newest()
        writer = StateWriter(path, SIZE)
        now_ns = time.monotonic_ns()
        writer.write(np.full(SIZE, -1.0), time_ns=now_ns, sim_time_s=0.0)
        snapshot = reader.newest()
        assert snapshot is not None
        assert snapshot.time_ns == now_ns
        assert snapshot.generation == 2 * round_
        if last is not None:  # else it was killed in the middle of a write
            assert last.generation == 2 * round_ - 1
            assert last.age_s > 0
        writer.close()
    reader.close()


def test_a_writer_that_died_inside_a_write_blocks_nobody(path: Path) -> None:
    writer = StateWriter(path, SIZE)
    writer.write(np.zeros(SIZE), time_ns=1, sim_time_s=0.0)
    writer.close()
    with path.open("r+b") as file:  # an odd sequence: as if it had died with the state half written
        file.seek(8)
        file.write(struct.pack("<q", 7))
    reader = StateReader(path)
    assert reader.newest() is None
    writer = StateWriter(path, SIZE)
    writer.write(np.ones(SIZE), time_ns=2, sim_time_s=0.002)
    snapshot = reader.newest()
    assert snapshot is not None
    assert np.all(snapshot.state == 1.0)
    reader.close()
    writer.close()


def test_faults_of_cameras_are_seen_and_end(path: Path) -> None:
    writer, reader = StateWriter(path, SIZE), StateReader(path)
    writer.set_fault("front", CameraFault(FaultKind.SLOW, rate_hz=5.0))
    writer.set_fault("left_wrist", CameraFault(FaultKind.FROZEN))
    writer.write(np.zeros(SIZE), time_ns=1, sim_time_s=0.0)
    snapshot = reader.newest()
    assert snapshot is not None
    assert snapshot.faults == {
        "front": CameraFault(FaultKind.SLOW, rate_hz=5.0),
        "left_wrist": CameraFault(FaultKind.FROZEN),
    }
    writer.set_fault("front", CameraFault(FaultKind.NONE))
    writer.write(np.zeros(SIZE), time_ns=2, sim_time_s=0.0)
    snapshot = reader.newest()
    assert snapshot is not None
    assert set(snapshot.faults) == {"left_wrist"}
    with pytest.raises(StateFileError, match="no room"):
        writer.set_fault("a camera with a name that is far too long", CameraFault(FaultKind.BLACK))
    reader.close()
    writer.close()


def test_a_file_of_another_world_is_refused(path: Path) -> None:
    StateWriter(path, SIZE).close()
    with pytest.raises(StateFileError, match=r"world\.state holds .* bytes"):
        StateWriter(path, SIZE + 1)
