"""Keeps labels on the disk in a thread of its own, so that neither window nor reviewer ever waits; free of Qt."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence

from recordings import RecordingError
from recordings.labels import History, LabelJournal, LabelStore, Step
from recordings.labels.journal import LabelsInUse, read_history

RETRY_S = 1.0
"""How long until what the disk refused is tried again."""
GIVE_UP_S = 2.0
"""How long it is tried once the labels are closed."""
CLOSING_S = 5.0
"""How long a keeper waits for those before it."""


class Keeper:
    """The journal of one reviewer's labels of one episode, from opening to closing. No method but `join` waits.

    A step that the disk refuses is tried again each second until it is kept; those after it wait for it.

    Args:
        store: where labels lie.
        reviewer: whose.
        episode_id: of which episode.
        after: keepers that are closing; their labels may be the same ones, so they end first.
    """

    def __init__(
        self,
        store: LabelStore,
        reviewer: str,
        episode_id: str,
        *,
        after: Sequence[Keeper] = (),
    ) -> None:
        self._after = tuple(after)
        self._store = store
        self._reviewer = reviewer
        self._episode_id = episode_id
        self._history: History | None = None
        self._problem = ""
        self._read_only = False
        self._waiting: deque[Step] = deque()
        self._changed = threading.Condition()
        self._closed_s: float | None = None
        self._thread = threading.Thread(target=self._run, name="labels", daemon=True)
        self._thread.start()

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

    def close(self) -> None:
        """Keep what is waiting, then let others write."""
        with self._changed:
            self._closed_s = time.monotonic()
            self._changed.notify()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; whether it came."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        for keeper in self._after:
            keeper.join(CLOSING_S)
        self._after = ()
        journal = self._opened()
        if journal is None:
            return
        try:
            while (step := self._next()) is not None:
                if self._kept(journal, step):
                    with self._changed:
                        self._waiting.popleft()
                elif self._closed_s is not None and time.monotonic() - self._closed_s > GIVE_UP_S:
                    return
        finally:
            journal.close()

    def _opened(self) -> LabelJournal | None:
        episode = self._store.path.parent / "episodes" / self._episode_id
        if not episode.is_dir():
            self._read_only = True
            self._problem = f"{episode} is not there, so nothing can be said of it; look for it in the trash"
            return None
        try:
            try:
                journal = self._store.open_journal(self._reviewer, self._episode_id)
            except LabelsInUse as error:
                self._read_only = True
                self._problem = str(error)
                self._history = read_history(self._store.journal_path(self._reviewer, self._episode_id))
                return None
        except (RecordingError, OSError) as error:
            self._read_only = True
            self._problem = str(error)
            return None
        self._problem = "; ".join(journal.history.labels.damage)
        self._history = journal.history
        return journal

    def _next(self) -> Step | None:
        with self._changed:
            while not self._waiting and self._closed_s is None:
                self._changed.wait()
            return self._waiting[0] if self._waiting else None

    def _kept(self, journal: LabelJournal, step: Step) -> bool:
        try:
            journal.append(step)
            journal.sync()
        except (RecordingError, OSError) as error:
            with self._changed:
                self._problem = f"{error}; {len(self._waiting)} labels wait to be kept"
                self._changed.wait(RETRY_S)
            return False
        self._problem = ""
        return True
