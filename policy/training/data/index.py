"""Every sample of a dataset by number, without a picture read: the map that readers in other processes are given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from policy.training.data.frames import wanted_cameras
from policy.training.data.robots import RobotNumbers
from policy.training.data.select import Chosen, LeftOut, Selection, controls_of, select
from policy.training.data.windows import Moments, NothingToLearn, find_moments
from policy.training.recipe import Control, Data, TaughtLevel, Where
from policy.training.samples import Group, SampleForm
from recordings import Episode, RecordingError
from recordings.labels import EpisodeLabels, Label

_In = TypeVar("_In")
_Out = TypeVar("_Out")


class Mapper(Protocol):
    """Applies a function to many things and gives the results in their order, as `map` does.

    So does every `concurrent.futures.Executor.map`, of this machine's processes or of a cluster's.
    """

    def __call__(self, function: Callable[[_In], _Out], items: Iterable[_In], /) -> Iterator[_Out]:
        """The results, in the order of `items`."""
        ...


class NoSamples(ValueError):
    """The filters of a recipe leave nothing of a dataset; the message says what they left out."""


@dataclass(frozen=True)
class Place:
    """Where a sample is.

    Attributes:
        episode: Number of the episode.
        moment: Number of its moment.
        level: Who is taught.
    """

    episode: int
    moment: int
    level: TaughtLevel


@dataclass(frozen=True)
class DatasetIndex:
    """The samples of a dataset.

    Attributes:
        data: What the recipe says of it.
        selection: What became of each episode, those included in which nothing was found.
        moments: Of each episode of `selection.chosen`.
    """

    data: Data
    selection: Selection
    moments: tuple[Moments, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """Each episode's folder."""
        return tuple(chosen.path for chosen in self.selection.chosen)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Samples by task and robot, in alphabetical order."""
        return tuple(
            Group(task, robot, int(blocks.ends[-1])) for (task, robot), blocks in sorted(self._blocks.items())
        )

    @cached_property
    def robots(self) -> dict[str, RobotNumbers]:
        """By name.

        Raises:
            RobotsDiffer: Two episodes say different things of one robot.
        """
        found: dict[str, RobotNumbers] = {}
        for moments in self.moments:
            found.setdefault(moments.robot.name, moments.robot).check_same(
                moments.robot, where=f"{self.data.path.name}: episode {moments.episode_id}"
            )
        return found

    def place(self, group: int, index: int) -> Place:
        """Where a group's sample is.

        Raises:
            IndexError: The group has no sample of this number.
        """
        found = self.groups[group]
        if not 0 <= index < found.count:
            raise IndexError(f"sample {index} of {found.task!r}, which has {found.count}")
        return self._blocks[found.task, found.robot].place(index, self.moments)

    def texts(self) -> set[str]:
        """Every task and subtask that samples hold."""
        found = set()
        for moments in self.moments:
            found |= {moments.texts[number] for number in np.unique(moments.text).tolist()}
            if "high" in self.data.levels:
                found.add(moments.task)
        return found

    @cached_property
    def _blocks(self) -> dict[tuple[str, str], _Blocks]:
        episodes: dict[tuple[str, str], list[tuple[int, TaughtLevel, int]]] = {}
        for number, moments in enumerate(self.moments):
            for level in self.data.levels:
                count = int(moments.low.sum()) if level == "low" else len(moments)
                if count:
                    key = (moments.task, moments.robot.name)
                    episodes.setdefault(key, []).append((number, level, count))
        return {
            key: _Blocks(
                np.cumsum([count for _, _, count in found]),
                tuple(number for number, _, _ in found),
                tuple(level for _, level, _ in found),
            )
            for key, found in episodes.items()
        }

    def __getstate__(self) -> dict[str, Any]:
        """Without labels, which do not travel and have been used."""
        chosen = tuple(replace(one, labels=None) for one in self.selection.chosen)
        return {**self.__dict__, "selection": replace(self.selection, chosen=chosen)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


@dataclass(frozen=True)
class _Blocks:
    """A group's samples, an episode and level at a time."""

    ends: NDArray[np.int64]
    episodes: tuple[int, ...]
    levels: tuple[TaughtLevel, ...]

    def place(self, index: int, moments: Sequence[Moments]) -> Place:
        block = int(np.searchsorted(self.ends, index, side="right"))
        within = index - (int(self.ends[block - 1]) if block else 0)
        episode, level = self.episodes[block], self.levels[block]
        moment = int(np.flatnonzero(moments[episode].low)[within]) if level == "low" else within
        return Place(episode, moment, level)


@dataclass(frozen=True)
class Task:
    """One episode to look through, as it travels to another process.

    Attributes:
        path: Its folder.
        labels: Those to train on.
        controls: Whose rows count.
        cameras: The robot's cameras that the model looks through.
        stride: Every which row begins a sample.
    """

    path: Path
    labels: tuple[Label, ...] | None
    controls: tuple[Control, ...]
    cameras: tuple[str, ...]
    stride: int


def look_through(task: Task) -> Moments | LeftOut:
    """What an episode gives, or why it gives nothing."""
    try:
        return find_moments(
            Episode(task.path),
            None if task.labels is None else EpisodeLabels(task.labels),
            controls=task.controls,
            cameras=task.cameras,
            stride=task.stride,
        )
    except NothingToLearn as error:
        return LeftOut(task.path.name, str(error))
    except (RecordingError, OSError, ValueError) as error:
        return LeftOut(task.path.name, "damaged", str(error))


def index_dataset(data: Data, form: SampleForm, *filters: Where, mapper: Mapper = map) -> DatasetIndex:
    """Look through a dataset's episodes.

    Args:
        data: One with a `dataset`.
        form: Gives the cameras.
        filters: Of the stage.
        mapper: Where episodes are looked through; here, unless another is given.

    Raises:
        NotADataset: There is none.
        RobotsDiffer: Two episodes say different things of one robot.
        NoSamples: Nothing is left.
        OSError: The disk refuses it.
    """
    selection = select(data, *filters)
    controls, cameras = controls_of(data, *filters), wanted_cameras(form)
    tasks = [_task(chosen, controls, cameras, data.stride) for chosen in selection.chosen]
    moments, chosen, left_out = [], [], list(selection.left_out)
    for one, found in zip(selection.chosen, mapper(look_through, tasks), strict=True):
        if isinstance(found, LeftOut):
            left_out.append(found)
        else:
            chosen.append(one)
            moments.append(found)
    left_out.sort(key=lambda one: one.episode_id)
    index = DatasetIndex(data, Selection(data.path, tuple(chosen), tuple(left_out)), tuple(moments))
    if not index.groups:
        raise NoSamples(
            f"nothing to learn from in {data.path}: {index.selection.told()}; change `where`, `level` or the labels"
        )
    _ = index.robots  # two robots under one name are refused here, not in the middle of training
    return index


def _task(chosen: Chosen, controls: tuple[Control, ...], cameras: tuple[str, ...], stride: int) -> Task:
    labels = None if chosen.labels is None else tuple(chosen.labels.by_id.values())
    return Task(chosen.path, labels, controls, cameras, stride)
