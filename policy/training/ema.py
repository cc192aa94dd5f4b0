"""Weights averaged over the last steps: what is saved, and what is run."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn

Module = TypeVar("Module", bound=nn.Module)


def averaged_copy(model: Module) -> Module:
    """A copy to average in, which learns nothing itself; tied weights stay tied."""
    return copy.deepcopy(model).requires_grad_(False)


def decay_at(decay: float, step: int) -> float:
    """How much of the average a step keeps, counted from 0.

    At the start less than `decay`, so that random weights are soon forgotten: (1 + n) / (10 + n).
    """
    return min(decay, (1 + step) / (10 + step))


@torch.no_grad()
def average(averaged: Sequence[Tensor], weights: Sequence[Tensor], *, decay: float | None, step: int) -> None:
    """Move the averaged weights toward those of a step.

    Args:
        averaged: Changed in place.
        weights: In the same order.
        decay: How much is kept; None keeps nothing, the average is the weights.
        step: Of the whole training, from 0.
    """
    kept = 0.0 if decay is None else decay_at(decay, step)
    torch._foreach_lerp_(list(averaged), list(weights), 1.0 - kept)
