"""A reviewer's labels of an episode on the disk: a file that only grows, one line a step, each with its checksum.

A line is the CRC-32C of what follows in eight hexadecimal digits, a space, the step as JSON, and a newline. A last line
without its end was torn by a crash, and the next writer writes over it. Any other line that does not check is told and
passed over: a step holds all that it changes, so those after it are right without it.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

import msgspec

from recordings.checksum import crc32c
from recordings.errors import RecordingError, disk_error, naming_disk_errors
from recordings.files import write_whole
from recordings.labels.history import History, Step


class LabelsInUse(RecordingError):
    """Another window or program is writing these labels."""


class LabelsGone(RecordingError):
    """The file was deleted, or replaced, while it was open: what is written to it now, nobody will ever find."""


def read_history(path: Path) -> History:
    """The labels of a journal and their steps; empty where there is no file.

    Raises:
        OSError: The disk refuses it.
    """
    try:
        return _history_of(path.read_bytes(), path)
    except FileNotFoundError:
        return History()


class LabelJournal:
    """The one writer of a journal. A step is the operating system's when `append` returns, and the disk's after `sync`.

    Args:
        path: The file; made where there is none, in a folder that is there.

    Attributes:
        path: As given.
        history: What was in it when it was opened. To take the steps that are appended is the caller's part.

    Raises:
        LabelsInUse: Somebody else has it open.
        FolderNotWritable: The folder refuses new files.
        DiskFull: There is no room for even an empty file.
        OSError: The disk refuses it otherwise.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = self._opened()
        try:
            data = path.read_bytes()
            self._size_bytes = self._synced_bytes = data.rfind(b"\n") + 1
            self.history = _history_of(data, path)
        except BaseException:
            os.close(self._file)
            raise

    def append(self, step: Step) -> None:
        """Write one step at the end.

        Raises:
            DiskFull: Nothing of it is kept; the steps before are safe.
            StorageFailed: The disk refuses it for another reason.
            LabelsGone: The file was deleted meanwhile.
        """
        body = msgspec.json.encode(step)
        line = b"%08x %b\n" % (crc32c(body), body)
        try:
            if os.fstat(self._file).st_nlink == 0:
                raise LabelsGone(
                    f"{self.path} was deleted while it was open, and what is labelled now would be lost with it;"
                    " put it back if you can, then close the episode and open it again"
                )
            os.ftruncate(self._file, self._size_bytes)  # what a crash has torn was never a line
            write_whole(self._file, line, self._size_bytes)
        except OSError as error:
            raise disk_error(error, self.path) from error
        self._size_bytes += len(line)

    def sync(self) -> None:
        """Wait until all that was appended is on the disk.

        Raises:
            DiskFull: Nothing is kept of what was appended since the last time.
            StorageFailed: Likewise.
        """
        try:
            os.fdatasync(self._file)
        except OSError as error:
            self._size_bytes = self._synced_bytes
            with suppress(OSError):  # the next step is written over it in any case
                os.ftruncate(self._file, self._size_bytes)
            raise disk_error(error, self.path) from error
        self._synced_bytes = self._size_bytes

    def close(self) -> None:
        """Let others write; a file that never got a step is taken away."""
        if self._size_bytes == 0 and os.fstat(self._file).st_nlink:
            self.path.unlink(missing_ok=True)
        os.close(self._file)

    def _opened(self) -> int:
        """The file, locked, and still the one under its name: another writer may have taken an empty one away."""
        while True:
            with naming_disk_errors(self.path):
                file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                self._lock(file)
                if os.fstat(file).st_nlink:
                    return file
            except BaseException:
                os.close(file)
                raise
            os.close(file)

    def _lock(self, file: int) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LabelsInUse(
                f"the labels of {self.path.stem} by {self.path.parent.name} are being written by another window or"
                " program; close it there, or label as another reviewer"
            ) from error


def _history_of(data: bytes, path: Path) -> History:
    steps: list[Step] = []
    damage: list[str] = []
    *lines, torn = data.split(b"\n")
    for number, line in enumerate(lines, start=1):
        checksum, _, body = line.partition(b" ")
        if checksum != b"%08x" % crc32c(body):
            damage.append(
                f"line {number} of {path} does not match its checksum: the step that it held is left out, those"
                " after it stand; look the labels over"
            )
            continue
        try:
            steps.append(msgspec.json.decode(body, type=Step))
        except msgspec.DecodeError as error:
            damage.append(
                f"line {number} of {path} is no step that this software knows ({error}) and is left out; was it"
                " written by a newer version? Open it with that one"
            )
    if torn:
        damage.append(
            f"the last line of {path} was cut off while it was written; that step is lost, all before it are there"
        )
    history = History()
    history.take(*steps, damage=tuple(damage))
    return history
