"""Waiting for a window to come to a state, with its event loop running."""

from __future__ import annotations

import time
from collections.abc import Callable

from PyQt6.QtTest import QTest


def wait_until(condition: Callable[[], bool], timeout_ms: int = 5000) -> bool:
    """Turn the event loop until the condition holds; says whether it did in time."""
    deadline = time.monotonic() + timeout_ms / 1000
    while not condition():
        if time.monotonic() > deadline:
            return False
        QTest.qWait(10)
    return True
