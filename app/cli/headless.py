"""A session without a window: start it, watch it for the person who typed, and end it in good order."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from app.cli.options import data_dir, profile
from app.cli.outcome import CommandError
from app.cli.progress import Progress
from app.session import Session
from app.session.view import Notice, Snapshot

POLL_S = 0.05
READY_S = 60.0
"""How long the robot and every camera may take to answer."""

HOMING_S = 60.0

REFUSED = "command"
"""Key of the notice that says why a command was refused."""


class Headless:
    """Watches a session from the command line.

    Attributes:
        session: the session.
        faults: how many errors were told so far.
    """

    def __init__(self, session: Session, *, always_progress: bool) -> None:
        self.session = session
        self.faults = 0
        self._always_progress = always_progress
        self._told: set[tuple[str, int]] = set()

    def wait(
        self,
        what: str,
        until: Callable[[Snapshot], bool],
        *,
        timeout_s: float,
        note: Callable[[Snapshot], str] = lambda snapshot: "",
    ) -> Snapshot:
        """Keep the session going until something is seen in it; the progress line says how many seconds it took.

        Raises:
            CommandError: when it is not seen in time, or a command was refused meanwhile.
        """
        started_s = time.monotonic()
        with Progress(what, unit="s", always=self._always_progress) as progress:
            while True:
                snapshot = self.watch(progress)
                if until(snapshot):
                    return snapshot
                elapsed_s = time.monotonic() - started_s
                if elapsed_s > timeout_s:
                    raise CommandError(f"{what}: not done after {timeout_s:.0f} s{self._causes(snapshot)}")
                progress.update(elapsed_s, note(snapshot))
                time.sleep(POLL_S)

    def watch(self, progress: Progress) -> Snapshot:
        """Tell the session that somebody watches, and the person what is newly wrong.

        Raises:
            CommandError: when a command was refused.
        """
        self.session.beat()
        snapshot = self.session.snapshot()
        for notice in snapshot.notices:
            if notice.key == REFUSED:
                raise CommandError(notice.what)
            if notice.level == "error" and (notice.key, notice.since_ns) not in self._told:
                self._told.add((notice.key, notice.since_ns))
                self.faults += 1
                progress.clear()
                print(f"understudy: {_line(notice)}", file=sys.stderr)
        return snapshot

    def make_ready(self) -> Snapshot:
        """Wait for the robot and every camera, and let the lifts find their zero."""
        ready = self.wait("starting", lambda now: now.ready, timeout_s=READY_S, note=_waiting_for)
        if ready.homed:
            return ready
        self.session.home_lifts()
        return self.wait("homing the lift", lambda now: now.homed, timeout_s=HOMING_S)

    def _causes(self, snapshot: Snapshot) -> str:
        lines = [_line(notice) for notice in snapshot.notices if notice.level != "info"]
        missing = _waiting_for(snapshot)
        return "".join(f"\n  {line}" for line in ([missing] if missing else []) + lines)


@contextmanager
def session_of(args: argparse.Namespace, *, seed: int = 0) -> Iterator[Headless]:
    """Start the session that a command line asks for; it ends with the block, whatever happens in it."""
    session = Session(profile(args), data_dir=data_dir(args), seed=seed, operator=args.operator)
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield Headless(session, always_progress=args.progress)
    finally:
        signal.signal(signal.SIGTERM, before)
        session.close()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _line(notice: Notice) -> str:
    return f"{notice.what}; {notice.remedy}" if notice.remedy else notice.what


def _waiting_for(snapshot: Snapshot) -> str:
    if snapshot.tick is None:
        return "waiting for the robot"
    dark = [camera.name for camera in snapshot.cameras if camera.stale]
    return f"waiting for cameras: {', '.join(dark)}" if dark else ""
