"""Real-time chunking: a new chunk that goes on from the one in progress, although it arrives while that still runs.

Two ways. A checkpoint trained for it is told which steps are settled: they have flow time 0 and their actions as they
are, the others the time of the walk ("training-time" RTC, Black et al. 2025, arXiv 2512.05964). Any other checkpoint
is steered: each step of the walk is pulled towards what the old chunk planned for the same moments (Black, Galliker
and Levine 2025, arXiv 2506.07339). The paper sends the pull backwards through the network; here the Jacobian of the
denoised estimate is taken as the identity, which costs nothing and needs no gradients.

The papers' τ is 1 − t here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

MAX_GUIDANCE = 5.0
"""β in the paper: few steps of the walk bear no stronger pull."""

Way = Literal["trained", "guided"]


@dataclass(frozen=True)
class Continuation:
    """What a new chunk goes on from, as the model has it: normalised and padded.

    Attributes:
        way: `trained` for checkpoints trained with settled steps, `guided` for any.
        actions_BTA: float32, the old chunk's plan for the steps of the new one; anything where `weights_T` is 0.
        weights_T: float32 from 0 to 1: how much each step holds to the plan; 1 on the steps that are settled.
    """

    way: Way
    actions_BTA: Tensor
    weights_T: Tensor


def soft_mask(horizon: int, *, frozen: int, planned: int, execute: int) -> Tensor:
    """How much each step of a new chunk holds to the old one.

    1 on the steps that will have run, then fading: c·(eᶜ − 1)/(e − 1) with c falling linearly from 1 to 0 (equation 5
    of the paper), 0 on the steps which the old chunk does not reach and on the last `execute`.

    Args:
        horizon: Steps of a chunk.
        frozen: Steps that will certainly have run before the new chunk starts.
        planned: Steps that are left of the old chunk.
        execute: Steps of the new chunk that run before the one after it.

    Returns:
        float32 [horizon].

    Raises:
        ValueError: More steps are frozen than are planned or than a chunk has, or a number is negative.
    """
    if min(frozen, planned, execute) < 0 or frozen > min(planned, horizon):
        message = (
            f"{frozen} frozen steps with {planned} planned, {execute} to execute and {horizon} in a chunk; there must"
            " be a plan for each frozen step"
        )
        raise ValueError(message)
    end = max(min(planned, horizon - execute), frozen)
    steps = torch.arange(horizon, dtype=torch.float64)
    c = ((end - steps) / (end - frozen + 1)).clamp(0, 1)
    weights = c * torch.expm1(c) / (math.e - 1)
    weights[:frozen] = 1.0
    return weights.float()


def frozen_mask(horizon: int, *, frozen: int) -> Tensor:
    """1 on the settled steps, 0 on the others: the weights for a checkpoint trained so."""
    return (torch.arange(horizon) < frozen).float()


def guidance(time: float) -> float:
    """How strongly the walk is pulled at flow time `time`: min(β, t / ((1 − t)·r²)), r² = t² / (t² + (1 − t)²)."""
    if time >= 1.0 or time <= 0.0:
        return MAX_GUIDANCE
    return min(MAX_GUIDANCE, (time**2 + (1 - time) ** 2) / (time * (1 - time)))


def guided(
    velocity_BTA: Tensor, x_BTA: Tensor, time: float, target_BTA: Tensor, weights_BT1: Tensor
) -> Tensor:
    """A velocity that leads where the plan is: the model's, less the pull towards the plan.

    x − t·v is where the walk would end if it went straight on; the pull is what is missing there, weighted. The sign is
    the walk's: it goes against the velocity.
    """
    missing = weights_BT1 * (target_BTA - (x_BTA - time * velocity_BTA))
    return velocity_BTA - guidance(time) * missing
