"""Errors of recording and reading, each named for its condition, with the value seen and what to do."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class RecordingError(Exception):
    """Base of every error that this package raises on purpose. It goes from one process to another as it is."""

    def __reduce__(self) -> tuple[Any, ...]:
        # By default an error is made again from its message alone, and several of these are made of something else.
        return _as_it_was, (type(self), self.args, dict(self.__dict__))


class DiskFull(RecordingError):
    """No room for more data. What was appended before is safe; nothing of the refused item is kept.

    Attributes:
        path: File or folder that could not grow.
        free_bytes: Room left on its file system.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.free_bytes = free_bytes(path)
        super().__init__(
            f"cannot write {path}: {reason} ({self.free_bytes} bytes free); "
            "what was recorded so far is safe. Free some space, or stop and record to another disk"
        )


class FolderNotWritable(RecordingError):
    """A folder refuses new or changed files."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(
            f"cannot write {path}: {reason}. Choose another folder, or make it writable "
            "(its owner, its permissions, or the mount's read-only flag)"
        )


class StorageFailed(RecordingError):
    """The disk did not take data that was handed to it earlier."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"the disk under {path} fails: {reason}. Stop recording, check the disk and its cable, then run repair"
        )


class NotADataset(RecordingError):
    """The folder is not a dataset of this format, or of a newer version."""


class NotAnEpisode(RecordingError):
    """The folder is not an episode of this format, or its attributes cannot be read."""


class UnknownEpisode(RecordingError):
    """No episode has this id."""


class EpisodeExists(RecordingError):
    """An episode of this id is already there."""


class EpisodeInUse(RecordingError):
    """Somebody is still writing this episode."""


class EpisodeClosed(RecordingError):
    """Nothing can be appended after closing."""


class UnknownCamera(RecordingError):
    """The episode has no camera of this name."""


class TimeNotIncreasing(RecordingError):
    """Capture times of one stream must increase; equal or earlier means a repeated or swapped item."""

    def __init__(self, stream: str, *, time_ns: int, last_ns: int) -> None:
        super().__init__(
            f"{stream}: time {time_ns} ns is not after the last one, {last_ns} ns; "
            "pass capture times of time.monotonic_ns(), each item once and in order"
        )


class WrongShape(RecordingError):
    """An item does not have the size that the episode was created with."""


class FrameMissing(RecordingError):
    """The frame's bytes were lost and repair has marked the row as a gap."""


class DamagedData(RecordingError):
    """Bytes on disk differ from what was written."""


def _as_it_was(
    kind: type[RecordingError], args: tuple[object, ...], attributes: dict[str, object]
) -> Exception:
    error = kind.__new__(kind, *args)
    error.__dict__.update(attributes)
    return error


def free_bytes(path: Path) -> int:
    """Room on the file system that holds `path`, or its nearest folder that exists."""
    for folder in (path, *path.parents):
        if folder.exists():
            status = os.statvfs(folder)
            return status.f_bavail * status.f_frsize
    return 0


_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@contextmanager
def naming_disk_errors(path: Path) -> Iterator[None]:
    """Turn the system's several ways to say "no room" and "not here" into named errors; let any other through.

    Raises:
        DiskFull: No room, on the disk, in the quota or under the limit of a file's size.
        FolderNotWritable: A read-only disk, or no permission.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM or error.errno in _REFUSED:
            raise disk_error(error, path) from error
        raise


def disk_error(error: OSError, path: Path) -> RecordingError:
    """The named error for what the system said about writing to `path`."""
    reason = error.strerror or str(error)
    if error.errno in _NO_ROOM:
        return DiskFull(path, reason)
    if error.errno in _REFUSED:
        return FolderNotWritable(path, reason)
    return StorageFailed(path, reason)
