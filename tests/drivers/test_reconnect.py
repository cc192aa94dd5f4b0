from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from drivers.dynamixel.reconnect import Reconnector
from drivers.errors import PortMissingError

PATIENCE_S = 10.0


@contextmanager
def looking(attempt: Callable[[], int], *, discarded: list[int] | None = None) -> Iterator[Reconnector[int]]:
    kept = discarded if discarded is not None else []
    reconnector = Reconnector(attempt, discard=kept.append, name="reconnect test")
    try:
        yield reconnector
    finally:
        reconnector.close()


def fetched(reconnector: Reconnector[int]) -> int:
    deadline = time.monotonic() + PATIENCE_S
    while (made := reconnector.fetch()) is None:
        assert time.monotonic() < deadline, "nothing was made"
        time.sleep(0.005)
    return made


def test_a_lost_line_is_let_go_first_and_then_tried_until_it_is_there() -> None:
    done: list[str] = []

    def attempt() -> int:
        done.append("try")
        if len(done) < 3:
            raise PortMissingError("there is no port", remedy="plug it in")
        return 7

    with looking(attempt) as reconnector:
        reconnector.begin(first=lambda: done.append("let go"))
        assert fetched(reconnector) == 7
        assert done == ["let go", "try", "try"]
        assert (reconnector.attempts, reconnector.last_problem) == (2, "there is no port; plug it in")
        assert reconnector.fetch() is None


def test_a_line_lost_again_is_looked_for_again_and_counted_anew() -> None:
    with looking(lambda: 7) as reconnector:
        for _ in range(2):
            reconnector.begin()
            assert fetched(reconnector) == 7
            assert reconnector.attempts == 1


def test_the_loop_waits_neither_for_a_thread_to_start_nor_for_a_try(monkeypatch: pytest.MonkeyPatch) -> None:
    may_go_on, trying = threading.Event(), threading.Event()

    def attempt() -> int:
        trying.set()
        may_go_on.wait(PATIENCE_S)
        return 7

    def no_start(_: threading.Thread) -> None:
        raise AssertionError("a thread was started, which waits until a busy machine lets it run")

    with looking(attempt) as reconnector:
        monkeypatch.setattr(threading.Thread, "start", no_start)
        reconnector.begin()
        assert trying.wait(PATIENCE_S)
        began = time.monotonic()
        assert reconnector.fetch() is None
        assert time.monotonic() - began < PATIENCE_S / 2  # a fetch that waits does so for all of it
        may_go_on.set()
        assert fetched(reconnector) == 7


def test_a_result_that_nobody_fetched_is_let_go() -> None:
    made = threading.Event()
    discarded: list[int] = []

    def attempt() -> int:
        made.set()
        return 7

    with looking(attempt, discarded=discarded) as reconnector:
        reconnector.begin()
        assert made.wait(PATIENCE_S)
    assert discarded == [7]


def test_beside_a_real_time_loop_it_has_real_time_priority_too_one_below() -> None:
    seen: list[tuple[int, int]] = []

    def attempt() -> int:
        seen.append((os.sched_getscheduler(0), os.sched_getparam(0).sched_priority))
        return 7

    with looking(attempt) as reconnector:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(20))
        except PermissionError:
            pytest.skip("this user may not have real-time priority")
        try:
            reconnector.begin()
        finally:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        assert fetched(reconnector) == 7
    assert seen == [(os.SCHED_FIFO, 19)]
