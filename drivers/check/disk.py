"""Whether there is a place to record to."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from drivers.check.finding import Finding, fail, ok, warn

NEEDED_BYTES = 1 * 1024**3
COMFORTABLE_BYTES = 20 * 1024**3


def disk_findings(data_dir: Path) -> Iterator[Finding]:
    """Whether recordings can be written to a folder (or to where it will be made), and how much room there is."""
    folder = data_dir
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        yield fail(
            "disk", f"has a file where recordings should go: {folder}", remedy="choose another data folder"
        )
        return
    is_read_only = bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    if is_read_only or not os.access(folder, os.W_OK | os.X_OK):
        seen = "read-only" if is_read_only else "not yours to write"
        yield fail(
            "disk",
            f"cannot record to {data_dir}",
            value=f"{folder} is {seen}",
            remedy="choose another data folder",
        )
        return
    free = shutil.disk_usage(folder).free
    value = f"{free / 1024**3:.1f} GiB free in {data_dir}"
    if free < NEEDED_BYTES:
        yield fail("disk", "is full", value=value, remedy="free some space, or choose another data folder")
    elif free < COMFORTABLE_BYTES:
        yield warn("disk", "is filling up", value=value, remedy="free some space before a long session")
    else:
        yield ok("disk", "has room", value=value)
