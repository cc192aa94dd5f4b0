"""Shard files of frames: encoded frames one after another, then an index of offsets and sizes with a checksum.

This is zarr's `sharding_indexed` with its index at the end; a frame is one chunk of it. See the specification,
https://zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed/index.html
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recordings.checksum import crc32c
from recordings.errors import DamagedData, disk_error
from recordings.files import write_whole
from recordings.layout import FRAMES_PER_SHARD

_ABSENT = np.iinfo(np.uint64).max
_INDEX_BYTES = FRAMES_PER_SHARD * 16
INDEX_FILE_BYTES = _INDEX_BYTES + 4


def shard_path(frames_folder: Path, shard: int) -> Path:
    """File of a shard, counted from 0 along the frames."""
    return frames_folder / f"c.{shard}.0.0.0"


def encode_index(sizes: Sequence[int]) -> bytes:
    """Index of frames that lie end to end with these sizes; size 0 and every frame after the last are absent."""
    index = np.full((FRAMES_PER_SHARD, 2), _ABSENT, dtype="<u8")
    ends = np.cumsum(np.asarray(sizes, dtype=np.uint64))
    for frame, size in enumerate(sizes):
        if size:
            index[frame] = (int(ends[frame]) - size, size)
    data = index.tobytes()
    return data + crc32c(data).to_bytes(4, "little")


def read_index(path: Path) -> NDArray[np.uint64]:
    """Offset and size of each frame of a closed shard, (150, 2); absent frames have size 0.

    Raises:
        DamagedData: The file is too short, or its index does not match its checksum.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            if size < INDEX_FILE_BYTES:
                raise DamagedData(f"{path} has {size} bytes, fewer than its index alone; run repair")
            file.seek(size - INDEX_FILE_BYTES)
            data = file.read(INDEX_FILE_BYTES)
    except FileNotFoundError as error:
        raise DamagedData(f"{path} is absent; run repair") from error
    stored = int.from_bytes(data[_INDEX_BYTES:], "little")
    if (computed := crc32c(data[:_INDEX_BYTES])) != stored:
        raise DamagedData(f"{path}: index checksum is {computed:08x}, stored {stored:08x}; run repair")
    index = np.frombuffer(data[:_INDEX_BYTES], dtype="<u8").reshape(-1, 2).astype(np.uint64)
    index[index[:, 0] == _ABSENT] = 0
    return index


def has_index(path: Path) -> bool:
    """Whether the shard ends in an index that matches its checksum."""
    try:
        read_index(path)
    except DamagedData:
        return False
    return True


class FrameShards:
    """Appends frames to shard files, one `write` a frame.

    A shard that is full gets its index before the next frame, so that a full disk refuses that frame whole.

    Args:
        folder: The `frames` array's folder.
        on_open: Told the file number and path of a shard that was begun.
        on_finish: Given a finished shard's file number, to sync and close it.
    """

    def __init__(
        self, folder: Path, *, on_open: Callable[[int, Path], None], on_finish: Callable[[int], None]
    ) -> None:
        self._folder = folder
        self._on_open = on_open
        self._on_finish = on_finish
        self._shard = 0
        self._file: int | None = None
        self._sizes: list[int] = []
        self._end_bytes = 0

    def append(self, encoded: bytes) -> None:
        """Append one encoded frame.

        Raises:
            DiskFull: Nothing of the frame is kept.
            StorageFailed: The disk refuses it for another reason.
        """
        if len(self._sizes) == FRAMES_PER_SHARD:
            self.finish()
        try:
            file = self._file if self._file is not None else self._begin()
            write_whole(file, encoded, self._end_bytes)
        except OSError as error:
            raise disk_error(error, shard_path(self._folder, self._shard)) from error
        self._end_bytes += len(encoded)
        self._sizes.append(len(encoded))

    def take_back(self) -> None:
        """Undo the last append, because its row could not be written."""
        self._end_bytes -= self._sizes.pop()
        if self._file is not None:
            os.ftruncate(self._file, self._end_bytes)

    def finish(self) -> None:
        """Write the index of the open shard and hand the file on; the next frame begins a new one.

        Raises:
            DiskFull: The shard stays open, without its index.
        """
        if self._file is None:
            return
        try:
            write_whole(self._file, encode_index(self._sizes), self._end_bytes)
        except OSError as error:
            raise disk_error(error, shard_path(self._folder, self._shard)) from error
        self._on_finish(self._file)
        self._file = None
        self._sizes = []
        self._end_bytes = 0
        self._shard += 1

    def _begin(self) -> int:
        path = shard_path(self._folder, self._shard)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
        self._on_open(self._file, path)
        return self._file
