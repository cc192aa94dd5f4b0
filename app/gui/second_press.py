"""A press that counts only when it is given twice, for what must not happen by a slip; free of Qt."""

from __future__ import annotations

import time

WITHIN_NS = 4_000_000_000
"""The second press must come this soon: long enough to read what it will do, and to take hold of the arms."""


class SecondPress:
    """Remembers the first press. Times are monotonic, by this process's clock."""

    def __init__(self) -> None:
        self._first_ns: int | None = None

    @property
    def waiting(self) -> bool:
        """Whether one more press counts."""
        return self._first_ns is not None and time.monotonic_ns() - self._first_ns < WITHIN_NS

    def press(self) -> bool:
        """It was pressed; says whether that is the second time."""
        second = self.waiting
        self._first_ns = None if second else time.monotonic_ns()
        return second

    def forget(self) -> None:
        """Something else was done meanwhile: the next press is a first one."""
        self._first_ns = None
