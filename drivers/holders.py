"""Who holds a device file open, for the message that a port or a camera is busy."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a device file open."""

    pid: int
    name: str

    def __str__(self) -> str:
        return f"{self.name} (process {self.pid})"


def holders(path: str | Path) -> tuple[Holder, ...]:
    """The other processes that have `path` open, as far as this user may see them.

    Device files are compared by device number, so a by-id link and the node it points to are the same. Processes of
    other users stay unseen without the right to look at them.
    """
    try:
        wanted = os.stat(path).st_rdev
    except OSError:
        return ()
    found = []
    for process in psutil.process_iter(["name"]):
        if process.pid != os.getpid() and _has_open(process.pid, wanted):
            found.append(Holder(process.pid, process.info["name"] or "unknown"))
    return tuple(found)


def _has_open(pid: int, wanted_rdev: int) -> bool:
    try:
        descriptors = list(os.scandir(f"/proc/{pid}/fd"))
    except OSError:  # it ended meanwhile, or belongs to somebody else
        return False
    for descriptor in descriptors:
        try:
            if os.stat(descriptor.path).st_rdev == wanted_rdev != 0:
                return True
        except OSError:
            continue
    return False
