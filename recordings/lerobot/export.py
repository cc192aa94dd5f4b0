"""Exports a dataset: episode by episode, each whole before the next, `meta/info.json` last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from recordings.dataset import Dataset
from recordings.episode import CameraFrames, Episode
from recordings.errors import DamagedData, NotAnEpisode, UnknownEpisode
from recordings.frames import Rgb
from recordings.labels import BEST, LabelStore
from recordings.lerobot import layout, statistics
from recordings.lerobot.errors import NothingToExport
from recordings.lerobot.grid import EpisodeLeftOut, Grid, rows_of
from recordings.lerobot.plan import ExportOptions, Plan, labels_for, make_plan, outcome_of
from recordings.lerobot.records import REPORT, Exported, LeftOut, Record, Report, Statistics, sum_up
from recordings.lerobot.remainder import not_held, notes
from recordings.lerobot.subtasks import subtasks_of, utterances_of
from recordings.lerobot.tables import TextTable, subtask_numbers, write_episodes, write_rows
from recordings.lerobot.video import write_video
from recordings.lerobot.work import (
    Work,
    finished_report,
    refuse_other_export,
    refuse_other_source,
    refuse_what_is_there,
)

UNTOLD = ""
"""The first subtask: of rows without one, since LeRobot looks each row's number up."""


@dataclass(frozen=True)
class Share:
    """How far an export is.

    Attributes:
        done: Pictures written, of all cameras.
        total: Pictures there are to write, as far as the recordings' attributes tell.
        episode: Number of the episode under way, from 1.
        episodes: How many there are.
    """

    done: int
    total: int
    episode: int
    episodes: int


def export(
    dataset: Dataset,
    target: Path,
    options: ExportOptions | None = None,
    *,
    resume: bool = False,
    progress: Callable[[Share], None] = lambda share: None,
) -> Report:
    """Export a dataset, or go on with an export that was cut off; one that is whole is left as it is.

    Args:
        dataset: What was recorded.
        target: A folder that is new or empty, or with `resume` that of the export that was cut off.
        options: Which episodes, rows and labels.
        resume: Go on after the last episode that is whole.
        progress: Is called after every picture.

    Returns:
        What is in it and what is not; also written beside it, as `understudy-export.json`.

    Raises:
        TargetNotEmpty: There is something in the target, and `resume` was not asked for.
        NoExportHere: There is nothing to resume in it, or not all of what there was.
        DifferentExport: What was cut off was asked for otherwise, or what is whole is of another dataset.
        TargetInUse: Another program exports to it.
        NothingToExport: Not one episode can be exported.
        UnknownEpisode: There is none of an id that was asked for.
        UnknownReviewer: Nobody of that name has labelled anything.
        TargetFull: There is no room; resume once there is.
        FolderNotWritable: The target refuses new files.
    """
    options = options or ExportOptions()
    if resume and (done := finished_report(target)) is not None:
        refuse_other_source(done.source, dataset)
        Work(target).finish()  # for the one that was cut off when nothing but this was left to do
        return done
    refuse_what_is_there(target, resume=resume)
    plan = Work(target).begun()
    if plan is None:
        plan = make_plan(dataset, options)
    else:
        refuse_other_export(plan, dataset, options)
    with Work.on(target) as work:
        work.begin(plan)
        return _Export(dataset, plan, work, progress).run()


