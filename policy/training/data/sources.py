"""Everything that a stage of a recipe is trained on, opened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from policy.training.data.index import Mapper, index_dataset
from policy.training.data.reader import SampleReader
from policy.training.data.robots import RobotNumbers
from policy.training.data.web import open_pictures
from policy.training.recipe import Data, Recipe, Where
from policy.training.samples import SampleForm, SampleSource


def open_sources(
    recipe: Recipe, form: SampleForm, *, stage: int | None = None, mapper: Mapper = map
) -> tuple[SampleSource, ...]:
    """The samples of each `[[data]]` that a stage uses, in the order of the recipe.

    Args:
        recipe: What to open.
        form: What samples have to fit.
        stage: Whose, with its filters; None: of all stages, without them.
        mapper: Where episodes are looked through.

    Raises:
        NotADataset: A dataset is not there.
        NoSamples: Nothing is left of a dataset.
        RobotsDiffer: Two episodes say different things of one robot.
        PicturesError: Pictures or their questions are not as they should be.
        OSError: The disk refuses it.
    """
    if stage is None:
        return tuple(_open(data, form, (), recipe.seed, mapper) for data in recipe.data)
    chosen = recipe.stages[stage]
    return tuple(_open(data, form, (chosen.where,), recipe.seed, mapper) for data in recipe.data_of(chosen))


def open_recordings(recipe: Recipe, form: SampleForm, *, mapper: Mapper = map) -> tuple[SampleReader, ...]:
    """The recordings of all stages alone, without the filters of stages; raises as `open_sources`."""
    return tuple(
        SampleReader(index_dataset(data, form, mapper=mapper), form)
        for data in recipe.data
        if data.dataset is not None
    )


def readers_of(sources: Iterable[SampleSource]) -> tuple[SampleReader, ...]:
    """Those that read recordings."""
    return tuple(source for source in sources if isinstance(source, SampleReader))


def robots_of(sources: Iterable[SampleSource]) -> Mapping[str, RobotNumbers]:
    """Every robot in the data by name, in the order in which the recipe brings them.

    Raises:
        RobotsDiffer: Two datasets say different things of one robot.
    """
    found: dict[str, RobotNumbers] = {}
    for reader in readers_of(sources):
        for name, robot in reader.robots.items():
            found.setdefault(name, robot).check_same(robot, where=str(reader.index.data.path))
    return found


def _open(data: Data, form: SampleForm, filters: Sequence[Where], seed: int, mapper: Mapper) -> SampleSource:
    if data.dataset is None:
        return open_pictures(data, form, seed=seed)
    return SampleReader(index_dataset(data, form, *filters, mapper=mapper), form)
