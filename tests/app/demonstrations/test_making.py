"""A demonstration is an episode like any other, true to what was asked for and sent, and the same for the same seed."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from app.demonstrations.crew import make_all
from app.demonstrations.making import Made, clear_away, made_already, make
from app.demonstrations.performing import Performance, Turn
from app.demonstrations.pictures import Pictures
from app.demonstrations.plan import Demonstration, NothingToShow, demonstration
from app.demonstrations.recording import RunWriter
from app.demonstrations.starts import Kind, begin
from drivers.profile import RobotProfile, load_profile
from drivers.sim.world import WorldError
from recordings import ActionSource, Dataset, Episode, Outcome

PROFILE: RobotProfile = load_profile("sim-kitchen")


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return Dataset.open(tmp_path / "demos", create=True)


def shown(words: str, *, seed: int = 4, dart: bool = False, kind: Kind = Kind.PLAIN) -> Demonstration:
    return Demonstration(
        seed=seed, task=words, subtask=words, kind=kind, dart=dart, pace=1.0, plain_look=False
    )


def made(dataset: Dataset, one: Demonstration, cameras: tuple[str, ...] = ()) -> tuple[Made, Episode]:
    pictures = Pictures(cameras)
    try:
        result = make(PROFILE, dataset, pictures, one)
    finally:
        pictures.close()
    return result, dataset.episode(result.episode_id)


def test_it_is_an_episode_with_pictures_subtask_outcome_and_seed(dataset: Dataset) -> None:
    result, episode = made(dataset, shown("raise the lift"), ("front", "right_wrist"))
    assert result.succeeded
    info = episode.info
    assert info.complete
    assert info.outcome is Outcome.SUCCESS
    assert set(info.tags) == {"demonstration", "seed:4", "subtask"}
    assert episode.subtasks == ("raise the lift",)
    assert set(episode.action.subtask.tolist()) == {0}
    assert set(episode.action.source.tolist()) == {ActionSource.TELEOP}
    assert episode.attributes.vector_names == PROFILE.vector_names
    front = episode.camera("front")
    assert front.frame(0).shape == (240, 320, 3)
    assert episode.camera("right_wrist").frame(0).shape == (128, 128, 3)
    ages_ns = episode.state.time_ns[::5][: len(front)] - front.time_ns
    assert len(set(ages_ns.tolist())) == 1
    assert 20_000_000 <= ages_ns[0] <= 60_000_000
    assert episode.simulation is not None
    assert np.array_equal(episode.simulation.time_ns, front.time_ns)


def test_it_ends_with_the_robot_standing_still(dataset: Dataset) -> None:
    _, episode = made(dataset, shown("lower the lift"))
    last = episode.action.sent[-25:]
    assert np.ptp(last, axis=0).max() < 1e-3


def test_a_disturbed_one_keeps_the_clean_command_as_what_was_requested(dataset: Dataset) -> None:
    clean = made(dataset, shown("go to the cup"))[1]
    result, episode = made(dataset, shown("go to the cup", dart=True))
    assert result.succeeded
    assert "dart" in episode.info.tags
    apart = np.abs(episode.action.sent - episode.action.requested)
    assert apart[:, 14:17].max() > 0.01
    assert np.abs(clean.action.sent - clean.action.requested)[:, 14:16].max() < 0.02


def test_the_same_seed_gives_the_same_states_and_actions(dataset: Dataset) -> None:
    episodes = [made(dataset, shown("take the handle", dart=True))[1] for _ in range(2)]
    assert np.array_equal(episodes[0].state.position, episodes[1].state.position)
    assert np.array_equal(episodes[0].action.sent, episodes[1].action.sent)


def test_one_whose_physics_comes_apart_is_one_that_failed(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(5))
    follow = Performance.follow

    def come_apart(performance: Performance, turn: Turn) -> None:
        if next(ticks, None) is None:
            raise WorldError("the physics came apart at 0.100 s")
        follow(performance, turn)

    monkeypatch.setattr(Performance, "follow", come_apart)
    result, episode = made(dataset, shown("raise the lift"))
    assert (result.succeeded, result.gave_up) == (False, "the physics came apart at 0.100 s")
    assert (episode.info.complete, episode.info.outcome) == (True, Outcome.FAILURE)
    assert len(episode.action.sent) == 5


def test_several_processes_make_the_same_and_what_is_there_is_known(tmp_path: Path, dataset: Dataset) -> None:
    several = [shown("raise the lift", seed=seed) for seed in (1, 2, 3)]
    done = list(make_all("sim-kitchen", dataset.path, (), several, jobs=2))
    assert sorted(one.shown.seed for one in done) == [1, 2, 3]
    there = made_already(dataset)
    assert set(there) == {1, 2, 3}
    alone = Dataset.open(tmp_path / "alone", create=True)
    _, episode = made(alone, several[1])
    assert np.array_equal(episode.action.sent, dataset.episode(there[2].id).action.sent)


def test_one_that_was_cut_off_goes_to_the_trash_and_is_made_again(tmp_path: Path, dataset: Dataset) -> None:
    robot, pictures = begin(PROFILE, "raise the lift", seed=0), Pictures(())
    tags = ("demonstration", "seed:0")
    writer = RunWriter(dataset, robot, pictures, task="raise the lift", operator="x", tags=tags)
    writer.see()
    robot.follow(robot.requested)
    writer.keep("raise the lift")
    killed = Dataset.open(tmp_path / "killed", create=True)  # as it was at this moment
    shutil.copytree(
        dataset.path / "episodes" / writer.episode_id, killed.path / "episodes" / writer.episode_id
    )
    writer.close(Outcome.SUCCESS)
    assert set(made_already(dataset)) == {0}
    assert made_already(killed) == {}
    assert clear_away(killed) == 1
    assert killed.episodes() == []


def test_a_seed_shows_the_same_however_many_there_are_and_never_one_of_the_trials() -> None:
    assert demonstration(17) == demonstration(17)
    assert demonstration(17, subtasks=["raise the lift"]).subtask == "raise the lift"
    assert demonstration(17, tasks=["open the drawer"]).subtask == ""
    with pytest.raises(NothingToShow, match="seed 1000000"):
        demonstration(1_000_000)
    with pytest.raises(NothingToShow, match="no subtask 'fly'"):
        demonstration(0, subtasks=["fly"])