class _Export:
    def __init__(self, dataset: Dataset, plan: Plan, work: Work, progress: Callable[[Share], None]) -> None:
        self._dataset = dataset
        self._store = LabelStore(dataset.path)
        self._plan = plan
        self._work = work
        self._progress = progress
        self._pictures = 0
        self._total = self._expected_pictures()
        self._tasks = TextTable()
        self._subtasks = TextTable(UNTOLD)
        self._exported: list[Exported] = []

    def run(self) -> Report:
        """Export what has no record yet, then write what concerns all."""
        records = self._work.records()
        for record in records:
            self._count(record)
        self._work.refuse_holes(self._plan, len(self._exported))
        self._pictures = sum(episode.rows for episode in self._exported) * len(self._plan.schema.cameras)
        self._work.drop(self._plan, len(self._exported))
        for number in range(len(records), len(self._plan.chosen)):
            record = self._record(number)
            self._work.add(number, record)
            records.append(record)
            self._count(record)
        return self._finish(records)

    def _count(self, record: Record) -> None:
        """Take in what an episode brought; in order, so that numbers of texts come out the same after a resume."""
        if isinstance(record, LeftOut):
            return
        self._exported.append(record)
        self._tasks.number(record.task)
        for start in record.subtasks:
            self._subtasks.number(start.text)

    def _record(self, number: int) -> Record:
        episode_id = self._plan.chosen[number]
        try:
            return self._export(self._dataset.episode(episode_id), number)
        except (EpisodeLeftOut, UnknownEpisode) as error:
            reason = str(error)
        except (DamagedData, NotAnEpisode) as error:
            reason = f"damaged: {error}"
        self._work.drop(self._plan, len(self._exported))
        return LeftOut(episode_id, reason)

    def _export(self, episode: Episode, number: int) -> Exported:
        if episode.damage is not None:
            raise EpisodeLeftOut(f"damaged: {'; '.join(episode.damage.reasons)}")
        plan, attributes = self._plan, episode.attributes
        index = len(self._exported)
        labels = labels_for(self._store, plan.options.reviewer, attributes.id)
        grid = rows_of(episode, fps=plan.options.fps)
        subtasks = subtasks_of(episode, labels, grid, reviewer=plan.options.reviewer)
        utterances = utterances_of(labels, grid)
        # All else is read before the first file is written, and texts get their numbers after the last picture: what
        # is damaged leaves nothing behind.
        told = len(utterances) if plan.options.language else 0
        remainder = not_held(episode, labels, grid, subtasks, utterances=told)
        undecided = labels is None and self._is_labelled(attributes.id)
        pictures = {
            camera.name: self._video(episode, camera.name, grid, number) for camera in attributes.cameras
        }
        with self._work.new_file(layout.data_path(index)) as draft:
            columns = write_rows(
                draft,
                episode,
                grid,
                plan,
                episode_index=index,
                first_index=sum(done.rows for done in self._exported),
                task=self._tasks.number(attributes.task),
                subtasks=subtask_numbers(subtasks, self._subtasks),
                persistent=subtasks.starts,
                utterances=utterances,
            )
        values: Statistics = {name: statistics.of_values(column) for name, column in columns.items()}
        return Exported(
            id=attributes.id,
            rows=len(grid),
            task=attributes.task,
            outcome=outcome_of(labels, attributes.outcome).value,
            started_at=attributes.started_at,
            clock_monotonic_ns=attributes.clock_anchor.monotonic_ns,
            clock_utc_ns=attributes.clock_anchor.utc_ns,
            subtasks_by=subtasks.by,
            subtasks=subtasks.starts,
            utterances=utterances,
            greatest_skew_ms={stream: skew / 1e6 for stream, skew in grid.skew_ns.items()},
            timestamp_off_ms=grid.timestamp_off_ns(plan.fps) / 1e6,
            not_held=remainder,
            notes=notes(episode, labels, grid, undecided=undecided),
            statistics={**values, **{layout.camera_key(name): of for name, of in pictures.items()}},
        )

    def _video(self, episode: Episode, name: str, grid: Grid, number: int) -> statistics.Feature:
        """Write a camera's video; its pictures' statistics."""
        frames = episode.camera(name)
        counted = statistics.PictureStatistics(len(grid))

        def pictures() -> Iterator[Rgb]:
            last, picture = -1, np.zeros((0, 0, 3), np.uint8)
            for row, frame in enumerate(grid.frames[name].tolist()):
                if frame != last:
                    last, picture = frame, _decoded(frames, frame)
                counted.take(row, picture)
                yield picture
                self._pictures += 1
                self._progress(Share(self._pictures, self._total, number + 1, len(self._plan.chosen)))

        camera = frames.camera
        with self._work.new_file(layout.video_path(name, len(self._exported))) as draft:
            write_video(
                draft,
                pictures(),
                fps=self._plan.fps,
                height_px=camera.height_px,
                width_px=camera.width_px,
            )
        return counted.result()

    def _finish(self, records: list[Record]) -> Report:
        plan, work, exported = self._plan, self._work, self._exported
        left_out = [*plan.left_out, *(record for record in records if isinstance(record, LeftOut))]
        if not exported:
            work.abandon()
            raise NothingToExport(
                f"nothing of {plan.source} can be exported: "
                + "; ".join(f"{one.id}: {one.reason}" for one in left_out[:3])
            )
        with work.new_file(layout.TASKS) as draft:
            self._tasks.write(draft, name="task")
        with work.new_file(layout.SUBTASKS) as draft:
            self._subtasks.write(draft, name="subtask")
        with work.new_file(layout.EPISODES) as draft:
            write_episodes(draft, exported, plan)
        work.put_bytes(layout.STATISTICS, _json(statistics.of_all([one.statistics for one in exported])))
        camera = plan.schema.cameras[0].name
        report = sum_up(
            source=plan.source,
            lerobot_format=layout.FORMAT,
            fps=plan.fps,
            rows_are=f"stored frames of {camera}" if plan.options.fps is None else f"every 1/{plan.fps} s",
            exported=exported,
            left_out=left_out,
        )
        work.put_bytes(Path(REPORT), _json(report))
        rows = sum(one.rows for one in exported)
        info = layout.info(plan, episodes=len(exported), rows=rows, tasks=len(self._tasks))
        work.put_bytes(layout.INFO, _json(info))
        work.finish()
        return report

    def _is_labelled(self, episode_id: str) -> bool:
        return self._plan.options.reviewer == BEST and any(
            not self._store.read(name, episode_id).untouched for name in self._store.reviewers()
        )

    def _expected_pictures(self) -> int:
        plan = self._plan
        chosen = set(plan.chosen)
        infos = [info for info in self._dataset.episodes() if info.id in chosen]
        if plan.options.fps is not None:
            rows = sum(round(info.duration_s * plan.fps) for info in infos)
        else:
            rows = sum(info.counts.frames.get(plan.schema.cameras[0].name, 0) for info in infos)
        return rows * len(plan.schema.cameras)


def _decoded(frames: CameraFrames, index: int) -> Rgb:
    try:
        return frames.frame(index)
    except OSError as error:  # of the disk that is read; what is written has its own names
        raise EpisodeLeftOut(f"frame {index} of {frames.camera.name} cannot be read: {error}") from error


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
