"""Changing labels from code: each step is on the disk when the call returns."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType

from recordings.labels.history import Change, Step
from recordings.labels.journal import LabelJournal
from recordings.labels.view import EpisodeLabels


class LabelEditor:
    """Takes each step first to the journal, then in memory: what is seen is kept. Open one with `LabelStore.edit`."""

    def __init__(self, journal: LabelJournal) -> None:
        self._journal = journal
        self._history = journal.history

    @property
    def labels(self) -> EpisodeLabels:
        """As they stand."""
        return self._history.labels

    @property
    def undoable(self) -> str:
        """What `undo` would take back; empty for nothing."""
        return self._history.undoable

    @property
    def redoable(self) -> str:
        """What `redo` would do again; empty for nothing."""
        return self._history.redoable

    def apply(self, changes: Sequence[Change], what: str) -> EpisodeLabels:
        """Make changes, as `recordings.labels.edits` works them out, in one step.

        Raises:
            DiskFull: Nothing was changed.
            StorageFailed: Nor here.
            LabelsGone: The file was deleted meanwhile; nothing was changed.
        """
        return self._take(self._history.step(changes, what, utc_ns=time.time_ns()))

    def undo(self) -> EpisodeLabels:
        """Take the last step back, of this run or of any before; raises as `apply` does."""
        return self._take(self._history.undo(utc_ns=time.time_ns()))

    def redo(self) -> EpisodeLabels:
        """Do again what was taken back last; raises as `apply` does."""
        return self._take(self._history.redo(utc_ns=time.time_ns()))

    def close(self) -> None:
        """Let others write."""
        self._journal.close()

    def __enter__(self) -> LabelEditor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take(self, step: Step | None) -> EpisodeLabels:
        if step is not None:
            self._journal.append(step)
            self._journal.sync()
            self._history.take(step)
        return self.labels
