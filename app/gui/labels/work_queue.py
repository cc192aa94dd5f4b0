"""What the reviewer is to look at next, read in a thread now and then; free of Qt."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.gui.wording import amount
from recordings import Dataset, RecordingError
from recordings.labels import FINAL, LabelStore
from recordings.labels.queue import Item, Reason, ReviewQueue

LEAST_S = 3.0
"""The queue is not read more often than this."""

SETTLE_S = 0.5
"""What was done to labels is on the disk by then."""

RECHECK_S = 20.0
"""Others label in windows of their own."""

_REASONS = (
    ((Reason.REJECTED,), "to do again"),
    ((Reason.UNLABELLED, Reason.BEGUN), ""),
    ((Reason.DIFFERING,), "disagree"),
    ((Reason.FLAGGED,), "flagged"),
)
"""What is counted together, and how it is called; the empty words are what the reviewer is there for."""


@dataclass(frozen=True)
class _Read:
    """What was read, and what is said of it, worked out once for a thousand episodes."""

    dataset: Path
    reviewer: str
    items: tuple[Item, ...]
    words: str
    why: Mapping[str, str]


class WorkQueue:
    """The queue of one reviewer in one dataset. Every method returns at once."""

    def __init__(self) -> None:
        self._dataset = Path()
        self._reviewer = ""
        self._queue: tuple[Path, ReviewQueue] | None = None
        self._thread: threading.Thread | None = None
        self._read: _Read | None = None
        self._problem = ""
        self._due_s = 0.0
        self._began_s = -LEAST_S
        self._seen: set[str] = set()

    def of(self, dataset: Path, reviewer: str) -> None:
        """From now on this reviewer's queue is meant; it is read anew, for something was done."""
        if (dataset, reviewer) != (self._dataset, self._reviewer):
            self._seen.clear()
        self._dataset, self._reviewer = dataset, reviewer
        self.touch()

    def touch(self) -> None:
        """Labels were changed or closed, so it is read again soon."""
        self._due_s = min(self._due_s, time.monotonic() + SETTLE_S)

    def poll(self) -> None:
        """Read it where it is time to; called again and again."""
        now_s = time.monotonic()
        running = self._thread is not None and self._thread.is_alive()
        if running or not self._reviewer or now_s < max(self._due_s, self._began_s + LEAST_S):
            return
        self._began_s, self._due_s = now_s, now_s + RECHECK_S
        self._thread = threading.Thread(
            target=self._run, args=(self._dataset, self._reviewer), name="queue", daemon=True
        )
        self._thread.start()

    @property
    def items(self) -> tuple[Item, ...]:
        """What there is to do, the most pressing first, as it was read last."""
        return self._known.items if self._known is not None else ()

    def next_after(self, episode_id: str, known: Collection[str]) -> str:
        """The next to look at, of those known, that was not left for later; when all were, from the start again."""
        self._seen.add(episode_id)
        ids = [item.episode_id for item in self.items if item.episode_id != episode_id]
        ids = [one for one in ids if one in known]
        fresh = [one for one in ids if one not in self._seen]
        if not fresh:
            self._seen = {episode_id}
        return next(iter(fresh or ids), "")

    def why(self, episode_id: str) -> str:
        """Why an episode is in the queue; empty where it is not."""
        return self._known.why.get(episode_id, "") if self._known is not None else ""

    @property
    def words(self) -> str:
        """How much of what there is to do."""
        return self._problem or (self._known.words if self._known is not None else "queue: …")

    def join(self, timeout_s: float) -> bool:
        """Wait for what is being read; whether it came to an end."""
        if self._thread is not None:
            self._thread.join(timeout_s)
        return self._thread is None or not self._thread.is_alive()

    @property
    def _known(self) -> _Read | None:
        read = self._read
        meant = (self._dataset, self._reviewer)
        return read if read is not None and (read.dataset, read.reviewer) == meant else None

    def _run(self, dataset: Path, reviewer: str) -> None:
        try:
            if self._queue is None or self._queue[0] != dataset:
                self._queue = (dataset, ReviewQueue(Dataset.open(dataset), LabelStore(dataset)))
            items = self._queue[1].read(reviewer)
            why = {item.episode_id: "; ".join(item.words) for item in items}
            self._read = _Read(dataset, reviewer, items, _words(items, reviewer), why)
            self._problem = ""
        except (RecordingError, OSError, ValueError) as error:
            self._problem = f"queue: {error}"


def _words(items: Sequence[Item], reviewer: str) -> str:
    to_label = "to decide" if reviewer == FINAL else "to label"
    counts = [
        (sum(any(reason in item.reasons for reason in reasons) for item in items), words or to_label)
        for reasons, words in _REASONS
    ]
    said = [f"{amount(count)} {words}" for count, words in counts if count]
    return f"queue: {', '.join(said) or 'nothing left'}"
