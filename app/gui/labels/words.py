"""The words of the dataset that is reviewed: read, renamed and kept for number keys in a thread; free of Qt."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from app.gui.labels.desk import Journal, LabelDesk
from app.gui.labels.open_renaming import OpenRenaming
from app.gui.labels.segmenting import PALETTE_KEYS
from app.gui.wording import counted
from recordings import Dataset, RecordingError
from recordings.labels import Change, EpisodeLabels, LabelStore
from recordings.labels.renaming import Renamed, rename, renaming, take_back, taking_back
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
        self._jobs: deque[tuple[Path, Callable[[], str]]] = deque()
        self._renamings: deque[OpenRenaming] = deque()
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
        return self._read(self._dataset, of)

    def _read(self, dataset: Path, of: Of) -> Vocabulary:
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

    def poll(self) -> None:
        """Rename in what is open now, where a renaming waits or is under way; called again and again."""
        for here in tuple(self._renamings):
            here.follow()

    def ask(self, of: Of) -> None:
        """Read the vocabulary anew."""
        dataset = self._dataset

        def run() -> str:
            self._settle()
            self._read(dataset, of)
            return self.report

        self._do(dataset, run)

    def rename(self, old: str, new: str, of: Of) -> None:
        """Give a text another one in all labels of the dataset; where that is there already, both become one."""
        new = " ".join(new.split())
        if not new or new == old:
            return
        texts, dataset = {old: new}, self._dataset
        store = LabelStore(dataset)

        def changes_of(_: Journal, labels: EpisodeLabels) -> Sequence[Change]:
            return renaming(labels, texts, of=of)

        def run(here: OpenRenaming) -> str:
            done = here.everywhere(
                lambda apart_from: rename(store, texts, of=of, apart_from=apart_from), wait_s=SETTLE_S
            )
            if dataset == self._dataset:
                self._renamed = done if done.changed or old in done.palette else None
            return renamed_words(done, "Renamed")

        self._do_renaming(dataset, changes_of, "rename", run)

    def undo(self) -> None:
        """Take the last renaming back, in all labels that it has changed; what could not be yet, can be again."""
        renamed, dataset = self._renamed, self._dataset
        if renamed is None or self.busy:
            return
        store = LabelStore(dataset)
        before = {(one.reviewer, one.episode_id): one.before for one in renamed.changed}

        def changes_of(journal: Journal, labels: EpisodeLabels) -> Sequence[Change]:
            return taking_back(labels, before.get(journal, {}), renamed.texts)

        def run(here: OpenRenaming) -> str:
            done = here.everywhere(
                lambda apart_from: take_back(store, renamed, apart_from=apart_from), wait_s=SETTLE_S
            )
            left = {(one.reviewer, one.episode_id) for one in done.left}
            still = tuple(one for one in renamed.changed if (one.reviewer, one.episode_id) in left)
            if dataset == self._dataset:
                self._renamed = replace(renamed, changed=still) if still else None
            return renamed_words(done, "Renamed back")

        self._do_renaming(dataset, changes_of, "rename back", run)

    def pin(self, text: str, number: int, of: Of) -> None:
        """Keep a text on a number key, from 1; 0 keeps it on none. Those before it keep theirs."""
        dataset = self._dataset
        store = LabelStore(dataset)

        def run() -> str:
            kept = list(pinned(store, of))
            if number:
                texts = [one for one in self._read(dataset, of).texts if one != text]
                most = max(number, len(kept) + (text not in kept))
                pin(store, [*texts[: number - 1], text, *texts[number - 1 :]][:most], of)
                report = f"“{text}” is number {min(number, len(texts) + 1)}"
            else:
                pin(store, [one for one in kept if one != text], of)
                report = f"“{text}” is kept on no number"
            self._read_anew(dataset)
            return report

        if 0 <= number <= PALETTE_KEYS:
            self._do(dataset, run)

    def join(self, timeout_s: float) -> bool:
        """Wait until all is done; whether it was."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
        return not self.busy

    def _settle(self) -> None:
        """Wait for what is on its way to the disk; it would else be read as it was, or be in use."""
        until_s = time.monotonic() + SETTLE_S
        self._desk.join(SETTLE_S)
        while not self._desk.is_kept and time.monotonic() < until_s:
            time.sleep(0.01)

    def _read_anew(self, dataset: Path) -> None:
        for kind in KINDS:
            self._read(dataset, kind)
        self.changes += 1

    def _do_renaming(
        self,
        dataset: Path,
        changes_of: Callable[[Journal, EpisodeLabels], Sequence[Change]],
        what: str,
        run: Callable[[OpenRenaming], str],
    ) -> None:
        """What is open is renamed at once, the rest when it is its turn, and what is opened until then as well."""
        here = OpenRenaming(self._desk, changes_of, what, meant=lambda: dataset == self._dataset)

        def job() -> str:
            try:
                self._settle()
                report = run(here)
            finally:
                self._renamings.remove(here)
            self._settle()
            self._read_anew(dataset)
            return report

        self._renamings.append(here)
        here.follow()
        self._do(dataset, job)

    def _do(self, dataset: Path, job: Callable[[], str]) -> None:
        with self._waiting:
            self._jobs.append((dataset, job))
            if len(self._jobs) == 1:
                self._thread = threading.Thread(target=self._run, name="words", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            dataset, job = self._jobs[0]
            report = ""
            try:
                report = job()
            except (RecordingError, OSError, ValueError) as error:
                report = str(error)
            finally:
                with self._waiting:
                    if dataset == self._dataset:
                        self.report = report
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
