"""What is recorded of a policy at work: the operator's way on from where it got to, and what it did when told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from app.autonomy.choice import PolicyChoice, PolicyKind
from app.cli.main import main
from app.kitchen_trials.dagger import KEPT, visited
from app.kitchen_trials.judging import check_of
from app.kitchen_trials.subject import Subject
from drivers.profile import RobotProfile, load_profile
from recordings import ActionSource, Dataset, Outcome

PROFILE: RobotProfile = load_profile("sim-kitchen")
SCRIPTED = PolicyChoice(kind=PolicyKind.SCRIPTED)
LIFT = "raise the lift"

pytestmark = pytest.mark.timeout(240)


def test_states_are_kept_from_before_the_subtask_is_done() -> None:
    starts = visited(PROFILE, Subject(SCRIPTED, PROFILE), None, LIFT, seed=1)
    assert 1 <= len(starts) <= KEPT
    truths = [start.robot(PROFILE).world.truth() for start in starts]
    assert not any(check_of(LIFT)(truth) for truth in truths)
    lifts = [truth.lift_m for truth in truths]
    assert lifts == sorted(lifts)
    assert all(start.sent.shape == (PROFILE.dof,) for start in starts)


def test_the_operator_goes_on_from_where_the_policy_got_to(tmp_path: Path) -> None:
    out = tmp_path / "made.json"
    asked = ["rollouts", "dagger", "--policy", "scripted", "--into", str(tmp_path / "dagger"), "--runs", "1"]
    assert main([*asked, "--subtask", LIFT, "--cameras", "none", "--json", str(out)]) == 0
    episodes = json.loads(out.read_text())["episodes"]
    assert episodes
    assert all(one["succeeded"] for one in episodes)
    dataset = Dataset.open(tmp_path / "dagger")
    seeds = []
    for info in dataset.episodes():
        assert {"dagger", "from:500000"} <= set(info.tags)
        assert info.outcome is Outcome.SUCCESS
        episode = dataset.episode(info.id)
        assert set(np.unique(episode.action.source[:]).tolist()) == {ActionSource.TELEOP}
        seeds += [event.data["seed"] for event in episode.events if event.kind == "demonstration"]
    assert len(set(seeds)) == len(episodes)  # another eye, pace and light for each


def test_what_a_policy_does_when_told_is_recorded_with_the_words(tmp_path: Path) -> None:
    asked = ["rollouts", "verbal", "--policy", "scripted", "--into", str(tmp_path / "verbal"), "--runs", "1"]
    assert main([*asked, "--task", "drive to the counter", "--cameras", "front"]) == 0
    dataset = Dataset.open(tmp_path / "verbal")
    (info,) = dataset.episodes()
    assert info.outcome is Outcome.SUCCESS
    assert "verbal" in info.tags
    episode = dataset.episode(info.id)
    assert set(np.unique(episode.action.source[:]).tolist()) == {ActionSource.VERBAL}
    assert episode.subtasks == ("drive to the counter",)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["dagger", "--seed", "1000000"], "are for trials"),
        (["dagger", "--seed", "-4"], "seeds -4 to 15: they are from 0 on"),
        (["dagger", "--subtask", "fold the towel"], "cannot tell whether 'fold the towel' is done"),
        (["verbal", "--task", "warm up"], "no task 'warm up'"),
    ],
)
def test_what_cannot_be_recorded_is_said(
    asked: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rollouts", *asked, "--policy", "scripted", "--into", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err
