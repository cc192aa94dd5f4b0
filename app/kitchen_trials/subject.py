"""A policy that is to be tried: loaded once, and bound to the kitchen of each trial."""

from __future__ import annotations

from collections.abc import Callable

from app.autonomy.choice import PolicyChoice, PolicyKind
from app.autonomy.gentle import GentlePolicy
from app.autonomy.loaded import DEFAULT_PRESET, Loaded, describe
from app.autonomy.scripted import ScriptedPolicy
from drivers.profile import RobotProfile
from drivers.sim.interface import Truth
from policy.types import Policy

See = Callable[[], Truth]
"""The true state of a world, timed by the trial's own clock."""


class Subject:
    """A policy for any number of trials, one after the other.

    Args:
        choice: scripted, a checkpoint, or random weights.
        profile: the robot.
        policy: one that is loaded already, in place of what `choice` names.

    Raises:
        CheckpointError, FileNotFoundError: the checkpoint cannot be loaded.
        ValueError: the choice is of a kind that cannot be tried here.
    """

    def __init__(self, choice: PolicyChoice, profile: RobotProfile, *, policy: Policy | None = None) -> None:
        self.choice = choice
        self._profile = profile
        self._policy = policy if policy is not None else _opened(choice, profile)
        if self._policy is not None:
            self._policy.warm_up()

    def for_trial(self, see: See, *, seed: int) -> Loaded:
        """The policy and what is to be known of it.

        Args:
            see: the world of the trial, for a policy that sees the truth.
            seed: of its eye.

        Raises:
            ChoiceError: it was not made for this robot.
        """
        policy = self._policy
        if policy is None:
            policy = ScriptedPolicy(self._profile, see, seed=seed)
        return describe(self.choice, self._profile, policy)


def _opened(choice: PolicyChoice, profile: RobotProfile) -> Policy | None:
    """The policy; None for the scripted one, which is another for each world."""
    match choice.kind:
        case PolicyKind.SCRIPTED:
            return None
        case PolicyKind.CHECKPOINT:
            from policy.inference.loading import load_policy

            return load_policy(
                choice.source,
                config=choice.config or None,
                tokenizer=choice.tokenizer or None,
                device=choice.device,
                seed=choice.seed,
            )
        case PolicyKind.RANDOM:
            from policy.inference.untrained import random_policy

            made = random_policy(choice.source or DEFAULT_PRESET, seed=choice.seed, device=choice.device)
            return GentlePolicy(made, profile)
        case _:
            raise ValueError(f"a policy of kind {choice.kind!r} cannot be tried; give a checkpoint's folder")
