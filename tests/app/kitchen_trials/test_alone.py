"""A whole task, with each variant of who names its subtasks."""

from __future__ import annotations

import pytest

from app.autonomy.choice import PolicyChoice, PolicyKind
from app.kitchen_trials.alone import EVERYTHING, VARIANTS, limit_of, run_alone
from app.kitchen_trials.subject import Subject
from drivers.profile import RobotProfile, load_profile

PROFILE: RobotProfile = load_profile("sim-kitchen")
TASK = "drive to the counter"

pytestmark = pytest.mark.timeout(240)


@pytest.mark.parametrize("variant", list(VARIANTS))
def test_a_task_is_done_whoever_names_its_subtasks(variant: str) -> None:
    subject = Subject(PolicyChoice(kind=PolicyKind.SCRIPTED), PROFILE)
    trial = run_alone(PROFILE, subject, None, TASK, seed=0, variant=variant)
    assert trial.succeeded
    assert trial.subtasks == (TASK,)
    assert (trial.variant, trial.in_sink, trial.trouble) == (variant, (), "")


def test_no_task_has_less_time_than_one_that_is_a_part_of_it() -> None:
    assert limit_of("tidy up") >= limit_of(EVERYTHING) > limit_of(TASK)


def test_a_task_that_the_low_level_does_not_understand_ends_with_its_words() -> None:
    subject = Subject(PolicyChoice(kind=PolicyKind.SCRIPTED), PROFILE)
    trial = run_alone(PROFILE, subject, None, "put everything in the sink", seed=0, variant="implicit")
    assert not trial.succeeded
    assert "put everything in the sink" in trial.trouble
    assert trial.simulated_s < 1.0
