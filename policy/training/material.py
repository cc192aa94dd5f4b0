"""The data of a recipe, as a run needs them: what they hold, and batches of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from policy.checkpoints.folder import Checkpoint
from policy.training.batches import CLIP
from policy.training.data.facts import DataFacts, facts_of
from policy.training.data.index import Mapper, NoSamples
from policy.training.data.loader import Loader
from policy.training.data.robots import RobotNumbers, RobotsDiffer
from policy.training.data.select import Selection
from policy.training.data.sources import open_sources, readers_of, robots_of
from policy.training.loop import Feed
from policy.training.recipe import Recipe, Where
from policy.training.robot import TrainedRobot
from policy.training.samples import SampleForm, SampleSource, Source, TrainingSample
from policy.training.statistics import relative_chunks, statistics_of
from policy.transforms.norm_stats import NormStats
from policy.transforms.normalize import normalize

_log = logging.getLogger(__name__)

MOST_CHUNKS = 2000
"""That an action tokenizer is fitted on."""


class RecipeData(Feed):
    """What a recipe is trained on; `policy.training.run.RunData`.

    Args:
        recipe: Which data, and in which stage.
        form: What samples have to fit.
        workers: Processes that read; 0 reads in this one.
        rank: Number of this process among those that train together.
        world: How many those are.
        mapper: Where episodes are looked through and counted.
    """

    def __init__(
        self,
        recipe: Recipe,
        form: SampleForm,
        *,
        workers: int = 1,
        rank: int = 0,
        world: int = 1,
        mapper: Mapper = map,
    ) -> None:
        self._recipe = recipe
        self._form = form
        self._workers = workers
        self._rank, self._world = rank, world
        self._mapper = mapper

    @cached_property
    def _sources(self) -> tuple[SampleSource, ...]:
        sources = open_sources(self._recipe, self._form, mapper=self._mapper)
        if self._rank == 0:
            for reader in readers_of(sources):
                _tell(reader.index.selection)
        return sources

    def robots(self, start: Checkpoint | None) -> Sequence[TrainedRobot]:
        """Every robot of the recordings with its statistics; first the first mobile manipulator.

        Args:
            start: Gives its own robot's statistics.

        Raises:
            NoSamples: There are no recordings, or none with a robot's actions.
            RobotsDiffer: Recordings say other things of a robot than another recording, or than `start`.
        """
        numbers = robots_of(self._sources)
        if not numbers:
            raise NoSamples(f"recipe {self._recipe.name!r} has no recordings: a policy needs a robot")
        found = {} if start is None else _known(start, numbers)
        if missing := [name for name in numbers if name not in found]:
            found |= self._counted(missing)
        own = self._own_robot(numbers)
        return [_trained(numbers[name], found[name]) for name in sorted(found, key=lambda name: name != own)]

    def texts(self) -> set[str]:
        """Every prompt and answer."""
        return set[str]().union(*(source.texts() for source in self._sources))

    def chunks(self, robot: TrainedRobot) -> NDArray[np.float64]:
        """Some whole chunks of a robot, [B, T, D], relative, normalised and cut as in a batch.

        Raises:
            NoSamples: There is none.
        """
        drawn = [
            relative_chunks(
                reader, robot.name, horizon=self._form.horizon, most=MOST_CHUNKS, seed=self._recipe.seed
            )
            for reader in readers_of(self._sources)
            if robot.name in reader.robots
        ]
        chunks = np.concatenate([np.empty((0, self._form.horizon, robot.dim)), *drawn])
        if not len(chunks):
            raise NoSamples(
                f"no chunk of robot {robot.name!r} is whole, so no action tokenizer can be fitted; record longer"
                " episodes, or set `fast = 0` in every stage"
            )
        chosen = np.random.default_rng(self._recipe.seed).permutation(len(chunks))[:MOST_CHUNKS]
        relative = normalize(chunks[chosen], robot.stats["actions"], method="quantile", name="actions")
        return np.clip(relative, -CLIP, CLIP)

    def facts(self) -> Sequence[DataFacts]:
        """Of each `[[data]]`, in the order of the recipe."""
        return [facts_of(data, source) for data, source in zip(self._recipe.data, self._sources, strict=True)]

    @contextmanager
    def open(self, stage: int, *, start_step: int) -> Iterator[Iterator[Sequence[TrainingSample]]]:
        """The batches of a stage from a step on; of several processes', every one's own part."""
        sources = self._sources_of(stage)
        with Loader.of(
            self._recipe,
            stage,
            sources=sources,
            start_step=start_step,
            workers=self._workers,
            rank=self._rank,
            world=self._world,
        ) as loader:
            yield iter(loader)

    def _sources_of(self, stage: int) -> Sequence[SampleSource]:
        """Those of a stage; where it narrows nothing, they are open already."""
        chosen = self._recipe.stages[stage]
        if chosen.where != Where():
            return open_sources(self._recipe, self._form, stage=stage, mapper=self._mapper)
        own = self._recipe.data_of(chosen)
        return [source for data, source in zip(self._recipe.data, self._sources, strict=True) if data in own]

    def _counted(self, names: Sequence[str]) -> dict[str, Mapping[str, NormStats]]:
        readers = readers_of(self._sources)
        counted = statistics_of(readers, horizon=self._form.horizon, mapper=self._mapper)
        return {name: counted[name].statistics() for name in names}

    def _own_robot(self, numbers: Mapping[str, RobotNumbers]) -> str:
        for data, source in zip(self._recipe.data, self._sources, strict=True):
            if data.source is Source.MM:
                return next(iter(robots_of([source])))
        return next(iter(numbers))


def recipe_data(
    recipe: Recipe, *, workers: int, rank: int = 0, world: int = 1, mapper: Mapper = map
) -> Callable[[SampleForm], RecipeData]:
    """What opens a recipe's data once the model's sizes are known; arguments as of `RecipeData`."""
    return lambda form: RecipeData(recipe, form, workers=workers, rank=rank, world=world, mapper=mapper)


def _tell(selection: Selection) -> None:
    """Log what is left out, and warn of what is damaged."""
    _log.info("%s", selection.told())
    damaged = [one for one in selection.left_out if one.detail]
    if damaged:
        _log.warning(
            "%s: %d episodes cannot be read and are left out, such as %s (%s); `understudy data verify` finds what is"
            " damaged",
            selection.dataset.name,
            len(damaged),
            damaged[0].episode_id,
            damaged[0].detail,
        )


def _known(start: Checkpoint, numbers: Mapping[str, RobotNumbers]) -> dict[str, Mapping[str, NormStats]]:
    """Statistics of the robot that a checkpoint is for, where the recordings are of that robot."""
    manifest = start.manifest
    if manifest is None or manifest.embodiment not in numbers:
        return {}
    robot = numbers[manifest.embodiment]
    for what, its, recorded in (
        ("the numbers", manifest.vector_names, robot.names),
        ("relative actions", manifest.delta_mask, robot.delta_mask),
    ):
        if manifest.vector_names and its != recorded:
            raise RobotsDiffer(
                f"{start.path} says of robot {robot.name!r} that {what} are {its}, and the recordings have {recorded};"
                " start from a checkpoint for these recordings, or from a `preset`"
            )
    return {robot.name: start.stats_of()}


def _trained(numbers: RobotNumbers, stats: Mapping[str, NormStats]) -> TrainedRobot:
    return TrainedRobot(numbers.name, numbers.names, numbers.units, numbers.rate_hz, stats)
