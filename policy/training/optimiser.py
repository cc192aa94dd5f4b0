"""AdamW and Muon, what they may change in a stage, and how fast."""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor, nn
from torch.optim import AdamW, Muon, Optimizer

from policy.checkpoints.keys import EXPERT_LM_HEAD, part_of
from policy.model.gemma import Gemma
from policy.model.siglip import Siglip
from policy.training.recipe import Stage

BETAS = (0.9, 0.95)
EPSILON = 1e-8
"""Both as openpi's."""
_IN_A_LAYER = ".layers."


class Optimiser:
    """One or two of PyTorch's optimisers, each with weights of its own, as one.

    Args:
        parts: They.
    """

    def __init__(self, *parts: Optimizer) -> None:
        self._parts = parts

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Of all of them."""
        return [group for part in self._parts for group in part.param_groups]

    def moments(self, weight: nn.Parameter) -> dict[str, Tensor]:
        """What is remembered of a weight's gradients; empty before its first step."""
        return next((part.state[weight] for part in self._parts if weight in part.state), {})

    def remember(self, weight: nn.Parameter, moments: dict[str, Tensor]) -> None:
        """Take up what another remembered of a weight; nothing where it has none."""
        part = next(part for part in self._parts if _cares_for(part, weight))
        part.state.pop(weight, None)
        if moments:
            part.state[weight] = moments

    def step(self) -> None:
        """Change every weight by its gradient."""
        for part in self._parts:
            part.step()

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for part in self._parts:
            part.zero_grad(set_to_none=True)


def make_optimiser(model: nn.Module, *, muon: bool = False) -> Optimiser:
    """AdamW over all weights; matrices decay, norms and biases do not.

    Rates and decay are those of the step, see `set_rate`.

    Args:
        model: Whose weights.
        muon: Whether matrices of layers are changed by Muon, whose steps are then as long as AdamW's would be.

    Source: K. Jordan et al. 2024, Muon; J. Liu et al. 2025, Muon is scalable for LLM training, for the length.
    """
    named = trained_parameters(model)
    turned = [weight for name, weight in named if muon and _IN_A_LAYER in name and weight.ndim == 2]
    left = {id(weight) for weight in turned}
    weights = [weight for _, weight in named if id(weight) not in left]
    decayed = [weight for weight in weights if weight.ndim > 1]
    others = [weight for weight in weights if weight.ndim <= 1]
    groups = [{"params": decayed, "decays": True}, {"params": others, "decays": False}]
    parts: list[Optimizer] = [
        AdamW([group for group in groups if group["params"]], betas=BETAS, eps=EPSILON, fused=True)
    ]
    if turned:
        parts.append(Muon([{"params": turned, "decays": True}], adjust_lr_fn="match_rms_adamw"))
    return Optimiser(*parts)


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


def set_rate(optimiser: Optimiser, stage: Stage, step: int) -> float:
    """Give the optimiser the rate and decay of a step, and say the rate."""
    rate = rate_at(stage, step)
    for group in optimiser.param_groups:
        group["lr"] = rate
        group["weight_decay"] = stage.weight_decay if group["decays"] else 0.0
    return rate


def _cares_for(part: Optimizer, weight: nn.Parameter) -> bool:
    return any(own is weight for group in part.param_groups for own in group["params"])
