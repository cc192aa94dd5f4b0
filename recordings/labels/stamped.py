"""Remembers what was made of a file for as long as it stays the same: a thousand again cost a look at each."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

V = TypeVar("V")
Stamp = tuple[int, int, int]


class StampedCache(Generic[V]):
    """What was made of files, held with each one's inode, time of change and size. One thread at a time may use it.

    Args:
        make: What to make of a file. What it raises is not remembered.
    """

    def __init__(self, make: Callable[[Path], V]) -> None:
        self._make = make
        self._held: dict[Path, tuple[Stamp, V]] = {}

    def get(self, path: Path) -> V | None:
        """What the file makes, None where there is none; raises as `make` does."""
        try:
            status = os.stat(path)
        except FileNotFoundError:
            self._held.pop(path, None)
            return None
        stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
        held = self._held.get(path)
        if held is None or held[0] != stamp:
            held = self._held[path] = (stamp, self._make(path))
        return held[1]
