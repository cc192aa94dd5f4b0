"""Somebody who looks at a session until something is so."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.session import Session
from app.session.view import Snapshot

PATIENCE_S = 60.0
"""Far longer than anything takes, so that a busy machine fails no test."""


class Watcher:
    """Looks at a session as a window would.

    Attributes:
        session: the session.
    """

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def now(self) -> Snapshot:
        return self.session.snapshot()

    def wait(
        self, until: Callable[[Snapshot], bool], what: str, *, timeout_s: float = PATIENCE_S
    ) -> Snapshot:
        """Look until something is so; tells what was seen instead."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            snapshot = self.now
            if until(snapshot):
                return snapshot
            self.pause()
        now = self.now
        raise TimeoutError(
            f"{what} did not come about in {timeout_s:.0f} s; mode {now.mode.name}, {now.collection}, "
            f"{now.voice}, {now.speech}, notices {[each.what for each in now.notices]}, log {now.log[-12:]}"
        )

    def pause(self) -> None:
        """Between two looks."""
        time.sleep(0.005)
