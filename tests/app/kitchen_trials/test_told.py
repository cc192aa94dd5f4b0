"""A policy is told a subtask in the direct world, and judged by what became of the kitchen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.autonomy.choice import PolicyChoice, PolicyKind
from app.kitchen_trials.cameras import Cameras
from app.kitchen_trials.judging import CannotBeJudged
from app.kitchen_trials.subject import Subject
from app.kitchen_trials.told import ToldTrial, limit_s, names_object, run_told
from drivers.profile import RobotProfile, load_profile
from policy.types import ActionChunk, Committed, Observation, Policy, RequestError, Subtask

PROFILE: RobotProfile = load_profile("sim-kitchen")
SCRIPTED = PolicyChoice(kind=PolicyKind.SCRIPTED)

pytestmark = pytest.mark.timeout(240)


class Standing:
    """A policy that looks, keeps the robot where it is, and remembers what it was asked."""

    def __init__(self, cameras: Sequence[str] = ("base_0_rgb", "right_wrist_0_rgb")) -> None:
        self.cameras = list(cameras)
        self.seen: list[Observation] = []
        self.asked: list[str] = []
        self.wrong = ""

    @property
    def metadata(self) -> Mapping[str, Any]:
        return {
            "name": "standing",
            "action_dim": PROFILE.dof,
            "action_horizon": 50,
            "cameras_low": self.cameras,
        }

    def warm_up(self) -> None:
        """Nothing is slow."""

    def subtask(self, observation: Observation, task: str, *, allowed: Sequence[str] = ()) -> Subtask:
        raise RequestError("it names none")

    def actions(
        self,
        observation: Observation,
        subtask: str,
        *,
        committed: Committed | None = None,
        noise: NDArray[np.float32] | None = None,
    ) -> ActionChunk:
        if self.wrong:
            raise RequestError(self.wrong)
        self.seen.append(observation)
        self.asked.append(subtask)
        times = observation.captured_ns + 20_000_000 * np.arange(50, dtype=np.int64)
        return ActionChunk(np.tile(observation.state, (50, 1)), times, subtask)


class Noisy(Standing):
    """One whose chunks start from noise; it remembers that and goes no further."""

    def __init__(self) -> None:
        super().__init__(cameras=())
        self.noises: list[NDArray[np.float32]] = []

    @property
    def metadata(self) -> Mapping[str, Any]:
        return {**super().metadata, "takes_noise": True, "model_action_dim": 32}

    def actions(
        self,
        observation: Observation,
        subtask: str,
        *,
        committed: Committed | None = None,
        noise: NDArray[np.float32] | None = None,
    ) -> ActionChunk:
        assert noise is not None
        self.noises.append(noise)
        raise RequestError("that was all")


@pytest.fixture(scope="module")
def cameras() -> Iterator[Cameras]:
    with Cameras(PROFILE) as cameras:
        yield cameras


def subject_of(policy: Policy) -> Subject:
    return Subject(PolicyChoice(kind=PolicyKind.CHECKPOINT), PROFILE, policy=policy)


def test_the_scripted_policy_takes_the_cup_it_is_told_to() -> None:
    trial = run_told(PROFILE, Subject(SCRIPTED, PROFILE), None, "pick up the cup", seed=1)
    assert trial.succeeded
    assert trial.lifted == "cup"
    assert trial.in_reach >= 2
    assert names_object(trial) is True
    assert 2.0 < trial.simulated_s < limit_s("pick up the cup")
    assert trial.chunks >= 5


def test_a_lift_is_raised_from_another_height_for_each_seed() -> None:
    trials = [
        run_told(PROFILE, Subject(SCRIPTED, PROFILE), None, "raise the lift", seed=seed) for seed in (0, 1)
    ]
    assert all(trial.succeeded for trial in trials)
    assert trials[0].simulated_s != trials[1].simulated_s
    assert names_object(trials[0]) is None


def test_what_was_understood_is_told_and_judged_by_what_was_meant() -> None:
    subject = Subject(SCRIPTED, PROFILE)
    right, wrong = (
        run_told(PROFILE, subject, None, "raise the lift", seed=0, heard=f"{verb} the lift")
        for verb in ("raise", "lower")
    )
    assert right.succeeded
    assert not wrong.succeeded
    assert wrong.chunks > 0
    assert wrong.heard == "lower the lift"


def test_what_was_not_understood_is_not_told() -> None:
    trial = run_told(PROFILE, Subject(SCRIPTED, PROFILE), None, "raise the lift", seed=0, heard="")
    assert not trial.succeeded
    assert trial.chunks == 0
    assert trial.trouble == "what was said was not understood"


def test_the_policy_sees_pictures_of_the_cameras_own_sizes_at_the_pace_of_a_session(cameras: Cameras) -> None:
    policy = Standing()
    trial = run_told(PROFILE, subject_of(policy), cameras, "raise the lift", seed=0)
    assert not trial.succeeded
    assert trial.simulated_s == pytest.approx(limit_s("raise the lift"), abs=0.03)
    assert set(policy.asked) == {"raise the lift"}
    seen = policy.seen[0]
    assert {name: image.shape for name, image in seen.images.items()} == {
        "front": (480, 640, 3),
        "right_wrist": (224, 224, 3),
    }
    assert seen.state.shape == (PROFILE.dof,)
    # Half of fifty steps run before the next chunk: about two are asked for in a second.
    apart_s = np.diff([one.captured_ns for one in policy.seen]) / 1e9
    assert np.median(apart_s) == pytest.approx(0.5, abs=0.05)


def test_a_policy_that_cannot_go_on_ends_the_trial_with_its_words(cameras: Cameras) -> None:
    policy = Standing(cameras=())
    policy.wrong = "it knows no lift"
    trial = run_told(PROFILE, subject_of(policy), cameras, "raise the lift", seed=0)
    assert (trial.succeeded, trial.trouble, trial.chunks) == (False, "it knows no lift", 0)
    assert trial.simulated_s < 0.1


def test_a_trial_starts_from_the_same_noise_whatever_was_tried_before_it() -> None:
    policy = Noisy()
    for seed in (5, 6, 5):
        run_told(PROFILE, subject_of(policy), None, "raise the lift", seed=seed)
    first, other, again = policy.noises
    assert first.shape == (50, 32)
    assert first.dtype == np.float32
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_what_cannot_be_judged_is_refused() -> None:
    with pytest.raises(
        CannotBeJudged, match="cannot tell whether 'bring the arms home' is done; it can of: go to"
    ):
        run_told(PROFILE, Subject(SCRIPTED, PROFILE), None, "bring the arms home", seed=0)


@pytest.mark.parametrize(
    ("subtask", "lifted", "in_reach", "said"),
    [
        ("pick up the cup", "cup", 2, True),
        ("pick up the cup", "sponge", 3, False),
        ("pick up the cup", "", 3, None),
        ("pick up the cup", "cup", 1, None),
        ("put the cup in the sink", "sponge", 3, None),
    ],
)
def test_listening_is_judged_where_there_was_a_choice_and_something_was_taken(
    subtask: str, lifted: str, in_reach: int, said: bool | None
) -> None:
    trial = ToldTrial(
        subtask=subtask,
        seed=0,
        succeeded=True,
        simulated_s=1.0,
        computed_s=1.0,
        chunks=1,
        in_reach=in_reach,
        lifted=lifted,
    )
    assert names_object(trial) is said
