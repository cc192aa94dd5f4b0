"""What a run learns of its recordings before the first step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from policy.checkpoints.folder import Checkpoint, load
from policy.training.data.robots import RobotsDiffer
from policy.training.material import RecipeData
from policy.training.recipe import Where
from tests.policy.training import recorded, synthetic
from tests.policy.training.recorded import NAMES, UNITS, Plan


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("material") / "demos"
    recorded.record(folder, Plan(rows=20), Plan(rows=20, number=1))
    return folder


def material(folder: Path) -> RecipeData:
    recipe = msgspec.structs.replace(synthetic.recipe(), data=(recorded.data(folder),))
    return RecipeData(recipe, recorded.form(), workers=0)


def start(folder: Path, *, robot: str = "two-joints", names: Sequence[str] = NAMES) -> Checkpoint:
    synthetic.start_checkpoint(folder / "start", names=names, units=UNITS, robot=robot)
    return load(folder / "start")


def test_a_start_of_the_same_robot_gives_its_statistics(demos: Path, tmp_path: Path) -> None:
    (robot,) = material(demos).robots(start(tmp_path))
    assert robot.stats["state"].mean.tolist() == [0, 0, 0]


def test_a_start_of_another_robot_gives_none(demos: Path, tmp_path: Path) -> None:
    (robot,) = material(demos).robots(start(tmp_path, robot="another"))
    assert robot.name == "two-joints"
    assert robot.stats["state"].mean[2] == pytest.approx(0.3)


def test_a_start_with_other_numbers_of_the_robot_is_refused(demos: Path, tmp_path: Path) -> None:
    with pytest.raises(RobotsDiffer, match="says of robot 'two-joints' that the numbers are"):
        material(demos).robots(start(tmp_path, names=NAMES[::-1]))


def test_episodes_are_looked_through_once_for_all_stages_that_narrow_nothing(demos: Path) -> None:
    looked = []

    def counting(function: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        for item in items:
            looked.append(item)
            yield function(item)

    narrow = msgspec.structs.replace(synthetic.POST, where=Where(longest_s=100))
    recipe = msgspec.structs.replace(
        synthetic.recipe(synthetic.PRE, narrow), data=(recorded.data(demos), recorded.data(demos, stride=2))
    )
    own = RecipeData(recipe, recorded.form(), workers=0, mapper=counting)
    own.facts()
    for stage, times in ((0, 4), (1, 8)):
        with own.open(stage, start_step=0) as batches:
            assert len(next(batches)) == synthetic.PRE.batch
        assert len(looked) == times


@pytest.mark.expects_log("episodes cannot be read")
def test_damaged_recordings_are_left_out_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, _ = recorded.record(tmp_path / "demos", Plan(rows=20), Plan(rows=20, number=1))
    (tmp_path / "demos" / "episodes" / first / "zarr.json").write_text("{")
    (facts,) = material(tmp_path / "demos").facts()
    assert facts.episodes == 1
    assert f"demos: 1 episodes cannot be read and are left out, such as {first}" in caplog.text
