"""The simulated world alone, for a command that looks at the simulated robot without driving it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.cli.outcome import CommandError
from app.config import SessionConfig, write_config
from app.dataplane import DataPlane
from app.runtime import create_runtime_dir, remove_runtime_dir
from app.session.supervisor import Supervisor

WORLD = "simworld"
START_S = 20.0
POLL_S = 0.05


@contextmanager
def running_world(profile: str, *, data_dir: Path) -> Iterator[Path]:
    """Run the simulated world of a profile for as long as the block lasts; gives the directory with its serial lines.

    Raises:
        CommandError: when it does not start; says what it printed last.
    """
    runtime_dir = create_runtime_dir()
    try:
        write_config(
            runtime_dir, SessionConfig(profile=profile, data_dir=str(data_dir), owner_pid=os.getpid())
        )
        plane = DataPlane(runtime_dir)
        supervisor = Supervisor(runtime_dir, plane, (WORLD,))
        try:
            supervisor.start()
            _wait_until_running(supervisor, runtime_dir)
            yield runtime_dir
        finally:
            supervisor.close()
            plane.close()
    finally:
        remove_runtime_dir(runtime_dir)


def _wait_until_running(supervisor: Supervisor, runtime_dir: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        for change in supervisor.poll():
            if change.lost:
                raise CommandError(
                    f"the simulated world did not start: {change.reason}{_last_words(runtime_dir)}"
                )
        status = supervisor.status(WORLD)
        if status is not None and status.state == "running":
            return
        time.sleep(POLL_S)
    raise CommandError(f"the simulated world did not start within {START_S:.0f} s{_last_words(runtime_dir)}")


def _last_words(runtime_dir: Path) -> str:
    """What the world's process said last, from its log or its output."""
    for name in (f"{WORLD}.log", f"{WORLD}.out"):
        path = runtime_dir / "logs" / name
        if path.exists() and (lines := path.read_text().strip().splitlines()):
            return f"; its last words: {lines[-1]}"
    return ""
