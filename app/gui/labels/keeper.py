"""Keeps labels on the disk in a thread of its own, so that neither window nor reviewer ever waits; free of Qt."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from app.gui.labels.closing import ClosingThread
from app.gui.wording import counted
from recordings import RecordingError
from recordings.labels import History, LabelJournal, LabelStore, Step
from recordings.labels.journal import LabelsInUse, read_history

RETRY_S = 1.0
"""How long until what the disk refused is tried again."""
IN_USE_S = 1.0
"""How long labels that somebody writes are waited for: a renaming, or a judgement of the work, is done by then."""
_LOOK_S = 0.1


class Keeper(ClosingThread):
    """The journal of one reviewer's labels of one episode, from opening to closing.

    A step that the disk refuses is tried again each second until it is kept, after closing too; those after it wait for
    it. Only `give_up` lets go of it.

    Args:
        store: where labels lie.
        reviewer: whose.
        episode_id: of which episode.
        after: keepers that are closing; those of the same labels end first, however long they take.

    Attributes:
        episode_id: as given.
    """

    def __init__(
        self,
        store: LabelStore,
        reviewer: str,
        episode_id: str,
        *,
        after: Sequence[Keeper] = (),
    ) -> None:
        super().__init__("labels")
        self._of = (store.path, reviewer, episode_id)
        self._before = [keeper for keeper in after if keeper._of == self._of]
        self._store = store
        self._reviewer = reviewer
        self.episode_id = episode_id
        self._history: History | None = None
        self._problem = ""
        self._read_only = False
        self._waiting: deque[Step] = deque()
        self._given_up = False
        self._begin()

    @property
    def history(self) -> History | None:
        """What was kept, once it has been read; from then on it is the caller's."""
        return self._history

    @property
    def problem(self) -> str:
        """What stands in the way of keeping labels, with what to do; empty for nothing."""
        return self._problem

    @property
    def read_only(self) -> bool:
        """Whether labels can be looked at and not changed."""
        return self._read_only

    @property
    def waiting(self) -> int:
        """Steps that are not on the disk yet."""
        with self._changed:
            return len(self._waiting)

    def append(self, step: Step) -> None:
        """Keep a step; it is handed to the operating system within milliseconds."""
        with self._changed:
            self._waiting.append(step)
            self._changed.notify()

    def give_up(self) -> None:
        """Close, and let go of what the disk refuses."""
        self.close()
        with self._changed:
            self._given_up = True
            self._changed.notify()

    def _run(self) -> None:
        if not self._are_others_done():
            return
        journal = self._opened()
        if journal is None:
            return
        try:
            while (step := self._next()) is not None:
                if self._kept(journal, step):
                    with self._changed:
                        self._waiting.popleft()
                elif self._given_up:
                    return
        finally:
            journal.close()

    def _are_others_done(self) -> bool:
        """Wait for those who still keep the same labels; whether they ended before this one was closed too."""
        for keeper in self._before:
            while not keeper.join(_LOOK_S):
                if self._closing:
                    return False
                self._problem = keeper.problem or "these labels are still being written to the disk"
        self._before = []
        self._problem = ""
        return True

    def _opened(self) -> LabelJournal | None:
        episode = self._store.path.parent / "episodes" / self.episode_id
        if not episode.is_dir():
            self._read_only = True
            self._problem = f"{episode} is not there, so nothing can be said of it; look for it in the trash"
            return None
        try:
            try:
                journal = self._journal_once_free()
            except LabelsInUse as error:
                self._read_only = True
                self._problem = str(error)
                self._history = read_history(self._store.journal_path(self._reviewer, self.episode_id))
                return None
        except (RecordingError, OSError) as error:
            self._read_only = True
            self._problem = str(error)
            return None
        self._problem = "; ".join(journal.history.labels.damage)
        self._history = journal.history
        return journal

    def _journal_once_free(self) -> LabelJournal:
        until_s = time.monotonic() + IN_USE_S
        while True:
            try:
                return self._store.open_journal(self._reviewer, self.episode_id)
            except LabelsInUse:
                if self._closing or time.monotonic() > until_s:
                    raise
            time.sleep(_LOOK_S)

    def _next(self) -> Step | None:
        with self._changed:
            while not self._waiting and not self._closing:
                self._changed.wait()
            return self._waiting[0] if self._waiting else None

    def _kept(self, journal: LabelJournal, step: Step) -> bool:
        try:
            journal.append(step)
            journal.sync()
        except (RecordingError, OSError) as error:
            with self._changed:
                self._problem = f"{error}; {counted(len(self._waiting), 'step')} not on the disk yet"
                if not self._given_up:
                    self._changed.wait(RETRY_S)
            return False
        self._problem = ""
        return True
