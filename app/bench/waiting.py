"""Watching a session that has no window: waiting for something to be seen in it, and saying that somebody watches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.session import Session
from app.session.view import Snapshot

BEAT_S = 0.1


def wait(
    session: Session,
    until: Callable[[Snapshot], bool],
    timeout_s: float,
    what: str,
    *,
    look_s: float = 0.02,
) -> Snapshot:
    """Look at the session every `look_s` until something is so.

    Raises:
        TimeoutError: when it is not in time; tells what is wrong with the session.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        snapshot = session.snapshot()
        if until(snapshot):
            return snapshot
        session.beat()
        time.sleep(look_s)
    wrong = "; ".join(notice.what for notice in session.snapshot().notices)
    raise TimeoutError(f"waited {timeout_s:.0f} s for {what}" + (f" ({wrong})" if wrong else ""))


@contextmanager
def beating(session: Session) -> Iterator[None]:
    """Say that somebody watches the session, for as long as the block lasts."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT_S):
            session.beat()

    watcher = threading.Thread(target=beat, name="watcher")
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
