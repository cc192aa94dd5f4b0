"""What a pass reads, and what must be equal for two batches to go through the same one."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import torch
from torch import Tensor


@dataclass(frozen=True)
class PassShape:
    """What must be equal for two batches to share buffers, and a graph.

    Attributes:
        batch: Samples.
        cameras: Of each sample.
        prompt: Tokens of the prompt, padding included.
        padded: Whether any token is masked.
        encoded: Whether images come as tokens already.
        steps: Of the walk.
        continuation: Whether, and how, the chunk goes on from another.
    """

    batch: int
    cameras: int
    prompt: int
    padded: bool = False
    encoded: bool = False
    steps: int = 10
    continuation: Literal["none", "trained", "guided"] = "none"


@dataclass(frozen=True)
class PassBatch:
    """What a pass reads; shapes are those of its `PassShape`, and tensors lie on the model's device.

    Attributes:
        images: [B, N, C, Y, X] float32 in [−1, 1]; or image tokens [B, N·P, W] where the shape says `encoded`.
        image_mask_BN: bool.
        tokens_BL: int64.
        token_mask_BL: bool.
        state_BA: float32.
        noise_BTA: float32.
        plan_BTA: float32, the plan that the chunk goes on from; unused without one.
        weights_BT: float32, how much each step holds to it; unused without one.
    """

    images: Tensor
    image_mask_BN: Tensor
    tokens_BL: Tensor
    token_mask_BL: Tensor
    state_BA: Tensor
    noise_BTA: Tensor
    plan_BTA: Tensor
    weights_BT: Tensor

    def tensors(self) -> list[tuple[str, Tensor]]:
        """All of them, with their names."""
        return [(field.name, getattr(self, field.name)) for field in fields(self)]

    def to(self, device: torch.device) -> PassBatch:
        """The same on a device."""
        return PassBatch(**{name: tensor.to(device) for name, tensor in self.tensors()})
