"""Getting a lost line back, off the control loop: open, ping and bring up take too long for a tick."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from drivers.errors import DriverError

T = TypeVar("T")

PAUSE_S = 0.3


class Reconnector(Generic[T]):
    """Tries again and again on a thread of its own until it succeeds, and keeps the result for the loop to fetch.

    Args:
        attempt: one try; returns what was made, or raises `DriverError`.
        discard: what to do with a result that nobody will fetch.
        name: of the thread.
    """

    def __init__(self, attempt: Callable[[], T], *, discard: Callable[[T], None], name: str) -> None:
        self.attempts = 0
        self.last_problem = ""
        self._attempt = attempt
        self._discard = discard
        self._made: T | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def fetch(self) -> T | None:
        """The result, once; None while there is none. Never waits for a try under way."""
        with self._lock:
            made, self._made = self._made, None
        return made

    def close(self) -> None:
        """Stop trying; waits for the try under way, and discards a result that was not fetched."""
        self._stop.set()
        self._thread.join()
        made = self.fetch()
        if made is not None:
            self._discard(made)

    def _run(self) -> None:
        while not self._stop.wait(PAUSE_S):
            self.attempts += 1
            try:
                made = self._attempt()
            except DriverError as error:
                self.last_problem = str(error)
                continue
            with self._lock:
                self._made = made
            return
