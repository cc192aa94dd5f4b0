"""A disk that is full, and one that takes nothing, under a running session."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recordings.private_mounts import run_on_tmpfs

pytestmark = pytest.mark.timeout(180)


def test_a_full_disk_ends_the_recording_not_the_driving_and_a_read_only_one_is_refused(
    tmp_path: Path,
) -> None:
    done = run_on_tmpfs(tmp_path / "disk", "tests.app.faults.fills_a_disk", size_mib=64)
    assert done.returncode == 0, done.stderr
    said = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert said["notice"].startswith("error Recording stopped: cannot write")
    assert "what was recorded so far is safe" in said["notice"]
    assert said["logged"] == "True"
    assert said["mode"] == "TELEOP"
    rows, errors = said["rows"].split(" errors: ")
    assert int(rows) > 0
    assert errors == "()"
    assert said["again"] == "True"
    assert "Read-only file system. Choose another folder" in said["refused"]
    assert said["refusal logged"] == "True"
    assert said["recorder"] == "ready"
