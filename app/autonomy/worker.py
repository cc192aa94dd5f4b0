"""A thread that does one thing at a time and says when it is done: how a slow policy holds nobody up."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

NICENESS = 10
"""Of workers: whoever drives the robot or draws the window goes first."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job.

    Attributes:
        tag: as it was given with the job.
        value: what the job returned; None where it failed.
        error: why it failed, or None.
        began_ns, took_ms: when it began, monotonic, and how long it took.
    """

    tag: Any
    value: Any
    error: Exception | None
    began_ns: int
    took_ms: float


class Worker:
    """One thread, one job at a time.

    Args:
        name: of the thread.
        outcomes: where outcomes go.
    """

    def __init__(self, name: str, outcomes: queue.SimpleQueue[Outcome]) -> None:
        self._outcomes = outcomes
        self._jobs: queue.SimpleQueue[tuple[Any, Callable[[], Any]] | None] = queue.SimpleQueue()
        self._busy_since_ns = 0
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""
        return self._busy_since_ns != 0

    @property
    def busy_s(self) -> float:
        """For how long the present job has been under way."""
        since_ns = self._busy_since_ns
        return (time.monotonic_ns() - since_ns) / 1e9 if since_ns else 0.0

    def do(self, tag: Any, job: Callable[[], Any]) -> None:
        """Begin a job.

        Raises:
            RuntimeError: while another is under way.
        """
        if self.busy:
            raise RuntimeError(f"{self._thread.name} is busy; wait for its outcome")
        self._busy_since_ns = time.monotonic_ns()
        self._jobs.put((tag, job))

    def close(self) -> None:
        """End after the present job, if that ever ends; nobody waits for it."""
        self._jobs.put(None)

    def _work(self) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        while (wanted := self._jobs.get()) is not None:
            tag, job = wanted
            began_ns = time.monotonic_ns()
            value, error = None, None
            try:
                value = job()
            except Exception as raised:  # noqa: BLE001  whatever a model or a network may raise is told, not fatal
                error = raised
            took_ms = (time.monotonic_ns() - began_ns) / 1e6
            self._busy_since_ns = 0
            self._outcomes.put(Outcome(tag, value, error, began_ns, took_ms))
