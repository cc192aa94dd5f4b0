"""Processes that a test started must have ended with it, those included whose parent was killed.

Other test runs may share the machine, so orphans are told by two variables in their environment: one marks this run,
the other is pytest's own and names the test.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable

import psutil

RUN = "UNDERSTUDY_TEST_RUN"
PATIENCE_S = 5.0

ALLOWED = ("multiprocessing.resource_tracker",)
"""Parts of command lines that may stay: the tracker serves every later use of shared memory."""


def mark_this_run() -> None:
    """Mark this process's environment, and so that of everything it starts."""
    os.environ[RUN] = uuid.uuid4().hex


def children() -> set[psutil.Process]:
    """The processes below this one."""
    return set(psutil.Process().children(recursive=True))


def leaked(before: set[psutil.Process]) -> list[str]:
    """What is to be said about children that were not there before and do not end soon; they are killed."""
    return _wait_and_kill(lambda: [p for p in children() - before if _is_running(p)])


def orphans() -> list[str]:
    """What is to be said about this run's processes that are no longer below it; they are killed."""

    def find() -> list[psutil.Process]:
        own = {os.getpid(), *(child.pid for child in children())}
        return [p for p in psutil.process_iter() if p.pid not in own and _is_ours(p) and _is_running(p)]

    return _wait_and_kill(find)


def _wait_and_kill(find: Callable[[], list[psutil.Process]]) -> list[str]:
    deadline = time.monotonic() + PATIENCE_S
    while (extra := find()) and time.monotonic() < deadline:
        time.sleep(0.02)
    problems = []
    for process in extra:
        try:
            test = process.environ().get("PYTEST_CURRENT_TEST", "this test")
            problems.append(f"{test} left process {process.pid} behind: {' '.join(process.cmdline())}")
            process.kill()
        except psutil.NoSuchProcess:
            continue
    return problems


def _is_ours(process: psutil.Process) -> bool:
    try:
        return process.environ().get(RUN) == os.environ[RUN]
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def _is_running(process: psutil.Process) -> bool:
    try:
        command = " ".join(process.cmdline())
        return process.status() != psutil.STATUS_ZOMBIE and not any(part in command for part in ALLOWED)
    except psutil.NoSuchProcess:
        return False
