"""AdamW, what it may change in a stage, and how fast."""

from __future__ import annotations

import math

from torch import nn
from torch.optim import AdamW

from policy.checkpoints.keys import EXPERT_LM_HEAD, part_of
from policy.model.gemma import Gemma
from policy.model.siglip import Siglip
from policy.training.recipe import Stage

BETAS = (0.9, 0.95)
EPSILON = 1e-8
"""Both as openpi's."""


def make_optimiser(model: nn.Module) -> AdamW:
    """AdamW over all weights; matrices decay, norms and biases do not.

    Rates and decay are those of the step, see `set_rate`.
    """
    weights = [parameter for _, parameter in trained_parameters(model)]
    decayed = [parameter for parameter in weights if parameter.ndim > 1]
    others = [parameter for parameter in weights if parameter.ndim <= 1]
    groups = [{"params": decayed, "decays": True}, {"params": others, "decays": False}]
    return AdamW([group for group in groups if group["params"]], betas=BETAS, eps=EPSILON, fused=True)


def trained_parameters(model: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """Every weight that something computes with, once, by its name; the expert's text head is used by nothing."""
    return [(name, weight) for name, weight in model.named_parameters() if not name.endswith(EXPERT_LM_HEAD)]


def begin_stage(model: nn.Module, stage: Stage) -> None:
    """Let the weights of a stage's parts learn, and no others; keep or compute again, as it says."""
    for tower in model.modules():
        if isinstance(tower, Gemma | Siglip):
            tower.recomputes = stage.checkpointing
    trained = {id(parameter) for _, parameter in trained_parameters(model)}
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(id(parameter) in trained and part_of(name) not in stage.freeze)
        parameter.grad = None


def rate_at(stage: Stage, step: int) -> float:
    """Learning rate of a step of a stage, counted from 0: a straight line up to the peak, then a cosine down."""
    if step < stage.warmup:
        return stage.learning_rate * (step + 1) / (stage.warmup + 1)
    share = (step - stage.warmup) / max(1, stage.steps - stage.warmup)
    cosine = (1 + math.cos(math.pi * min(share, 1.0))) / 2
    return stage.learning_rate * (stage.final_rate + (1 - stage.final_rate) * cosine)


def set_rate(optimiser: AdamW, stage: Stage, step: int) -> float:
    """Give the optimiser the rate and decay of a step, and say the rate."""
    rate = rate_at(stage, step)
    for group in optimiser.param_groups:
        group["lr"] = rate
        group["weight_decay"] = stage.weight_decay if group["decays"] else 0.0
    return rate
