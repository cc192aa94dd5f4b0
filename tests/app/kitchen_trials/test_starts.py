"""Each trial starts from another kitchen, in which what is told can be begun."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.demonstrations.starts import NoStart, begin
from app.kitchen_trials.judging import check_of, in_reach
from app.kitchen_trials.starts import alone_start, told_start
from app.kitchen_trials.told import JUDGED
from drivers.profile import RobotProfile, load_profile
from drivers.sim.direct import DirectRobot
from drivers.sim.evaluate import in_sink
from drivers.sim.kitchen.geometry import OBJECTS
from drivers.sim.operator.places import COUNTER_LIFT_M, HAND_Y_M, held, standing_x_m

PROFILE: RobotProfile = load_profile("sim-kitchen")

pytestmark = pytest.mark.timeout(240)


def test_where_one_kitchen_will_not_do_another_is_drawn_and_at_last_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seeds: list[int] = []

    def unfit(profile: RobotProfile, subtask: str, *, seed: int) -> DirectRobot:
        seeds.append(seed)
        if len(seeds) == 2:
            return begin(profile, subtask, seed=seed)
        raise NoStart(f"none from seed {seed}")

    monkeypatch.setattr("app.kitchen_trials.starts.begin", unfit)
    told_start(PROFILE, "raise the lift", seed=1_000_007)
    assert seeds == [1_000_007, 101_000_007]
    with pytest.raises(NoStart, match="none from seed 301000007"):
        told_start(PROFILE, "raise the lift", seed=1_000_007)
    assert len(seeds) == 6


def test_base_and_lift_stand_off_their_places_by_centimetres_and_degrees() -> None:
    off, turned, lifts = [], [], []
    for seed in range(12):
        truth = told_start(PROFILE, "pick up the sponge", seed=seed).world.truth()
        y_m = float(truth.objects["sponge"][1]) - HAND_Y_M
        off.append((truth.base_pose[0] - standing_x_m("sponge"), truth.base_pose[1] - y_m))
        turned.append(math.degrees(truth.base_pose[2]))
        lifts.append(truth.lift_m - COUNTER_LIFT_M)
    assert np.abs(off).max() > 0.025
    assert np.ptp(turned) > 3.0
    assert np.ptp(lifts) > 0.03


@pytest.mark.parametrize("words", [words for words in JUDGED if not words.startswith("put ")])
def test_nothing_that_is_told_is_done_already(words: str) -> None:
    for seed in range(3):
        assert not check_of(words)(told_start(PROFILE, words, seed=seed).world.truth())


def test_what_is_to_be_put_down_is_in_the_hand() -> None:
    truth = told_start(PROFILE, "put the cup in the sink", seed=3).world.truth()
    assert held(truth) == "cup"


def test_the_same_seed_gives_the_same_kitchen() -> None:
    one, other, third = (
        told_start(PROFILE, "open the drawer", seed=seed).world.integration_state() for seed in (4, 4, 5)
    )
    np.testing.assert_array_equal(one, other)
    assert np.abs(one - third).max() > 0.01


def test_the_named_object_is_in_reach_where_it_is_to_be_picked_up() -> None:
    for seed in range(6):
        assert "plate" in in_reach(PROFILE, told_start(PROFILE, "pick up the plate", seed=seed).world.truth())
    assert in_reach(PROFILE, told_start(PROFILE, "drive to the counter", seed=0).world.truth()) == ()


def test_a_task_begins_with_everything_on_the_counter_and_the_robot_back_from_it() -> None:
    starts = [
        alone_start(PROFILE, "put everything in the sink", seed=seed).world.truth() for seed in range(6)
    ]
    for truth in starts:
        assert not any(in_sink(truth, name) for name in OBJECTS)
        assert in_reach(PROFILE, truth) == ()
    assert np.ptp([truth.base_pose[1] for truth in starts]) > 0.03
    assert np.ptp([truth.lift_m for truth in starts]) > 0.03
    assert alone_start(PROFILE, "close the drawer", seed=0).world.truth().drawer_m > 0.19
