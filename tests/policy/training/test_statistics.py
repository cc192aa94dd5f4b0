"""Statistics of recordings: the same numbers wherever they are counted."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from policy.training.data.index import index_dataset
from policy.training.data.reader import SampleReader
from policy.training.mappers import NoCluster, mapper_of
from policy.training.statistics import BLOCK, MIN_RANGE, Counted, relative_chunks, statistics_of
from recordings import ActionSource
from tests.policy.training.recorded import CUP, LID, Plan, data, form, position, record, sent

HORIZON = 10
TELEOP = ActionSource.TELEOP
PLANS = [
    Plan(rows=40, number=number / 10, spells=((0, CUP, TELEOP), (25, LID, TELEOP))) for number in range(5)
]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    record(folder, *PLANS, Plan(rows=30, robot="other"))
    return folder


def reader_of(folder: Path, **changes: object) -> SampleReader:
    return SampleReader(index_dataset(data(folder, **changes), form()), form())


def counted(reader: SampleReader, **where: object) -> Mapping[str, Counted]:
    with mapper_of(**where) as mapper:  # type: ignore[arg-type]
        return statistics_of([reader], horizon=HORIZON, mapper=mapper)


def test_they_are_those_of_all_states_and_of_all_steps_of_all_chunks_relative_to_their_state(
    recorded: Path,
) -> None:
    found = counted(reader_of(recorded))["two-joints"]
    states = np.array([position(plan, row) for plan in PLANS for row in range(40)], np.float64)
    steps = [
        sent(plan, step).astype(np.float64) - np.array([1.0, 0, 0]) * position(plan, row)
        for plan in PLANS
        for row in range(40)
        for step in range(row, min(row + HORIZON, 25 if row < 25 else 40))
    ]
    assert (found.episodes, found.state.count, found.actions.count) == (5, 200, len(steps))
    stats = found.statistics()
    np.testing.assert_allclose(stats["state"].mean, states.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(stats["actions"].mean, np.mean(steps, axis=0), rtol=1e-12)
    np.testing.assert_allclose(stats["actions"].std[:2], np.std(steps, axis=0)[:2], rtol=1e-9)
    low, high = stats["actions"].quantiles("actions")
    np.testing.assert_allclose(low[:2], np.quantile(steps, 0.01, axis=0)[:2], atol=0.01)
    np.testing.assert_allclose(high[:2], np.quantile(steps, 0.99, axis=0)[:2], atol=0.01)
    assert high[2] - low[2] == pytest.approx(MIN_RANGE), "what never moves is widened"


def test_robots_are_counted_apart(recorded: Path) -> None:
    found = counted(reader_of(recorded))
    assert {name: one.episodes for name, one in found.items()} == {"two-joints": 5, "other": 1}


def test_what_is_not_imitated_counts_as_state_alone(recorded: Path) -> None:
    found = counted(reader_of(recorded, level=("high",)))["other"]
    assert found.state.count == 30
    assert found.actions.count == 0


def test_several_processes_find_the_same_to_the_last_bit(tmp_path: Path) -> None:
    record(tmp_path, *[Plan(rows=12, number=number / 7) for number in range(BLOCK + 3)])
    reader = reader_of(tmp_path)
    here, there = (
        counted(reader)["two-joints"].statistics(),
        counted(reader, jobs=2)["two-joints"].statistics(),
    )
    for name in ("state", "actions"):
        for item in ("mean", "std", "q01", "q99"):
            np.testing.assert_array_equal(getattr(here[name], item), getattr(there[name], item))


@pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="the package distributed is optional"
)
def test_a_cluster_finds_the_same_to_the_last_bit(recorded: Path) -> None:
    command = [sys.executable, "-m", "tests.policy.training.counts_on_a_cluster", str(recorded)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "the same: two-joints, other\n"


def test_without_the_package_a_cluster_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(NoCluster, match=r"pip install 'understudy\[cluster\]'"),
        mapper_of(scheduler="tcp://x:1"),
    ):
        pass


def test_a_cluster_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nobody:
        def __init__(self, address: str, **_: object) -> None:
            raise OSError(f"Timed out trying to connect to {address}")

    class Module:
        Client = Nobody

    monkeypatch.setitem(sys.modules, "distributed", Module)
    with (
        pytest.raises(NoCluster, match="no Dask scheduler answers at tcp://x:1: Timed out"),
        mapper_of(scheduler="tcp://x:1"),
    ):
        pass


def test_chunks_for_an_action_tokenizer_are_whole_and_relative(recorded: Path) -> None:
    reader = reader_of(recorded)
    chunks = relative_chunks(reader, "two-joints", horizon=HORIZON, most=1000, seed=0)
    assert chunks.shape == (5 * (16 + 6), HORIZON, 3)
    # Every row of the shoulder goes 0.01 on, from 0.5 beyond the state.
    np.testing.assert_allclose(
        chunks[:, :, 0], np.tile(0.5 + np.arange(HORIZON) / 100, (len(chunks), 1)), atol=1e-5
    )
    few = relative_chunks(reader, "two-joints", horizon=HORIZON, most=7, seed=0)
    np.testing.assert_array_equal(few, relative_chunks(reader, "two-joints", horizon=HORIZON, most=7, seed=0))
    assert len(few) == 7
    assert relative_chunks(reader, "nobody's", horizon=HORIZON, most=7, seed=0).shape[0] == 0
