"""The supervisor with processes that do nothing but end: told once, given more and more time, ended in good order."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.dataplane import DataPlane
from app.session import supervisor as module
from app.session.supervisor import Change, Supervisor

PATIENCE_S = 60.0
ABSENT = "no_such_process"


@pytest.fixture
def plane(runtime_dir: Path) -> Iterator[DataPlane]:
    plane = DataPlane(runtime_dir)
    yield plane
    plane.close()


def polled(supervisor: Supervisor, count: int) -> list[tuple[float, Change]]:
    """The next so many changes, each with its time, s."""
    changes: list[tuple[float, Change]] = []
    deadline = time.monotonic() + PATIENCE_S
    while len(changes) < count:
        assert time.monotonic() < deadline, changes
        changes += [(time.monotonic(), change) for change in supervisor.poll()]
        time.sleep(0.01)
    return changes


def test_a_process_that_dies_at_once_is_started_again_ever_more_seldom(
    runtime_dir: Path, plane: DataPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_PAUSE_S", 1.2)
    supervisor = Supervisor(runtime_dir, plane, (ABSENT,))
    supervisor.start()
    try:
        changes = polled(supervisor, 4)
    finally:
        supervisor.close()
    assert [change.again for _, change in changes] == [False, True, True, True]
    assert all(change.lost and change.reason == "ended with exit code 1" for _, change in changes)
    times = [at for at, _ in changes]
    # Each pause, 0.4 s, 0.8 s and then the longest, and the start of an interpreter on top.
    for pause_s, before, after in zip((0.4, 0.8, 1.2), times, times[1:], strict=False):
        assert after - before >= pause_s
    assert supervisor.views()[0].state == "restarting"
    assert "No module named" in (runtime_dir / "logs" / f"{ABSENT}.out").read_text()


def test_one_that_is_just_starting_is_ended_too(runtime_dir: Path, plane: DataPlane) -> None:
    supervisor = Supervisor(runtime_dir, plane, ("hands",))
    supervisor.start()
    pid = supervisor.pid("hands")
    assert pid is not None
    supervisor.close()
    assert not psutil.pid_exists(pid)


def test_one_that_does_not_end_when_asked_is_killed(
    runtime_dir: Path, plane: DataPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaf = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(600)
"""
    start = subprocess.Popen

    def start_deaf(*_: object, **__: object) -> subprocess.Popen[bytes]:
        process = start([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"deaf\n"
        process.stdout.close()
        return process

    monkeypatch.setattr(subprocess, "Popen", start_deaf)
    supervisor = Supervisor(runtime_dir, plane, ("hands",))
    supervisor.start()
    pid = supervisor.pid("hands")
    assert pid is not None
    supervisor.close(timeout_s=0.3)
    assert not psutil.pid_exists(pid)
