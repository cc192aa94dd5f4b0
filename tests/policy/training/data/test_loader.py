"""Batches that are read ahead in other processes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from policy.training.data.loader import Loader, LoadingFailed
from policy.training.data.mixture import Mixture
from policy.training.data.sources import open_sources, readers_of, robots_of
from policy.training.recipe import Model, Recipe, Stage, Where
from policy.training.samples import Group, SampleSource, SampleUnreadable, Source, TrainingSample
from recordings import ActionSource
from tests.policy.training.recorded import LID, Plan, data, form, record

TELEOP = ActionSource.TELEOP


@dataclass(frozen=True)
class Numbered:
    """Samples that say their number; some are damaged, and one ends the process."""

    count: int = 50
    damaged: frozenset[int] = frozenset()
    wrong: int = -1
    deadly: int = -1

    @property
    def groups(self) -> Sequence[Group]:
        return (Group("count", "robot", self.count),)

    def sample(self, group: int, index: int) -> TrainingSample:
        if index in self.damaged:
            raise SampleUnreadable(where=f"episode {index % 3}", reason="torn")
        if index == self.wrong:
            raise ZeroDivisionError("no wheel turns")
        if index == self.deadly:
            os._exit(9)
        image = np.full((8, 8, 3), index, np.uint8)
        return TrainingSample(Source.MM, {"base_0_rgb": image}, "low", "count", time_ns=index)

    def texts(self) -> set[str]:
        return {"count"}


def numbers(batch: Sequence[TrainingSample]) -> list[int]:
    return [sample.time_ns for sample in batch]


def loader(*sources: SampleSource, batch: int = 4, **changes: int) -> Loader:
    groups = [source.groups for source in sources]
    mixture = Mixture(groups, [1.0] * len(sources), batch=batch, seed=5, stage=0)
    return Loader(sources, mixture, **changes)


def test_batches_are_the_same_whatever_the_number_of_processes_and_from_any_start() -> None:
    with loader(Numbered(), workers=0) as here:
        wanted = [numbers(batch) for batch in islice(here, 12)]
    for workers, start in ((1, 0), (3, 5)):
        with loader(Numbered(), workers=workers, start_step=start) as there:
            assert [numbers(batch) for batch in islice(there, 6)] == wanted[start : start + 6]


def test_what_is_read_elsewhere_arrives_whole() -> None:
    with loader(Numbered(), workers=1) as there:
        for sample in next(there):
            assert (sample.images["base_0_rgb"] == sample.time_ns).all()


def test_each_process_that_trains_reads_its_part_of_every_batch() -> None:
    with loader(Numbered(), workers=0) as whole:
        wanted = [numbers(batch) for batch in islice(whole, 5)]
    parts = []
    for rank in range(2):
        with loader(Numbered(), workers=0, rank=rank, world=2) as part:
            parts.append([numbers(batch) for batch in islice(part, 5)])
    assert [sorted(one + other) for one, other in zip(*parts, strict=True)] == [sorted(one) for one in wanted]
    assert all(len(one) == 2 for one in parts[0])


@pytest.mark.expects_log("episode [012]: another sample takes the place of one that cannot be read: torn")
def test_a_damaged_sample_is_replaced_by_the_same_other_one_and_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = Numbered(damaged=frozenset(range(0, 50, 4)))
    runs = []
    for workers in (0, 2):
        with loader(source, workers=workers) as found:
            runs.append([numbers(batch) for batch in islice(found, 20)])
            assert found.replaced.total() >= 13
            assert set(found.replaced) == {"episode 0", "episode 1", "episode 2"}
    assert runs[0] == runs[1]
    assert not {index for batch in runs[0] for index in batch} & source.damaged
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 6, "each episode is told of once a run"


def test_when_nothing_can_be_read_the_caller_is_told_where() -> None:
    for workers in (0, 1):
        with (
            loader(Numbered(damaged=frozenset(range(50))), workers=workers) as found,
            pytest.raises(
                LoadingFailed, match=r"20 samples in a row .* of episode \d: torn; is the disk there"
            ),
        ):
            next(found)


def test_a_mistake_in_another_process_reaches_the_caller_with_its_place() -> None:
    with (
        loader(Numbered(count=1, wrong=0), workers=2) as found,
        pytest.raises(LoadingFailed, match=r"(?s)in sample.*ZeroDivisionError: no wheel turns"),
    ):
        next(found)


def test_a_process_that_dies_is_noticed() -> None:
    with (
        loader(Numbered(count=1, deadly=0), workers=1) as found,
        pytest.raises(LoadingFailed, match=r"ended by itself \(exit code 9\)"),
    ):
        next(found)


def test_closing_ends_the_processes_in_the_middle_of_a_batch() -> None:
    found = loader(Numbered(), workers=2, batch=40)
    next(found)
    assert len(multiprocessing.active_children()) == 2
    found.close()
    found.close()
    assert not multiprocessing.active_children()


def test_a_recipe_is_read_from_its_datasets(tmp_path: Path) -> None:
    record(tmp_path / "long", Plan(rows=120, number=1), Plan(rows=30, number=2))
    record(tmp_path / "other", Plan(rows=30, spells=((0, LID, TELEOP),), robot="another", number=3))
    recipe = Recipe(
        name="r",
        model=Model(preset="pi05-small"),
        data=(data(tmp_path / "long"), data(tmp_path / "other", source=Source.CE, weight=2.0)),
        stages=(
            Stage(name="a", steps=3),
            Stage(name="b", steps=3, sources=(Source.MM,), where=Where(longest_s=1.0)),
        ),
    )
    every = open_sources(recipe, form())
    assert list(robots_of(every)) == ["two-joints", "another"]
    assert [len(reader.index.moments) for reader in readers_of(every)] == [2, 1]
    (short,) = open_sources(recipe, form(), stage=1)
    with Loader.of(recipe, 1, sources=(short,), workers=1, start_step=2) as found:
        batch = next(found)
    assert len(batch) == 32
    assert {sample.state is not None and float(sample.state[0]) >= 2 for sample in batch} == {True}
