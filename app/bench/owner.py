"""The victim of `understudy bench kill`: a session with a window, off screen, that drives and records.

It does so until its standard input ends. Run as `python -m app.bench.owner DATA_DIR SEED`. Once it records, it prints
one line of JSON: the session's runtime directory, the episode's id and the process ids.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from app.bench.waiting import wait
from app.messages import Mode
from app.session import Session

if TYPE_CHECKING:
    from app.gui.beside import Hand

SCRIPT = "warm up"


def scenario(session: Session, hand: Hand) -> None:
    """Drive and record until told to end."""
    wait(session, lambda now: now.ready and now.homed, 60.0, "robot and cameras")
    session.run_script(SCRIPT)
    wait(session, lambda now: now.mode is Mode.TELEOP and now.gate is None, 60.0, "following")
    session.start_episode("bench: kill")
    recording = wait(session, lambda now: now.recording is not None, 10.0, "the episode to start").recording
    pids = {process.name: process.pid for process in session.snapshot().processes}
    told = {
        "runtime_dir": str(session.runtime_dir),
        "episode_id": recording.episode_id if recording is not None else "",
        "pids": pids | {"window": os.getpid()},
    }
    print(json.dumps(told), flush=True)
    over = threading.Event()

    def await_end() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=await_end, name="stdin", daemon=True).start()
    while not over.is_set():
        now = session.snapshot()
        if not now.script and now.mode is Mode.TELEOP:
            session.run_script(SCRIPT)
        time.sleep(0.2)
    if session.snapshot().recording is not None:
        session.end_episode("success")
        wait(session, lambda now: now.recording is None, 10.0, "the episode to close")


def main(argv: list[str]) -> None:
    """Run the session."""
    from app.gui.beside import run_beside  # Qt

    data_dir, seed = Path(argv[1]), int(argv[2])
    run_beside(lambda: Session(data_dir=data_dir, seed=seed, operator="bench"), scenario)


if __name__ == "__main__":
    main(sys.argv)
