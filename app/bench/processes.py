"""Processor time of each of a session's processes over a while, and of the process that owns the session."""

from __future__ import annotations

import os
import threading
import time

import psutil

from app.session.view import ProcessView


class CpuMeter:
    """Measures from its construction on.

    Args:
        processes: the session's, running.
    """

    def __init__(self, processes: tuple[ProcessView, ...]) -> None:
        self._pids = {process.name: process.pid for process in processes} | {"window": os.getpid()}
        self._started = time.monotonic()
        self._before = {name: cpu_s(pid) for name, pid in self._pids.items()}

    def seconds(self, name: str) -> float:
        """Processor seconds that a process used since the start."""
        return cpu_s(self._pids[name]) - self._before[name]

    def shares(self) -> dict[str, float]:
        """Share of one core that each process used since the start."""
        elapsed = time.monotonic() - self._started
        return {name: self.seconds(name) / elapsed for name in self._pids}


def cpu_s(pid: int) -> float:
    """User and system time of a process, all its threads; 0 when it is gone."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def thread_cpu_s(thread: threading.Thread) -> float:
    """User and system time of a running thread of this process."""
    if thread.ident is None:
        raise ValueError(f"the thread {thread.name} has not been started")
    return time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
