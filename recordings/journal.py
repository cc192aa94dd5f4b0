"""The journal: every row of an episode in the order it came, one `write` each, until the episode is settled.

It is what a crash leaves. A record is a header and a body; the header's checksum covers both, so the journal is
right up to its first record that does not check, which is where a `kill -9` or a power cut has torn it. It lies in
the episode as a zarr array of length 0, so that plain zarr sees nothing odd in a folder that is being written.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recordings import metadata
from recordings.checksum import crc32c, extend_crc32c
from recordings.errors import EpisodeInUse, disk_error, naming_disk_errors
from recordings.files import write_whole

_CHECKED = struct.Struct("<HxxII")  # kind, row, bytes of the body
_CHECKSUM = struct.Struct("<I")
_HEADER_BYTES = _CHECKED.size + _CHECKSUM.size
_RESERVE_BYTES = 2 << 20


@dataclass(frozen=True)
class Record:
    """One record: `row` counts the records of its kind."""

    kind: int
    row: int
    body: bytes


def journal_folder(episode: Path) -> Path:
    """Folder of an episode's journal."""
    return episode / "journal"


def journal_path(episode: Path) -> Path:
    """The journal itself; an episode without it is settled."""
    return journal_folder(episode) / "c.0"


class JournalWriter:
    """Appends records; holds a lock by which others see that the episode is being written.

    A reserve of 2 MiB is kept beside it, so that a full disk still leaves room for lengths and indices at closing.

    Args:
        episode: The episode's folder; assign `episode` again when the folder is renamed.
    """

    def __init__(self, episode: Path) -> None:
        self.episode = episode
        metadata.write_array(
            journal_folder(episode),
            shape=(0,),
            chunk_shape=(1,),
            dtype=np.dtype("u1"),
            dimension_names=("byte",),
            attributes={
                "purpose": "rows not yet settled; needed for repair, gone once the episode is settled"
            },
        )
        reserve_path = _reserve_path(episode)
        with naming_disk_errors(self.path):
            reserve = os.open(reserve_path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                os.posix_fallocate(reserve, 0, _RESERVE_BYTES)
            finally:
                os.close(reserve)
            self.file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        fcntl.flock(self.file, fcntl.LOCK_EX)
        self.size_bytes = 0

    @property
    def path(self) -> Path:
        """The journal's file."""
        return journal_path(self.episode)

    def append(self, kind: int, row: int, body: bytes) -> None:
        """Append one record; it is the operating system's when this returns.

        Raises:
            DiskFull: Nothing of the record is kept.
            StorageFailed: The disk refuses it for another reason.
        """
        checked = _CHECKED.pack(kind, row, len(body))
        checksum = _CHECKSUM.pack(extend_crc32c(extend_crc32c(0, checked), body))
        data = b"".join((checked, checksum, body))
        try:
            write_whole(self.file, data, self.size_bytes)
        except OSError as error:
            raise disk_error(error, self.path) from error
        self.size_bytes += len(data)


def release_reserve(episode: Path) -> None:
    """Give the room that was reserved for closing back to the disk."""
    _reserve_path(episode).unlink(missing_ok=True)


def read_journal(path: Path) -> Iterator[Record]:
    """Records from the beginning up to the first that does not check."""
    data = path.read_bytes()
    at = 0
    while (end := _end_of_record(data, at)) is not None:
        kind, row, _ = _CHECKED.unpack_from(data, at)
        yield Record(kind, row, data[at + _HEADER_BYTES : end])
        at = end


def bytes_after(path: Path) -> bytes:
    """What lies behind the last record that checks: the torn end, usually nothing."""
    data = path.read_bytes()
    at = 0
    while (end := _end_of_record(data, at)) is not None:
        at = end
    return data[at:]


def is_locked(episode: Path) -> bool:
    """Whether some process is writing this episode now."""
    try:
        file = os.open(journal_path(episode), os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def refuse_if_locked(episode: Path) -> None:
    """Raise where an episode is still being written.

    Raises:
        EpisodeInUse: Another process, or this one, has it open for writing.
    """
    if is_locked(episode):
        raise EpisodeInUse(f"{episode.name} is still being written; stop the recording first")


def _reserve_path(episode: Path) -> Path:
    return journal_folder(episode) / "reserve"


def _end_of_record(data: bytes, at: int) -> int | None:
    if at + _HEADER_BYTES > len(data):
        return None
    kind, _, body_bytes = _CHECKED.unpack_from(data, at)
    (checksum,) = _CHECKSUM.unpack_from(data, at + _CHECKED.size)
    start = at + _HEADER_BYTES
    end = start + body_bytes
    if kind == 0 or end > len(data) or crc32c(data[at : at + _CHECKED.size], data[start:end]) != checksum:
        return None
    return int(end)
