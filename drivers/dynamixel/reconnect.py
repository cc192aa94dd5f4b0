"""Getting a lost line back, off the control loop: open, ping and bring up take too long for a tick."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from drivers.errors import DriverError

T = TypeVar("T")

PAUSE_S = 0.3

_REALTIME = (os.SCHED_FIFO, os.SCHED_RR)


class Reconnector(Generic[T]):
    """Tries again and again on a thread of its own until it succeeds, and keeps the result for the loop to fetch.

    Nothing that the loop calls waits for that thread, which a busy machine may not let run for tens of milliseconds:
    it is there before it is needed, since starting one waits until it runs; and the result passes through a queue.

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
        self._searches: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._made: SimpleQueue[T] = SimpleQueue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def begin(self, *, first: Callable[[], None] = lambda: None) -> None:
        """Look for the line from now on; not to be called again before the result was fetched. Never waits.

        Args:
            first: done on the thread before anything else, such as closing the port that was lost.
        """
        self.attempts = 0
        self._rank_behind_caller()
        self._searches.put(first)

    def fetch(self) -> T | None:
        """The result, once; None while there is none. Never waits for a try under way."""
        try:
            return self._made.get_nowait()
        except Empty:
            return None

    def close(self) -> None:
        """Stop trying; waits for the try under way, and discards a result that was not fetched."""
        self._stop.set()
        self._searches.put(None)
        self._thread.join()
        made = self.fetch()
        if made is not None:
            self._discard(made)

    def _rank_behind_caller(self) -> None:
        """Give the thread real-time priority when the caller has it, one below the caller's.

        While the thread computes it holds the interpreter. Were it an ordinary one, every busy program of the machine
        could take the processor from it just then, and the control loop would wait for all of them.
        """
        policy = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
        if policy in _REALTIME and self._thread.native_id is not None:
            rank = os.sched_param(max(1, os.sched_getparam(0).sched_priority - 1))
            with contextlib.suppress(OSError):  # Not allowed: it works all the same, if less evenly.
                os.sched_setscheduler(self._thread.native_id, policy, rank)

    def _run(self) -> None:
        while (first := self._searches.get()) is not None:
            first()
            while not self._stop.wait(PAUSE_S):
                self.attempts += 1
                try:
                    self._made.put(self._attempt())
                except DriverError as error:
                    self.last_problem = str(error)
                    continue
                break
