"""`understudy demos`: what it plans, makes, prints and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli import demos
from app.cli.main import main
from app.demonstrations.pictures import VIEWS, Pictures
from app.demonstrations.recording import RunWriter
from app.demonstrations.starts import begin
from drivers.profile import load_profile
from recordings import Dataset, Outcome

RAISE = ("--subtask", "raise the lift", "--cameras", "none")


def test_the_cameras_are_those_that_can_be_drawn() -> None:
    assert tuple(VIEWS) == demos.CAMERAS


def test_what_is_missing_is_made_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    into, report = tmp_path / "demos", tmp_path / "report.json"
    assert main(["demos", "--episodes", "1", "--into", str(into), *RAISE]) == 0
    assert main(["demos", "--episodes", "2", "--into", str(into), *RAISE, "--json", str(report)]) == 0
    assert len(Dataset.open(into).episodes()) == 2
    assert "1 are there already" in capsys.readouterr().out
    assert json.loads(report.read_text())["figures"]["succeeded"] == 1


def test_a_seed_that_shows_something_else_there_already_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    into = ("--episodes", "1", "--into", str(tmp_path / "demos"), "--cameras", "none")
    assert main(["demos", *into, "--subtask", "lower the lift"]) == 0
    assert main(["demos", *into, "--subtask", "raise the lift"]) == 2
    assert "shows 'lower the lift', not 'raise the lift'; begin at another --seed" in capsys.readouterr().err
    assert len(Dataset.open(tmp_path / "demos").episodes()) == 1


def test_what_failed_before_counts_as_well(tmp_path: Path) -> None:
    asked = ["demos", "--episodes", "1", "--into", str(tmp_path / "demos"), *RAISE]
    assert main(asked) == 0
    dataset = Dataset.open(tmp_path / "demos")
    dataset.set_outcome(dataset.episodes()[0].id, Outcome.FAILURE)
    assert main(asked) == 1


def test_a_subtask_is_not_taken_for_the_whole_task_of_the_same_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    robot = begin(load_profile("sim-kitchen"), "raise the lift", seed=0)
    tags = ("demonstration", "seed:0", "subtask")
    writer = RunWriter(
        Dataset.open(tmp_path, create=True),
        robot,
        Pictures(()),
        task="open the drawer",
        operator="x",
        tags=tags,
    )
    writer.see()
    robot.follow(robot.requested)
    writer.keep("open the drawer")
    writer.close(Outcome.SUCCESS)
    asked = ["demos", "--episodes", "1", "--into", str(tmp_path), "--cameras", "none"]
    assert main([*asked, "--task", "open the drawer"]) == 2
    assert "shows 'open the drawer', not the whole of 'open the drawer'" in capsys.readouterr().err
    assert main([*asked, "--subtask", "open the drawer"]) == 0
    assert "1 are there already" in capsys.readouterr().out


def test_a_camera_that_there_is_not_is_refused_whatever_the_number_of_jobs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["demos", "--episodes", "2", "--into", str(tmp_path / "demos"), "--cameras", "font"]
    assert main([*asked, "--jobs", "2"]) == 2
    assert "no camera 'font'; there are: front" in capsys.readouterr().err


def test_the_plan_tells_how_often_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demos", "--episodes", "200", "--plan"]) == 0
    told = capsys.readouterr().out
    assert "pick up the cup" in told
    assert "200 in all" in told


def test_without_a_place_for_them_nothing_is_made(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demos", "--episodes", "1"]) == 2
    assert "--into" in capsys.readouterr().err


def test_a_subtask_that_cannot_be_shown_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demos", "--episodes", "1", "--plan", "--subtask", "fly"]) == 1
    assert "no subtask 'fly'" in capsys.readouterr().err
