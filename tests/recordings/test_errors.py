"""An error is as clear in the process that hears of it as in the one that met it."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from recordings import DiskFull, EpisodeInUse, RecordingError, StorageFailed
from recordings.errors import FolderNotWritable, TimeNotIncreasing


@pytest.mark.parametrize(
    "error",
    [
        DiskFull(Path("/tmp/set"), "No space left on device"),
        FolderNotWritable(Path("/tmp/set"), "Read-only file system"),
        StorageFailed(Path("/tmp/set"), "Input/output error"),
        TimeNotIncreasing("state", time_ns=1, last_ns=2),
        EpisodeInUse("20260101-000000-0001 is being written"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_goes_from_one_process_to_another_as_it_is(error: RecordingError) -> None:
    heard = pickle.loads(pickle.dumps(error))
    assert type(heard) is type(error)
    assert str(heard) == str(error)
    assert vars(heard) == vars(error)
