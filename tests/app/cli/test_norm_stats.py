"""`understudy norm-stats` on real recordings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli.main import main
from policy.transforms.norm_stats import load_norm_stats
from recordings import Outcome
from tests.policy.training.recorded import Plan, record

RECIPE = """
name = "r"
[model]
preset = "pi05-small"
[[data]]
dataset = "demos"
source = "MM"
where = { outcome = ["success"] }
[[stage]]
name = "all"
steps = 1
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    record(tmp_path / "demos", Plan(rows=40), Plan(rows=40, outcome=Outcome.FAILURE))
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE)
    return path


def test_prints_the_spread_of_each_number_and_what_is_left_out(
    recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["norm-stats", str(recipe)]) == 0
    said = capsys.readouterr().out
    assert "demos: 1 of 2 episodes; left out: 1 judged failure" in said
    assert "two-joints: 1 episodes, 8 states, " in said
    (line,) = (line for line in said.splitlines() if line.startswith("shoulder"))
    assert line.split()[:2] == ["shoulder", "rad"]
    assert line.endswith("relative")


def test_writes_what_other_trainers_read(recipe: Path, tmp_path: Path) -> None:
    assert (
        main(["norm-stats", str(recipe), "--into", str(tmp_path / "assets"), "--json", str(tmp_path / "j")])
        == 0
    )
    stats = load_norm_stats(tmp_path / "assets", "two-joints")
    told = json.loads((tmp_path / "j").read_text())
    assert told["left_out"] == {"demos": {"judged failure": 1}}
    assert told["robots"]["two-joints"]["state"]["mean"] == stats["state"].mean.tolist()


def test_processes_of_this_machine_and_a_cluster_at_once_make_no_sense(
    recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["norm-stats", str(recipe), "--jobs", "2", "--scheduler", "tcp://x:1"]) == 2
    assert "give one of them" in capsys.readouterr().err
