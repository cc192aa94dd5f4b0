"""What a session was started with, and where it lives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from app.config import SessionConfig, read_config, write_config
from app.dataplane.plane import SHARED_MEMORY, plane_prefix
from app.runtime import create_runtime_dir, default_data_dir, remove_runtime_dir, resolve_port


def config(owner_pid: int) -> SessionConfig:
    return SessionConfig(
        profile="sim-kitchen", data_dir="/tmp/küche", seed=3, operator="Åsa", owner_pid=owner_pid
    )


def ended_pid() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(30)
    return ended.pid


def test_a_configuration_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_config(tmp_path, config(os.getpid()))
    assert read_config(tmp_path) == config(os.getpid())


def test_no_session_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"session\.json"):
        read_config(tmp_path)


def test_an_unknown_setting_is_refused(tmp_path: Path) -> None:
    (tmp_path / "session.json").write_text('{"profile": "x", "data_dir": "y", "owner_pid": 1, "sed": 4}')
    with pytest.raises(msgspec.ValidationError, match="sed"):
        read_config(tmp_path)


def test_a_runtime_directory_is_private_and_short() -> None:
    path = create_runtime_dir()
    try:
        assert path.stat().st_mode & 0o777 == 0o700
        assert len(str(path / "simworld.sock")) < 100
    finally:
        remove_runtime_dir(path)
    assert not path.exists()


def test_what_a_killed_session_left_is_swept_by_the_next() -> None:
    left = create_runtime_dir()
    write_config(left, config(ended_pid()))
    memory = SHARED_MEMORY / f"{plane_prefix(left)}left.data"
    memory.write_bytes(b"x")
    remove_runtime_dir(create_runtime_dir())
    assert not left.exists()
    assert not memory.exists()


def test_a_session_whose_owner_lives_is_left_alone() -> None:
    living = create_runtime_dir()
    write_config(living, config(os.getpid()))
    young = create_runtime_dir()  # its configuration is not written yet
    try:
        remove_runtime_dir(create_runtime_dir())
        assert living.exists()
        assert young.exists()
    finally:
        remove_runtime_dir(living)
        remove_runtime_dir(young)


def test_a_session_whose_processes_outlive_its_owner_is_left_alone() -> None:
    left = create_runtime_dir()
    write_config(left, config(ended_pid()))
    last = subprocess.Popen(
        [sys.executable, "-c", "input()", "app.processes.robot", str(left)], stdin=subprocess.PIPE
    )
    try:
        remove_runtime_dir(create_runtime_dir())
        assert left.exists()
    finally:
        last.kill()
        last.communicate()
        remove_runtime_dir(left)


def test_ports_of_the_simulated_world_lie_in_the_session(tmp_path: Path) -> None:
    assert resolve_port(tmp_path, "sim:body") == str(tmp_path / "ports" / "body")
    assert resolve_port(tmp_path, "/dev/ttyUSB0") == "/dev/ttyUSB0"


def test_recordings_go_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERSTUDY_DATA", "/somewhere/else")
    assert default_data_dir() == Path("/somewhere/else")
    monkeypatch.setenv("UNDERSTUDY_DATA", "")
    assert default_data_dir() == Path.home() / "understudy"
