"""What is known of a run's data: it changes with whatever changes what is learned, and with nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from policy.training.data.facts import DataFacts, facts_of
from policy.training.data.index import index_dataset
from policy.training.data.reader import SampleReader
from recordings import Dataset, Outcome
from recordings.labels import LabelStore
from recordings.labels.history import Change
from recordings.metadata import update_attributes
from tests.policy.training.recorded import Plan, data, form, record


def facts(folder: Path) -> DataFacts:
    own = data(folder)
    return facts_of(own, SampleReader(index_dataset(own, form()), form()))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("facts") / "demos"
    record(folder, Plan(rows=20), Plan(rows=20, number=1))
    return folder


def first(folder: Path) -> Path:
    return Dataset.open(folder).episodes()[0].path


def one_more(folder: Path) -> None:
    record(folder, Plan(rows=20, number=2))


def another_outcome(folder: Path) -> None:
    update_attributes(first(folder), {"outcome": Outcome.FAILURE.value}, durable=False)


def another_tag(folder: Path) -> None:
    update_attributes(first(folder), {"tags": ["clumsy"]}, durable=False)


def judged_in_review(folder: Path) -> None:
    with LabelStore(folder).edit("ann", first(folder).name) as editor:
        label = editor.labels.episode
        editor.apply((Change(None, msgspec.structs.replace(label, outcome=Outcome.FAILURE)),), "judged")


def test_they_say_how_much_there_is(recorded: Path) -> None:
    found = facts(recorded)
    assert (found.episodes, found.samples, found.tasks) == (2, 80, 1)
    assert found.told() == "demos (2 episodes, 80 samples)"


def test_the_same_recordings_elsewhere_are_the_same(recorded: Path, tmp_path: Path) -> None:
    shutil.copytree(recorded, tmp_path / "demos")
    assert facts(tmp_path / "demos") == facts(recorded)


@pytest.mark.parametrize("change", [one_more, another_outcome, another_tag, judged_in_review])
def test_what_stages_choose_by_counts_too(
    recorded: Path, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    shutil.copytree(recorded, tmp_path / "demos")
    change(tmp_path / "demos")
    assert facts(tmp_path / "demos").sha256 != facts(recorded).sha256
