"""Where a session lives on this machine: its runtime directory, the ports in it, and the user's data and settings."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import msgspec
import psutil

from app.config import read_config
from app.dataplane.plane import remove_leftovers

SIMULATED = "sim:"
PREFIX = "understudy-"


def create_runtime_dir() -> Path:
    """A new private directory for one session's sockets, ports and shared state; short, as socket paths must be.

    What sessions that were killed have left beside it is removed.
    """
    parent = os.environ.get("XDG_RUNTIME_DIR", "")
    base = Path(
        parent if parent and len(parent) < 40 and os.access(parent, os.W_OK) else tempfile.gettempdir()
    )
    for other in base.glob(f"{PREFIX}*"):
        if is_abandoned(other):
            remove_runtime_dir(other)
    return Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))


def is_abandoned(runtime_dir: Path) -> bool:
    """Whether a session's owner is gone, and every process that works in its directory too.

    Another user's session, or one that is just being started, is nobody's to judge.
    """
    try:
        owner_pid = read_config(runtime_dir).owner_pid
    except (OSError, msgspec.MsgspecError):
        return False
    if psutil.pid_exists(owner_pid):
        return False
    directory = str(runtime_dir)
    return not any(
        directory in (process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])
    )


def remove_runtime_dir(runtime_dir: Path) -> None:
    """Remove an ended session's directory and shared memory."""
    remove_leftovers(runtime_dir)
    shutil.rmtree(runtime_dir, ignore_errors=True)


def resolve_port(runtime_dir: Path, port: str) -> str:
    """The path to open for a profile's port: `sim:NAME` is the simulated world's line of that name."""
    if port.startswith(SIMULATED):
        return str(runtime_dir / "ports" / port.removeprefix(SIMULATED))
    return port


def default_data_dir() -> Path:
    """Where recordings go unless told otherwise: `$UNDERSTUDY_DATA`, or `~/understudy`."""
    return Path(os.environ.get("UNDERSTUDY_DATA") or Path.home() / "understudy")


def config_dir() -> Path:
    """Where the user's settings are kept."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "understudy"
