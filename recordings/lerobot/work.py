"""The hidden folder of an export that is under way: what was planned, and what became of each episode.

A file is written here first, synced, and renamed to its place. An episode's record comes after its files, and
`meta/info.json`, without which LeRobot sees no dataset, after everything else. So at any moment the target is either
no dataset or a whole one, and what has a record is never written again.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from recordings.dataset import Dataset
from recordings.lerobot import layout
from recordings.lerobot.errors import (
    DifferentExport,
    NoExportHere,
    TargetInUse,
    TargetNotEmpty,
    naming_target_errors,
)
from recordings.lerobot.plan import ExportOptions, Plan, source_of
from recordings.lerobot.records import REPORT, Record, Report

FOLDER = ".understudy-export"
_PLAN = "plan.json"


def finished_report(target: Path) -> Report | None:
    """What a whole export says of itself; None where there is none."""
    if not (target / layout.INFO).exists():
        return None
    try:
        return msgspec.json.decode((target / REPORT).read_bytes(), type=Report)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def refuse_what_is_there(target: Path, *, resume: bool) -> None:
    """Make sure that nothing is overwritten.

    Raises:
        TargetNotEmpty: There is something in the target, and it is not to be resumed.
        NoExportHere: It should be resumed and is no export of this software.
    """
    if target.exists() and not target.is_dir():
        raise TargetNotEmpty(f"{target} is a file; choose a new or empty folder")
    if not target.exists() or not any(target.iterdir()):
        return
    begun = (target / FOLDER).is_dir() and not (target / layout.INFO).exists()
    if resume and not begun:
        raise NoExportHere(f"{target} holds no export that could be resumed; choose a new or empty folder")
    if begun and not resume:
        raise TargetNotEmpty(
            f"{target} holds an export that was cut off; go on with --resume, or choose a new or empty folder"
        )
    if not resume:
        raise TargetNotEmpty(f"{target} is not empty; choose a new or empty folder")


def refuse_other_source(source: str, dataset: Dataset) -> None:
    """Make sure that a whole export is of this dataset.

    Raises:
        DifferentExport: It is of another one.
    """
    if source != source_of(dataset):
        raise DifferentExport(
            f"what is there is an export of {source}, not of {source_of(dataset)}; choose another folder"
        )


class Work:
    """An export under way; open one with `Work.on`.

    Args:
        target: The folder that becomes the dataset.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self._folder = target / FOLDER
        self._records = self._folder / "episodes"

    @classmethod
    @contextmanager
    def on(cls, target: Path) -> Iterator[Work]:
        """Hold a target against other exports.

        Raises:
            TargetInUse: Another program exports to it.
            TargetFull: There is no room.
            FolderNotWritable: It refuses new files.
        """
        work = cls(target)
        with naming_target_errors(target):
            work._records.mkdir(parents=True, exist_ok=True)
            lock = os.open(work._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise TargetInUse(f"another program exports to {target}; wait for it, or stop it") from error
            if (target / layout.INFO).exists():
                work.finish()
                raise TargetInUse(
                    f"another program has just ended its export to {target}; look at what it wrote before you go on"
                )
            yield work
        finally:
            os.close(lock)

    def begun(self) -> Plan | None:
        """The plan of the export that was cut off, None where it did not come so far.

        Raises:
            NoExportHere: It is damaged.
        """
        try:
            plan: Plan = _decoded(self._folder / _PLAN, Plan)
        except FileNotFoundError:
            return None
        return plan

    def begin(self, plan: Plan) -> None:
        """Keep the plan."""
        self.put_bytes(Path(FOLDER) / _PLAN, msgspec.json.encode(plan))

    def records(self) -> list[Record]:
        """What became of the plan's first episodes, in order.

        Raises:
            NoExportHere: One is damaged, or gone.
        """
        count = len(list(self._records.glob("*.json")))
        try:
            return [_decoded(self._records / _record_name(number), Record) for number in range(count)]
        except FileNotFoundError as error:
            raise NoExportHere(_not_whole(Path(error.filename), "is gone")) from error

    def refuse_holes(self, plan: Plan, episodes: int) -> None:
        """Make sure that the files of the episodes that have a record are there.

        Raises:
            NoExportHere: One is gone.
        """
        for index in range(episodes):
            for place in _places(plan, index):
                if not (self.target / place).is_file():
                    raise NoExportHere(_not_whole(self.target / place, "is gone"))

    def add(self, number: int, record: Record) -> None:
        """Keep what became of the plan's episode of this number; its files are in their places."""
        self.put_bytes(Path(FOLDER) / "episodes" / _record_name(number), msgspec.json.encode(record))

    @contextmanager
    def new_file(self, place: Path) -> Iterator[Path]:
        """Where to write a file that goes to `place` in the target once it is whole.

        Raises:
            TargetFull: There is no room.
            FolderNotWritable: The target refuses new files.
        """
        draft = self._folder / f"draft{place.suffix}"
        final = self.target / place
        with naming_target_errors(final):
            try:
                yield draft
                _sync(draft)
                final.parent.mkdir(parents=True, exist_ok=True)
                draft.replace(final)
                _sync(final.parent)
            except OSError:
                with suppress(OSError):
                    draft.unlink()  # so that there is room to say so
                raise

    def put_bytes(self, place: Path, data: bytes) -> None:
        """Write a small file; raises as `new_file` does."""
        with self.new_file(place) as draft:
            draft.write_bytes(data)

    def drop(self, plan: Plan, episode_index: int) -> None:
        """Remove the files of an episode that has no record."""
        for place in _places(plan, episode_index):
            (self.target / place).unlink(missing_ok=True)

    def finish(self) -> None:
        """Take the folder away; the export is whole."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def abandon(self) -> None:
        """Leave a target that nothing was exported to as empty as it was, so that it can be used again."""
        self.finish()
        for folder, _, _ in os.walk(self.target, topdown=False):
            if Path(folder) != self.target:
                with suppress(OSError):  # not empty
                    os.rmdir(folder)


def refuse_other_export(begun: Plan, dataset: Dataset, options: ExportOptions) -> None:
    """Make sure that what goes on is what was begun.

    Raises:
        DifferentExport: It is of another dataset, or was asked for otherwise.
    """
    differ = [
        f"{name}: {getattr(begun.options, name)!r} then, {getattr(options, name)!r} now"
        for name in options.__struct_fields__
        if getattr(begun.options, name) != getattr(options, name)
    ]
    if begun.source != (source := source_of(dataset)):
        differ.append(f"the dataset: {begun.source} then, {source} now")
    if differ:
        raise DifferentExport(
            f"the export that was cut off was another one ({'; '.join(differ)}); ask for the same, or choose another"
            " folder"
        )


def _places(plan: Plan, episode_index: int) -> list[Path]:
    videos = [layout.video_path(camera.name, episode_index) for camera in plan.schema.cameras]
    return [layout.data_path(episode_index), *videos]


def _record_name(number: int) -> str:
    return f"{number:06d}.json"


def _decoded(path: Path, kind: Any) -> Any:
    """What one of the export's own files says; raises `NoExportHere` where it is damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except msgspec.DecodeError as error:
        raise NoExportHere(_not_whole(path, f"is damaged ({error})")) from error


def _not_whole(path: Path, what: str) -> str:
    return f"{path} {what}, so the export cannot go on; choose a new or empty folder and begin again"


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
