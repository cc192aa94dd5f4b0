"""Waiting for something to be seen in a session."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.session import Session
from app.session.view import Snapshot


def wait(session: Session, until: Callable[[Snapshot], bool], timeout_s: float, what: str) -> Snapshot:
    """Look at the session until something is so.

    Raises:
        TimeoutError: when it is not in time; tells what is wrong with the session.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        snapshot = session.snapshot()
        if until(snapshot):
            return snapshot
        session.beat()
        time.sleep(0.02)
    wrong = "; ".join(notice.what for notice in session.snapshot().notices)
    raise TimeoutError(f"waited {timeout_s:.0f} s for {what}" + (f" ({wrong})" if wrong else ""))
