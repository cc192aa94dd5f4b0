"""Writing bytes to files in full: the system may take fewer than it is given."""

from __future__ import annotations

import os
from pathlib import Path


def write_at(file: int, data: bytes, offset: int) -> None:
    """Write all bytes at an offset.

    Raises:
        OSError: Some of them may be written.
    """
    written = os.pwrite(file, data, offset)
    while written < len(data):
        written += os.pwrite(file, data[written:], offset + written)


def write_whole(file: int, data: bytes, end: int) -> None:
    """Write all bytes at the end of a file, or none of them.

    Raises:
        OSError: The file is back at its former length, `end`.
    """
    try:
        write_at(file, data, end)
    except OSError:
        os.ftruncate(file, end)
        raise


def replace_file(path: Path, content: bytes) -> None:
    """The whole file under its name, on the disk, or what was there before, whatever fails in between.

    Raises:
        OSError: Nothing was changed.
    """
    draft = path.with_name(f".{path.name}.draft")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
