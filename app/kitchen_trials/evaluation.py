"""A few quick trials of a policy that is being trained: its checkpoints are chosen by them, never by loss."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from app.autonomy.choice import PolicyChoice, PolicyKind
from app.kitchen_policy import PROFILE
from app.kitchen_trials.bench import Bench, told_orders
from app.kitchen_trials.figures import figures_of
from app.kitchen_trials.rollout import LIVE, Pace
from app.kitchen_trials.subject import Subject
from app.kitchen_trials.told import JUDGED
from drivers.profile import load_profile
from policy.types import Policy

FIRST_SEED: Final = 500_000
"""Checkpoints are chosen by kitchens from here on, which a bench does not come to: its figures stay of unseen ones."""


def evaluate(
    policy: Policy,
    *,
    seeds: Iterable[int],
    subtasks: Iterable[str] = JUDGED,
    pace: Pace = LIVE,
) -> dict[str, float]:
    """Tell a policy each subtask from each seed, one after the other in this process, and say how often it did it.

    Args:
        policy: as `policy.inference` makes it of the weights.
        seeds: counted from the first that is held out.
        subtasks: that are tried.
        pace: how long things take.

    Returns:
        The figures of `app.kitchen_trials.figures`.

    Raises:
        ChoiceError: the policy was not made for the kitchen's robot.
        NoOffscreenRendering: when this machine cannot draw.
    """
    choice = PolicyChoice(kind=PolicyKind.CHECKPOINT, source="in training")
    subject = Subject(choice, load_profile(PROFILE), policy=policy)
    with Bench(choice, subject=subject, pace=pace) as bench:
        return figures_of([bench.run(order) for order in told_orders(subtasks, seeds)])


def evaluate_checkpoint(
    folder: Path, *, seeds: Iterable[int], subtasks: Iterable[str] = JUDGED, pace: Pace = LIVE
) -> dict[str, float]:
    """The same for a checkpoint, which computes on the processor.

    Raises:
        CheckpointError: it cannot be loaded.
        ChoiceError: it was not made for the kitchen's robot.
        NoOffscreenRendering: when this machine cannot draw.
    """
    from policy.inference.loading import load_policy  # brings torch along

    return evaluate(load_policy(folder, device="cpu", seed=0), seeds=seeds, subtasks=subtasks, pace=pace)
