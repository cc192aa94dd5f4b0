"""What is to be tried, as plain values that another process can be sent."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from app.autonomy.choice import PolicyChoice, PolicyKind
from app.demonstrations.plan import FIRST_TRIAL_SEED
from app.kitchen_policy import PROFILE
from app.kitchen_trials.alone import AloneTrial, run_alone
from app.kitchen_trials.cameras import Cameras
from app.kitchen_trials.rollout import LIVE, Pace
from app.kitchen_trials.subject import Subject
from app.kitchen_trials.told import ToldTrial, run_told
from drivers.profile import load_profile

Trial = ToldTrial | AloneTrial


class ToldOrder(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Tell a subtask once.

    Attributes:
        subtask: that is meant.
        seed: of the start.
        heard: what was understood of it, where it was spoken; empty for nothing, None where it is told by text.
    """

    subtask: str
    seed: int
    heard: str | None = None


class AloneOrder(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Let it do a task once, with one of the variants."""

    task: str
    variant: str
    seed: int


Order = ToldOrder | AloneOrder


class Bench:
    """Carries orders out, one after the other, with a policy that is loaded once.

    Args:
        choice: the policy.
        subject: it, where it is loaded already.
        pace: how long things take.

    Raises:
        CheckpointError, FileNotFoundError, ValueError: the policy cannot be loaded.
        NoOffscreenRendering: when this machine cannot draw.
    """

    def __init__(self, choice: PolicyChoice, *, subject: Subject | None = None, pace: Pace = LIVE) -> None:
        self._profile = load_profile(PROFILE)
        self._subject = subject or Subject(choice, self._profile)
        # The scripted policy sees the truth, and no picture need be drawn for it.
        self._cameras = None if choice.kind is PolicyKind.SCRIPTED else Cameras(self._profile)
        self._pace = pace

    def run(self, order: Order) -> Trial:
        """Carry one out; raises as `run_told` and `run_alone` do."""
        parts = (self._profile, self._subject, self._cameras)
        match order:
            case ToldOrder(subtask=subtask, seed=seed, heard=heard):
                return run_told(*parts, subtask, seed=seed, heard=heard, pace=self._pace)
            case AloneOrder(task=task, variant=variant, seed=seed):
                return run_alone(*parts, task, seed=seed, variant=variant, pace=self._pace)

    def close(self) -> None:
        """Free what draws."""
        if self._cameras is not None:
            self._cameras.close()

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def told_orders(subtasks: Iterable[str], seeds: Iterable[int]) -> list[ToldOrder]:
    """Every subtask from every seed, counted from the first that is held out."""
    subtasks = tuple(subtasks)
    return [
        ToldOrder(subtask=subtask, seed=FIRST_TRIAL_SEED + seed) for seed in seeds for subtask in subtasks
    ]


def alone_orders(tasks: tuple[str, ...], variants: tuple[str, ...], seeds: range) -> list[Order]:
    """Every task with every variant from every seed; the variants start from the same kitchens."""
    return [
        AloneOrder(task=task, variant=variant, seed=FIRST_TRIAL_SEED + seed)
        for seed in seeds
        for task in tasks
        for variant in variants
    ]
