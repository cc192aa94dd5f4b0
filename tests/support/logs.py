"""A log message at WARNING or above fails a test that did not expect it.

A test expects messages by `@pytest.mark.expects_log("regular expression")`, or by asking for `caplog` and looking at
them itself. An expected message that never comes is no failure; the test says what it needs by its own assertions.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

ALLOWED: dict[str, str] = {}
"""Names of loggers that may complain, each with its reason."""


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def collected() -> Iterator[list[logging.LogRecord]]:
    """Collect the records at WARNING and above that reach the root logger."""
    collector = _Collector()
    root = logging.getLogger()
    root.addHandler(collector)
    try:
        yield collector.records
    finally:
        root.removeHandler(collector)


def unexpected(records: list[logging.LogRecord], request: pytest.FixtureRequest) -> list[str]:
    """What is to be said about records that the test did not expect."""
    if "caplog" in request.fixturenames:
        return []
    patterns = [pattern for mark in request.node.iter_markers("expects_log") for pattern in mark.args]
    stray = [
        record
        for record in records
        if record.name not in ALLOWED
        and not any(re.search(pattern, record.getMessage()) for pattern in patterns)
    ]
    return [
        f"unexpected log: {r.levelname} {r.name}: {r.getMessage()} ({r.pathname}:{r.lineno})" for r in stray
    ]
