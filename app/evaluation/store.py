"""Results on disk: one folder an evaluation, one line a try, and nothing that a crash can count twice.

<dataset>/evaluations/<id>/plan.json      the plan, written once
                           trials.jsonl   one line for each try that ended, appended and synced
                           lock           held by whoever runs it
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec

from app.evaluation.kept import PLAN, TRIALS, Kept, StoreError, read_attempts, read_plan, refuse_strangers
from app.evaluation.plan import Plan, Trial, check, differences, plan_hash, trials_of
from app.evaluation.results import Attempt
from recordings import Dataset
from recordings.errors import RecordingError

FOLDER, LOCK = "evaluations", "lock"


class PlanMismatch(StoreError):
    """An evaluation was to be resumed with another plan than it was begun with."""


class Store:
    """One evaluation on disk. Opened to run by one process at a time; anybody may read.

    Attributes:
        path: its folder.
        plan: what is tried.
        told: what a reader should know about how it was found, such as a line that a crash had torn.
    """

    def __init__(self, path: Path, kept: Kept, attempts: Sequence[Attempt], told: tuple[str, ...]) -> None:
        self.path = path
        self.kept = kept
        self.told = told
        self._attempts = list(attempts)
        self._lock: IO[bytes] | None = None
        self._file: FileIO | None = None

    # -- beginning and opening -----------------------------------------------------------------------------------------

    @classmethod
    def begin(cls, data_dir: Path, plan: Plan, *, label: str = "") -> Store:
        """Make a new evaluation's folder, and hold it.

        Raises:
            PlanError: when the plan cannot be carried out.
            StoreError: when the folder cannot be written.
        """
        check(plan)
        now = datetime.now(UTC)
        # A dataset does not begin in a folder that holds something already.
        try:
            Dataset.open(data_dir, create=True)
        except RecordingError as error:
            raise StoreError(f"cannot begin an evaluation in {data_dir}: {error}") from error
        path = data_dir / FOLDER / f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        kept = Kept(plan=plan, hash=plan_hash(plan), begun_at=now.isoformat(timespec="seconds"), label=label)
        try:
            path.mkdir(parents=True)
            draft = path / f"{PLAN}.new"
            with draft.open("wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(kept)))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path / PLAN)
            (path / TRIALS).touch()
            for folder in (path, path.parent):
                _sync_folder(folder)
        except OSError as error:
            raise StoreError(
                f"cannot begin an evaluation in {path}: {error.strerror}; choose another folder of recordings"
            ) from error
        store = cls(path, kept, (), ())
        store._hold()
        return store

    @classmethod
    def resume(cls, data_dir: Path, evaluation_id: str, *, plan: Plan | None = None) -> Store:
        """Open an evaluation to go on with it, and hold it.

        Args:
            data_dir: the dataset.
            evaluation_id: which; an unambiguous part is enough.
            plan: the plan that is wanted now; None for whatever it was begun with.

        Raises:
            PlanMismatch: when it was begun with another plan.
            StoreError: when there is none of that id, somebody else runs it, or it is damaged.
        """
        path = find(data_dir, evaluation_id)
        kept = read_plan(path)
        if plan is not None and (differing := differences(plan, kept.plan)):
            raise PlanMismatch(
                f"evaluation {path.name} was begun with another plan: {differing}; resume it without these options, or"
                " begin a new one"
            )
        store = cls(path, kept, (), ())
        store._hold()
        try:
            store._attempts, store.told = read_attempts(path, kept.plan, cut=True)
        except StoreError:
            store.close()
            raise
        return store

    @classmethod
    def read(cls, path: Path) -> Store:
        """Look at an evaluation that perhaps somebody else runs; it cannot be written to.

        Raises:
            StoreError: when it is damaged.
        """
        kept = read_plan(path)
        attempts, told = read_attempts(path, kept.plan, cut=False)
        return cls(path, kept, attempts, told)

    # -- what is there -------------------------------------------------------------------------------------------------

    @property
    def evaluation_id(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def plan(self) -> Plan:
        """What is tried."""
        return self.kept.plan

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every try that ended, in the order of their ends."""
        return tuple(self._attempts)

    @property
    def results(self) -> tuple[Attempt, ...]:
        """The last word on each trial that is over, at most one a trial."""
        return tuple(attempt for attempt in self._attempts if attempt.final)

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do."""
        return not self.missing

    @property
    def missing(self) -> tuple[Trial, ...]:
        """The trials that are still to be done, in order."""
        over = {attempt.number for attempt in self._attempts if attempt.final}
        return tuple(trial for trial in trials_of(self.plan) if trial.number not in over)

    def tries_of(self, number: int) -> int:
        """How many tries of a trial have ended."""
        return sum(attempt.number == number for attempt in self._attempts)

    # -- writing -------------------------------------------------------------------------------------------------------

    def append(self, attempt: Attempt) -> None:
        """Keep a try. It is on the disk when this returns.

        Raises:
            StoreError: when its trial is over already, it is not the plan's, or it cannot be written.
        """
        if self._file is None:
            raise StoreError(f"evaluation {self.evaluation_id} is open for reading only; resume it to go on")
        refuse_strangers(attempt, trials_of(self.plan), self._attempts, where=self.evaluation_id)
        line = msgspec.json.encode(attempt) + b"\n"
        before = os.fstat(self._file.fileno()).st_size
        try:
            _write_all(self._file, line)
            os.fsync(self._file.fileno())
        except OSError as error:
            with contextlib.suppress(OSError):  # where this fails too, the torn line is cut off on resuming
                self._file.truncate(before)
            raise StoreError(
                f"cannot write trial {attempt.number} to {self.path / TRIALS}: {error.strerror}; make room on the disk,"
                f" then resume {self.evaluation_id}: the trial is run again"
            ) from error
        self._attempts.append(attempt)

    def close(self) -> None:
        """Let go of it, so that it can be resumed."""
        for file in (self._file, self._lock):
            if file is not None:
                file.close()
        self._file = self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _hold(self) -> None:
        try:
            self._lock = (self.path / LOCK).open("wb")
            # Without a buffer: what a full disk refuses must not be tried again when the file is closed.
            self._file = (self.path / TRIALS).open("ab", buffering=0)
        except OSError as error:
            self.close()
            raise StoreError(f"cannot write to evaluation {self.path}: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise StoreError(
                f"evaluation {self.evaluation_id} is being run by another window or command; end that first"
            ) from None


def find(data_dir: Path, evaluation_id: str) -> Path:
    """The folder of an evaluation.

    Args:
        data_dir: the dataset.
        evaluation_id: its id, a part of one that fits no other, or `last`.

    Raises:
        StoreError: when none fits, or several do.
    """
    paths = list_paths(data_dir)
    if evaluation_id == "last" and paths:
        return paths[-1]
    found = [path for path in paths if path.name == evaluation_id] or [
        path for path in paths if evaluation_id and evaluation_id in path.name
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise StoreError(
            f"{evaluation_id!r} fits {len(found)} evaluations: {', '.join(path.name for path in found[:5])}; "
            "say more of it"
        )
    known = ", ".join(path.name for path in paths[-5:]) or "none yet"
    raise StoreError(f"no evaluation {evaluation_id!r} in {data_dir / FOLDER}; there are: {known}")


def list_paths(data_dir: Path) -> list[Path]:
    """The folders of a dataset's evaluations, oldest first."""
    folder = data_dir / FOLDER
    return sorted(path.parent for path in folder.glob(f"*/{PLAN}")) if folder.is_dir() else []


def _write_all(file: FileIO, content: bytes) -> None:
    """All of it, to a file that may take only part at a time."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
