"""Why an export cannot begin or go on; an episode that cannot be exported is left out and told instead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recordings.errors import DiskFull, RecordingError, naming_disk_errors


class TargetNotEmpty(RecordingError):
    """There is something where the export should go."""


class TargetInUse(RecordingError):
    """Another program exports to the same folder."""


class NoExportHere(RecordingError):
    """What should be resumed is no export of this software."""


class DifferentExport(RecordingError):
    """The export that was cut off was asked for otherwise than now."""


class NothingToExport(RecordingError):
    """Not one of the episodes can be exported."""


class UnknownReviewer(RecordingError):
    """Nobody of this name has labelled anything."""


class TargetFull(RecordingError):
    """No room for the rest of the export. The episodes that are whole stay, and `resume` goes on after them."""

    def __init__(self, full: DiskFull) -> None:
        self.path = full.path
        self.free_bytes = full.free_bytes
        super().__init__(
            f"no room to write {full.path} ({full.free_bytes} bytes free); the episodes exported so far are whole."
            " Free some space, then go on with --resume"
        )


@contextmanager
def naming_target_errors(path: Path) -> Iterator[None]:
    """Name what the disk under the target says.

    Raises:
        TargetFull: There is no room.
        FolderNotWritable: It refuses new files.
    """
    try:
        with naming_disk_errors(path):
            yield
    except DiskFull as full:
        raise TargetFull(full) from full
