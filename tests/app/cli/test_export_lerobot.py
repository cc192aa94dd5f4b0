"""`understudy data export lerobot` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli.main import main
from recordings import Dataset, Outcome
from recordings.lerobot import REPORT
from tests.support.episodes import record_episode


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    dataset = Dataset.open(tmp_path / "data", create=True)
    record_episode(dataset, task="wipe the counter")
    record_episode(dataset, outcome=Outcome.FAILURE)
    return dataset


def run(dataset: Dataset, target: Path, *more: str) -> int:
    return main(["data", "export", "lerobot", str(dataset.path), str(target), *more])


def test_says_what_is_in_it_and_what_is_not(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(dataset, tmp_path / "out") == 0
    said = capsys.readouterr().out
    assert "2 episodes, 20 rows (stored frames of front), 25 a second, LeRobot v3.0" in said
    assert "not held by the format: 20 action rows between frames, 40 effort rows" in said
    assert (tmp_path / "out" / REPORT).is_file()


def test_takes_one_episode_or_those_of_an_outcome(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (info.id for info in dataset.episodes())
    assert run(dataset, tmp_path / "one", "--episode", "last") == 0
    assert run(dataset, tmp_path / "good", "--only", "success", "--json", str(tmp_path / "good.json")) == 0
    assert "left out by choice of the outcome: 1 episodes" in capsys.readouterr().out
    assert [one["id"] for one in json.loads((tmp_path / "one" / REPORT).read_text())["episodes"]] == [second]
    assert [one["id"] for one in json.loads((tmp_path / "good.json").read_text())["episodes"]] == [first]


def test_an_episode_that_had_to_be_left_out_is_a_problem(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = dataset.episodes()[1]
    (damaged.path / "zarr.json").write_text("{ torn")
    assert run(dataset, tmp_path / "out") == 1
    assert f"left out: {damaged.id}: unreadable" in capsys.readouterr().out


def test_refuses_a_folder_with_something_in_it_and_resumes_when_told(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(dataset, tmp_path / "out") == 0
    assert run(dataset, tmp_path / "out") == 1
    assert "is not empty; choose a new or empty folder" in capsys.readouterr().err
    assert run(dataset, tmp_path / "out", "--resume") == 0
    assert "2 episodes, 20 rows" in capsys.readouterr().out


def test_progress_is_told_line_by_line_on_request(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.cli.progress.SILENT_S", 0.0)
    monkeypatch.setattr("app.cli.progress.LINE_S", 0.0)
    assert run(dataset, tmp_path / "out", "--progress") == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1].startswith("exporting: 100 of 100 %  episode 2 of 2, 20 pictures")


def test_a_rate_that_is_none_is_refused(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        run(dataset, tmp_path / "out", "--fps", "0")
