"""A model and what is known about it, as a policy: which class runs which model is said here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from policy.actions.fast import FastTokenizer
from policy.inference.facts import PolicyFacts
from policy.inference.pi0_fast_policy import Pi0FastPolicy
from policy.inference.pi0_small_policy import Pi0SmallPolicy
from policy.inference.policy import Pi05Policy
from policy.inference.techniques import FAST, Techniques
from policy.model.pi0 import Pi0
from policy.model.pi0_fast import Pi0Fast
from policy.model.pi0_small import Pi0Small
from policy.text.tokenizer import TextTokenizer
from policy.transforms.norm_stats import NormStats

LocalPolicy = Pi05Policy | Pi0SmallPolicy | Pi0FastPolicy
"""A policy that runs in this process."""


def assemble(
    model: nn.Module,
    facts: PolicyFacts,
    stats: Mapping[str, NormStats],
    tokenizer: TextTokenizer,
    *,
    fast: FastTokenizer | None = None,
    techniques: Techniques = FAST,
    temperature: float = 0.0,
    seed: int | None = None,
) -> LocalPolicy:
    """The policy of a model.

    Args:
        model: Of any kind, in its dtype, on its device.
        facts: What weights do not say.
        stats: Of `state` and `actions`.
        tokenizer: The model's vocabulary.
        fast: The action tokenizer, which π0-FAST needs and no other.
        techniques: Which short cuts are taken.
        temperature: Of π0-FAST's tokens.
        seed: Of what is drawn.

    Raises:
        TypeError: No policy runs such a model.
        ValueError: The parts do not fit each other; the message says which and why.
    """
    if isinstance(model, Pi0):
        return Pi05Policy(model, facts, stats, tokenizer, techniques=techniques, seed=seed)
    if isinstance(model, Pi0Small):
        return Pi0SmallPolicy(model, facts, stats, tokenizer, techniques=techniques, seed=seed)
    if isinstance(model, Pi0Fast):
        if fast is None:
            raise ValueError(
                f"{facts.name} writes actions as FAST tokens and has no FAST tokenizer; save it with the one that it"
                " was trained with"
            )
        return Pi0FastPolicy(
            model,
            facts,
            stats,
            tokenizer,
            fast,
            techniques=techniques,
            temperature=temperature,
            seed=seed,
        )
    raise TypeError(
        f"no policy runs a {type(model).__name__}; there are those of π0, π0.5, π0-FAST, π0-small"
    )
