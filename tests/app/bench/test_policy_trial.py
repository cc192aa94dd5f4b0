"""The scripted policy's chunks do tasks through drivers, player, filter, lines and servos, in lock step."""

from __future__ import annotations

import pytest

from app.autonomy.choice import HighLevel
from app.bench.policy_trial import run_policy_trial
from drivers.profile import RobotProfile, load_profile

pytestmark = pytest.mark.timeout(300)

PROFILE: RobotProfile = load_profile("sim-kitchen")


def test_alone_it_puts_the_cup_away() -> None:
    trial = run_policy_trial(PROFILE, "put the cup in the sink", seed=21)
    assert trial.succeeded, trial
    assert trial.wrong == ""
    assert trial.late == 0
    assert trial.subtasks == (
        ("go to the cup", True),
        ("pick up the cup", True),
        ("carry the cup to the sink", True),
        ("put the cup in the sink", True),
    )


@pytest.mark.parametrize(
    ("variant", "speed", "making_ticks"),
    [(HighLevel.IMPLICIT, 1.0, 3), (HighLevel.MODEL, 0.4, 3), (HighLevel.MODEL, 1.0, 15)],
)
def test_by_itself_slowed_down_and_with_slow_chunks_it_gets_to_the_counter(
    variant: HighLevel, speed: float, making_ticks: int
) -> None:
    trial = run_policy_trial(
        PROFILE, "drive to the counter", seed=3, variant=variant, speed=speed, making_ticks=making_ticks
    )
    assert trial.succeeded, trial
    assert trial.wrong == ""
    assert trial.late == 0


def test_chunks_that_come_too_late_end_in_a_hold() -> None:
    trial = run_policy_trial(PROFILE, "drive to the counter", seed=3, making_ticks=120)
    assert not trial.succeeded
    assert "the policy sends no more actions" in trial.wrong or "too slow" in trial.wrong
