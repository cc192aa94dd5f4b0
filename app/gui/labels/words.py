"""The words of the dataset that is reviewed: read, renamed and kept for number keys in a thread; free of Qt."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from pathlib import Path

from app.gui.labels.desk import LabelDesk
from app.gui.labels.segmenting import PALETTE_KEYS
from app.gui.wording import counted
from recordings import Dataset, RecordingError
from recordings.labels import LabelStore
from recordings.labels.renaming import (
    Changed,
    Renamed,
    rename,
    renaming,
    take_back,
    taking_back,
    texts_before,
)
from recordings.labels.vocabulary import Of, Vocabulary, VocabularyReader, pin, pinned

KINDS: tuple[Of, Of] = ("subtasks", "objects")

SETTLE_S = 3.0
"""How long what was just done to labels may take to be on the disk before it is read or renamed there."""


class Words:
    """Vocabulary of subtasks, and of objects. Every method but `read` returns at once.

    Args:
        desk: the labels that are open; they are renamed there, for nobody else can write them.

    Attributes:
        report: what came of what was done last.
        changes: counts what was renamed or kept for number keys.
    """

    def __init__(self, desk: LabelDesk) -> None:
        self._desk = desk
        self._dataset = Path()
        self._reader: tuple[Path, VocabularyReader] | None = None
        self._reading = threading.Lock()
        self._jobs: deque[Callable[[], str]] = deque()
        self._waiting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._found: dict[tuple[Path, Of], Vocabulary] = {}
        self._renamed: Renamed | None = None
        self.report = ""
        self.changes = 0

    def of(self, dataset: Path) -> None:
        """From now on this dataset's words are meant."""
        if dataset != self._dataset:
            self._dataset, self._renamed, self.report = dataset, None, ""

    def read(self, of: Of = "subtasks") -> Vocabulary:
        """The vocabulary as it stands; for threads, since it looks at the disk.

        Raises:
            RecordingError: the dataset cannot be read.
            OSError: the disk refuses it.
        """
        dataset = self._dataset
        with self._reading:
            if self._reader is None or self._reader[0] != dataset:
                self._reader = (dataset, VocabularyReader(LabelStore(dataset), Dataset.open(dataset)))
            vocabulary = self._found[dataset, of] = self._reader[1].read(of)
        return vocabulary

    def vocabulary(self, of: Of = "subtasks") -> Vocabulary | None:
        """As it was read last; None while it never was."""
        return self._found.get((self._dataset, of))

    def texts(self, of: Of) -> tuple[str, ...]:
        """Those of the vocabulary, in its order; none while it was never read."""
        vocabulary = self.vocabulary(of)
        return vocabulary.texts if vocabulary is not None else ()

    @property
    def busy(self) -> bool:
        """Whether something is being read or changed."""
        return bool(self._jobs)

    @property
    def undoable(self) -> bool:
        """Whether there is a renaming to take back."""
        return self._renamed is not None and not self.busy

    def ask(self, of: Of) -> None:
        """Read the vocabulary anew."""

        def run() -> str:
            self._settle()
            self.read(of)
            return self.report

        self._do(run)

    def rename(self, old: str, new: str, of: Of) -> None:
        """Give a text another one in all labels of the dataset; where that is there already, both become one."""
        new = " ".join(new.split())
        if not new or new == old:
            return
        texts = {old: new}
        own = self._changed_on_desk(of, texts)
        apart_from, store = self._on_desk(), LabelStore(self._dataset)

        def run() -> str:
            self._settle()
            done = rename(store, texts, of=of, apart_from=apart_from)
            done = Renamed((*own, *done.changed), done.left, done.texts, done.palette, done.of)
            self._renamed = done if done.changed or old in done.palette else None
            return self._changed(renamed_words(done, "Renamed"))

        self._do(run)

    def undo(self) -> None:
        """Take the last renaming back, in all labels that it has changed."""
        renamed = self._renamed
        if renamed is None:
            return
        self._renamed = None
        desk, on_desk = self._desk, self._on_desk()
        own: list[Changed] = []
        for one in renamed.changed:
            if (one.reviewer, one.episode_id) in on_desk:
                changes = taking_back(desk.kept_labels, one.before, renamed.texts)
                desk.do(changes, "rename back")
                own += [Changed(one.reviewer, one.episode_id, len(changes))] if changes else []
        store = LabelStore(self._dataset)

        def run() -> str:
            self._settle()
            done = take_back(store, renamed, apart_from=on_desk)
            done = Renamed((*own, *done.changed), done.left)
            return self._changed(renamed_words(done, "Renamed back"))

        self._do(run)

    def pin(self, text: str, number: int, of: Of) -> None:
        """Keep a text on a number key, from 1; 0 keeps it on none. Those before it keep theirs."""
        store = LabelStore(self._dataset)

        def run() -> str:
            kept = list(pinned(store, of))
            if number:
                texts = [one for one in self.read(of).texts if one != text]
                most = max(number, len(kept) + (text not in kept))
                pin(store, [*texts[: number - 1], text, *texts[number - 1 :]][:most], of)
                return self._changed(f"“{text}” is number {min(number, len(texts) + 1)}")
            pin(store, [one for one in kept if one != text], of)
            return self._changed(f"“{text}” is kept on no number")

        if 0 <= number <= PALETTE_KEYS:
            self._do(run)

    def join(self, timeout_s: float) -> bool:
        """Wait until all is done; whether it was."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
        return not self.busy

    def _on_desk(self) -> Collection[tuple[str, str]]:
        return {(self._desk.reviewer, self._desk.episode_id)} if self._desk.ready else set()

    def _changed_on_desk(self, of: Of, texts: dict[str, str]) -> tuple[Changed, ...]:
        desk = self._desk
        changes = renaming(desk.kept_labels, texts, of=of) if desk.ready else ()
        if not changes:
            return ()
        desk.do(changes, "rename")
        return (Changed(desk.reviewer, desk.episode_id, len(changes), texts_before(changes)),)

    def _settle(self) -> None:
        """Wait for what is on its way to the disk; it would else be read as it was, or be in use."""
        until_s = time.monotonic() + SETTLE_S
        self._desk.join(SETTLE_S)
        while not self._desk.is_kept and time.monotonic() < until_s:
            time.sleep(0.01)

    def _changed(self, report: str) -> str:
        for kind in KINDS:
            self.read(kind)
        self.changes += 1
        return report

    def _do(self, job: Callable[[], str]) -> None:
        with self._waiting:
            self._jobs.append(job)
            if len(self._jobs) == 1:
                self._thread = threading.Thread(target=self._run, name="words", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                self.report = self._jobs[0]()
            except (RecordingError, OSError, ValueError) as error:
                self.report = str(error)
            finally:
                with self._waiting:
                    self._jobs.popleft()
                    is_over = not self._jobs
            if is_over:
                return


def renamed_words(done: Renamed, what: str) -> str:
    """What came of a renaming: "Renamed in 12 episodes by 2 reviewers; 1 is open in another window and was left"."""
    episodes = {one.episode_id for one in done.changed}
    reviewers = {one.reviewer for one in done.changed}
    words = f"{what} in {counted(len(episodes), 'episode')} by {counted(len(reviewers), 'reviewer')}"
    in_use = sum(one.in_use for one in done.left)
    if in_use:
        words += f"; {in_use} {'is' if in_use == 1 else 'are'} open in another window and"
        words += f" {'was' if in_use == 1 else 'were'} left"
    other = next((one for one in done.left if not one.in_use), None)
    if other is not None:
        more = len(done.left) - in_use - 1
        words += f"; {other.episode_id} by {other.reviewer} was left{f' and {more} more' * bool(more)}: {other.why}"
    return words
