"""The loss of a step as one module, so that one process, several, and a model in pieces all call the same."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from policy.model.lean_attention import lean
from policy.model.losses import LossWeights, compute_loss
from policy.model.pi0 import Pi0
from policy.training.batches import StepBatch
from policy.training.recipe import Stage

LOSSES = ("total", "text", "fast", "flow")
"""What `StepLoss` gives, in its order."""


class StepLoss(nn.Module):
    """A model and what it is taught.

    Attributes:
        model: π0.5.
    """

    def __init__(self, model: Pi0) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: StepBatch, stage: Stage) -> Tensor:
        """Losses of `LOSSES`, float32 [4]: means over all samples of the batch, the first to call `backward` on.

        The attention is the lean one: on a processor it is faster backwards than PyTorch's fused one.
        """
        weights = LossWeights(text=stage.text, fast=stage.fast, flow=stage.flow, insulate=stage.insulate)
        device = next(self.model.parameters()).device
        # Whatever a step teaches, its loss has a gradient: other processes wait for it.
        losses = 0.0 * next(p for p in self.parameters() if p.requires_grad).sum().expand(len(LOSSES))
        with torch.autocast(device.type, torch.bfloat16, enabled=stage.bf16):
            for part in batch.parts:
                found = compute_loss(self.model, part, weights, attend=lean)
                share = len(part.inputs.tokens_BL) / batch.size
                losses = losses + share * torch.stack([getattr(found, name) for name in LOSSES])
        return losses
