"""Each subtask does what its words say from wherever the robot stands, or says what has to be done first."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from drivers.profile import RobotProfile, load_profile
from drivers.sim.direct import DirectRobot
from drivers.sim.evaluate import in_sink
from drivers.sim.kitchen.geometry import OBJECTS
from drivers.sim.kitchen.placement import upright_pose
from drivers.sim.operator import scripts
from drivers.sim.operator.body import Body
from drivers.sim.operator.motions import GaveUpError
from drivers.sim.operator.places import FOLDED_ELBOW_RAD, RETREAT_X_M, SIDE, holds, is_folded
from drivers.sim.operator.subtasks import SUBTASKS
from drivers.sim.operator.whats_next import next_subtask, tasks
from drivers.sim.world import KitchenWorld

pytestmark = pytest.mark.timeout(240)

PROFILE: RobotProfile = load_profile("sim-kitchen")
LONGEST_TICKS = 3000


class Operator:
    """A person at the leaders who does what they are told, and a robot that follows."""

    def __init__(self, seed: int = 3) -> None:
        self.world = KitchenWorld(PROFILE, seed=seed)
        self.robot = DirectRobot(self.world)
        self.body = Body(PROFILE, np.random.default_rng(seed), self.world.truth())

    def do(self, words: str, *, ticks: int = LONGEST_TICKS) -> bool:
        """Whether it ended within so many ticks."""
        return any(left == 0 for left in self._ticks(words, ticks)) or self._ended

    def _ticks(self, words: str, ticks: int) -> Iterator[int]:
        self._ended = False
        motion = SUBTASKS[words].motion(self.body)
        for _ in range(ticks):
            self.body.truth = self.world.truth()
            if next(motion, "ended") == "ended":
                self._ended = True
                self.body.release_pedals()
                return
            self.robot.tick(self.body.hands())
            yield 1

    def has_done(self, words: str) -> bool:
        succeeded = SUBTASKS[words].succeeded
        return succeeded is None or succeeded(self.world.truth())


@pytest.fixture
def operator() -> Operator:
    return Operator()


def test_the_words_of_one_another_are_all_there() -> None:
    assert len(SUBTASKS) == 28
    assert set(tasks()) == set(scripts())


def test_a_cup_goes_into_the_sink_step_by_step(operator: Operator) -> None:
    for words in ("go to the cup", "pick up the cup", "carry the cup to the sink", "put the cup in the sink"):
        assert not operator.has_done(words) or words.startswith("go")
        assert operator.do(words)
        assert operator.has_done(words), words
    assert in_sink(operator.world.truth(), "cup")


def test_what_is_a_whole_task_as_well_does_all_that_is_missing(operator: Operator) -> None:
    assert operator.do("put the sponge in the sink")
    assert operator.has_done("put the sponge in the sink")
    assert operator.do("open the drawer")
    assert operator.has_done("open the drawer")
    assert operator.has_done("take the handle")
    assert operator.do("close the drawer")
    assert operator.do("let go of the handle")
    assert operator.has_done("close the drawer")
    assert is_folded(operator.world.truth())


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("pick up the plate", "go to the plate first"),
        ("carry the spoon to the sink", "pick up the spoon first"),
        ("take the handle", "go to the drawer first"),
    ],
)
def test_what_needs_something_first_says_so(operator: Operator, words: str, first: str) -> None:
    with pytest.raises(GaveUpError, match=first):
        operator.do(words)


def test_a_full_hand_takes_nothing_else_and_keeps_what_it_has(operator: Operator) -> None:
    operator.do("go to the sponge")
    operator.do("pick up the sponge")
    with pytest.raises(GaveUpError, match="the sponge is in the hand; put the sponge in the sink first"):
        operator.do("pick up the cup")
    assert operator.do("bring the arms home")
    assert operator.do("back away from the counter")
    assert operator.has_done("back away from the counter")
    assert holds(operator.world.truth(), "sponge")


@pytest.mark.parametrize("cut_after", [80, 160, 240])
def test_lift_and_base_get_where_they_are_told_out_of_the_midst_of_something(
    operator: Operator, cut_after: int
) -> None:
    operator.do("go to the cup")
    operator.do("pick up the cup", ticks=cut_after)
    assert operator.do("lower the lift")
    assert operator.has_done("lower the lift")
    assert operator.world.truth().base_pose[0] < RETREAT_X_M + 0.03
    for words in ("raise the lift", "drive to the counter"):
        assert operator.do(words)
        assert operator.has_done(words)


def test_the_gripper_alone(operator: Operator) -> None:
    for words, opening in (("close the gripper", 0.0), ("open the gripper", 0.98)):
        assert operator.do(words)
        assert operator.world.truth().gripper_opening[SIDE] == pytest.approx(opening, abs=0.03)


def test_what_comes_next_is_read_off_the_world(operator: Operator) -> None:
    task, course = "put the cup in the sink", []
    while step := next_subtask(operator.world.truth(), task):
        course.append(step)
        assert len(course) < 6
        operator.do(step)
    assert course == [
        "go to the cup",
        "pick up the cup",
        "carry the cup to the sink",
        "put the cup in the sink",
    ]
    assert next_subtask(operator.world.truth(), "tidy up") == "go to the plate"


def test_everything_is_in_the_sink_when_each_object_is(operator: Operator) -> None:
    task = "put everything in the sink"
    assert next_subtask(operator.world.truth(), task) == "go to the plate"
    operator.do("go to the sponge")
    operator.do("pick up the sponge")
    assert next_subtask(operator.world.truth(), task) == "carry the sponge to the sink"
    operator.do("put the sponge in the sink")
    assert next_subtask(operator.world.truth(), task) == "go to the plate"
    for number, name in enumerate(OBJECTS):
        operator.world.place(
            name, upright_pose(0.64 + 0.06 * number, 0.25 + 0.09 * number, yaw_rad=0.0, z_m=0.73)
        )
    assert next_subtask(operator.world.truth(), task) == ""
    assert next_subtask(operator.world.truth(), "tidy up") == ""


def test_what_is_in_the_way_of_a_task_comes_first(operator: Operator) -> None:
    operator.do("go to the sponge")
    operator.do("pick up the sponge")
    assert next_subtask(operator.world.truth(), "put the cup in the sink") == "carry the sponge to the sink"
    assert next_subtask(operator.world.truth(), "open the drawer") == "carry the sponge to the sink"
    operator.do("put the sponge in the sink")
    operator.do("open the drawer")
    truth = operator.world.truth()
    assert next_subtask(truth, "open the drawer") == "let go of the handle"
    assert next_subtask(truth, "close the drawer") == "close the drawer"
    assert next_subtask(truth, "put the cup in the sink") == "let go of the handle"


def test_a_dropped_cup_is_gone_back_to(operator: Operator) -> None:
    operator.do("go to the cup")
    operator.do("pick up the cup")
    assert next_subtask(operator.world.truth(), "put the cup in the sink") == "carry the cup to the sink"
    operator.do("open the gripper")
    operator.do("bring the arms home")
    assert next_subtask(operator.world.truth(), "put the cup in the sink") in (
        "go to the cup",
        "pick up the cup",
    )


def test_a_lift_that_was_interrupted_low_is_gone_on_with(operator: Operator) -> None:
    operator.do("go to the cup")
    motion = SUBTASKS["pick up the cup"].motion(operator.body)
    while not holds(operator.world.truth(), "cup"):
        operator.body.truth = operator.world.truth()
        next(motion)
        operator.robot.tick(operator.body.hands())
    assert next_subtask(operator.world.truth(), "put the cup in the sink") == "pick up the cup"
    assert operator.do("pick up the cup")
    assert next_subtask(operator.world.truth(), "put the cup in the sink") == "carry the cup to the sink"


def test_an_unknown_task_has_no_next_step(operator: Operator) -> None:
    with pytest.raises(KeyError):
        next_subtask(operator.world.truth(), "water the plants")


def test_home_is_folded() -> None:
    assert PROFILE.arms[SIDE].home_rad[2] > FOLDED_ELBOW_RAD
