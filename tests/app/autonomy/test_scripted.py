"""The scripted policy does the kitchen's tasks by chunks that are made half a second ahead and never jump."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.autonomy.scripted import HORIZON, FinalChunk, ScriptedPolicy
from drivers.profile import RobotProfile, load_profile
from drivers.sim.operator.evaluate import kitchen_for
from drivers.sim.operator.subtasks import SUBTASKS
from drivers.sim.operator.whats_next import next_subtask
from drivers.sim.world import KitchenWorld
from policy.types import Committed, RequestError
from tests.app.autonomy.playing import Player

pytestmark = pytest.mark.timeout(240)

PROFILE: RobotProfile = load_profile("sim-kitchen")
ARMS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12]
BASE = [14, 15, 16]


@pytest.fixture
def player() -> Player:
    return Player(PROFILE, KitchenWorld(PROFILE, seed=3), seed=3)


@pytest.mark.parametrize(
    ("task", "subtasks"),
    [
        (
            "put the cup in the sink",
            ["go to the cup", "pick up the cup", "carry the cup to the sink", "put the cup in the sink"],
        ),
        (
            "close the drawer",
            ["go to the drawer", "take the handle", "close the drawer", "let go of the handle"],
        ),
    ],
)
def test_a_task_is_done_subtask_by_subtask_as_the_world_asks_for_them(task: str, subtasks: list[str]) -> None:
    player = Player(PROFILE, kitchen_for(PROFILE, task, seed=4), seed=4)
    while (step := next_subtask(player.truth, task)) and len(player.subtasks) < 8:
        chunk = player.do(step)
        assert chunk is not None
        assert chunk.gave_up == ""
        succeeded = SUBTASKS[step].succeeded
        assert succeeded is not None
        assert succeeded(player.truth), step
    assert player.subtasks == subtasks
    assert next_subtask(player.truth, task) == ""


def test_no_hand_over_is_a_jump(player: Player) -> None:
    player.do("go to the cup")
    player.do("pick up the cup")
    rows = np.array(player.rows)
    assert np.abs(np.diff(rows[:, ARMS], axis=0)).max() < 1.2 * 0.02
    assert np.abs(np.diff(rows[:, BASE[:2]], axis=0)).max() <= 1.0 * 0.02 + 1e-9


def test_a_new_subtask_in_the_midst_of_another_begins_from_what_is_committed(player: Player) -> None:
    first = player.policy.actions(player.observe(), "go to the cup")
    for row in first.actions[:20]:
        player.tick(row)
    plan = first.actions[20:]
    second = player.policy.actions(
        player.observe(), "lower the lift", committed=Committed(plan[:5], frozen=5)
    )
    np.testing.assert_allclose(second.actions[:5], plan[:5])
    assert np.abs(second.actions[5, ARMS] - second.actions[4, ARMS]).max() < 1.2 * 0.02


def test_a_chunk_whose_next_is_late_comes_to_rest(player: Player) -> None:
    chunk = player.policy.actions(player.observe(), "drive to the counter")
    speeds = np.diff(chunk.actions, axis=0)
    assert np.abs(speeds[:30]).max() > 1e-3
    assert np.abs(speeds[-1]).max() < 1e-9
    assert np.abs(chunk.actions[-1, BASE]).max() == 0.0


def test_a_late_chunk_is_gone_on_with_from_where_the_last_came_to_rest() -> None:
    """Half a second late, every time; and still the cup is taken and put away."""
    player = Player(PROFILE, KitchenWorld(PROFILE, seed=5), seed=5, latency=22)
    for step in ("go to the cup", "pick up the cup", "carry the cup to the sink", "put the cup in the sink"):
        chunk = player.do(step, most_s=90.0)
        assert chunk is not None
        assert chunk.gave_up == ""
    assert next_subtask(player.truth, "put the cup in the sink") == ""
    assert np.abs(np.diff(np.array(player.rows)[:, ARMS], axis=0)).max() < 0.035


def test_what_cannot_be_done_ends_with_the_reason(player: Player) -> None:
    chunk = player.policy.actions(player.observe(), "carry the cup to the sink")
    assert isinstance(chunk, FinalChunk)
    assert chunk.gave_up == "the cup is not in the hand; pick up the cup first"
    assert chunk.actions.shape == (HORIZON, PROFILE.dof)
    np.testing.assert_allclose(chunk.actions, chunk.actions[:1] + np.zeros((HORIZON, 1)), atol=1e-9)


def test_what_is_held_stays_held_between_subtasks(player: Player) -> None:
    for step in ("go to the sponge", "pick up the sponge"):
        player.do(step)
    for policy in (player.policy, ScriptedPolicy(PROFILE, player.see)):
        chunk = policy.actions(player.observe(), "carry the sponge to the sink")
        assert player.observe().state[13] > 0.1  # what is between the fingers
        assert chunk.actions[:, 13].max() < 0.05


def test_the_same_world_and_seed_lead_to_the_same_actions(player: Player) -> None:
    ask = player.observe()
    one, other = (ScriptedPolicy(PROFILE, player.see, seed=7).actions(ask, "go to the cup") for _ in range(2))
    np.testing.assert_array_equal(one.actions, other.actions)


@pytest.mark.parametrize("said", ["pick up the cap", "put cup in sink"])
def test_an_unknown_subtask_names_those_that_are_near(player: Player, said: str) -> None:
    with pytest.raises(RequestError, match=r"did you mean '[a-z ]*(cup|cap) ?[a-z ]*'"):
        player.policy.actions(player.observe(), said)


def test_the_high_level_names_what_comes_next(player: Player) -> None:
    ask = player.observe()
    assert player.policy.subtask(ask, "put the cup in the sink").text == "go to the cup"
    allowed = [words for words in SUBTASKS if words != "go to the plate"]
    assert player.policy.subtask(ask, "tidy up", allowed=allowed).text == "go to the cup"
    with pytest.raises(RequestError, match="'go to the cup' next, which is not among what is allowed now"):
        player.policy.subtask(ask, "put the cup in the sink", allowed=["open the drawer"])
    with pytest.raises(RequestError, match="did you mean 'tidy up'"):
        player.policy.subtask(ask, "tidy it up")


def test_a_request_that_makes_no_sense_is_refused(player: Player) -> None:
    ask = player.observe()
    blind = ask.state.copy()
    blind[17] = np.nan
    with pytest.raises(RequestError, match="not finite at lift"):
        player.policy.actions(replace(ask, state=blind), "go to the cup")
    with pytest.raises(RequestError, match="frozen"):
        player.policy.actions(ask, "go to the cup", committed=Committed(np.zeros((2, 18)), frozen=3))
    with pytest.raises(RequestError, match="noise"):
        player.policy.actions(ask, "go to the cup", noise=np.zeros((50, 18), np.float32))
