"""What the simulated world tells of a task, on the kitchen's real physics."""

from __future__ import annotations

import pytest

from app.evaluation.plan import PlanError
from app.evaluation.tasks import Tracker, check_of, judged_tasks
from drivers.profile import load_profile
from drivers.sim.direct import DirectRobot
from drivers.sim.kitchen.geometry import OBJECTS
from drivers.sim.operator import ScriptedOperator
from drivers.sim.operator.evaluate import kitchen_for

PROFILE = load_profile("sim-kitchen")


@pytest.mark.parametrize(
    "task", ["put the cup in the sink", "open the drawer", "close the drawer", "drive to the counter"]
)
@pytest.mark.timeout(180)
def test_whoever_does_a_task_reaches_its_parts_one_after_the_other_and_its_success(task: str) -> None:
    world = kitchen_for(PROFILE, task, seed=3)
    robot, operator = DirectRobot(world), ScriptedOperator(PROFILE, task, seed=3)
    truth, tracker = world.truth(), Tracker(check_of(PROFILE, task))
    assert not tracker.take(truth)
    assert not any(part.reached for part in tracker.milestones)
    order: list[str] = []
    looks_done = False
    while not operator.done:
        truth = robot.tick(operator.step(truth, following=True))
        looks_done = tracker.take(truth)
        order += [part.name for part in tracker.milestones if part.reached and part.name not in order]
    assert looks_done
    assert order == [name for name, _ in check_of(PROFILE, task).parts]


def test_a_kitchen_as_it_is_reset_has_no_task_done_but_for_those_that_are_prepared() -> None:
    for task in judged_tasks():
        check = check_of(PROFILE, task)
        world = kitchen_for(PROFILE, "open the drawer", seed=0)
        assert check.succeeded(world.truth()) == bool(check.prepare), task


def test_tidying_up_is_scored_by_every_object() -> None:
    names = [name for name, _ in check_of(PROFILE, "tidy up").parts]
    assert len(names) == 2 * len(OBJECTS)


def test_what_the_world_cannot_judge_is_refused_with_what_it_can() -> None:
    with pytest.raises(
        PlanError, match=r"cannot judge 'warm up'; judge it by hand, or choose one of: .*tidy up"
    ):
        check_of(PROFILE, "warm up")
