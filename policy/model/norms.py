"""RMSNorm, plain and adaptive (adaRMS): the norms of Gemma and of the action expert."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

EPS = 1e-6
"""Inside the square root, as in Gemma."""


class Modulation(NamedTuple):
    """What flow time does to one norm: each [B, 1 or T, W], in the order the checkpoint's `dense` gives them."""

    scale: Tensor
    shift: Tensor
    gate: Tensor


class RmsNorm(nn.Module):
    """x / rms(x) · (1 + weight), the mean square taken in float32. A weight of zero is the identity scale.

    Source: Zhang and Sennrich 2019, with Gemma's offset of one.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(width))

    def forward(self, x_BSW: Tensor) -> Tensor:
        """Normalise over the last axis; the result has the dtype of `x`."""
        return (unit_rms(x_BSW) * (1.0 + self.weight.float())).to(x_BSW.dtype)


class AdaRmsNorm(nn.Module):
    """x / rms(x) · (1 + scale) + shift, with a gate for the residual; all three made of flow time by `dense`.

    Because flow time takes the same ten values in every chunk, `modulation` is kept apart from `forward`: the fast
    path computes it once and for all.
    """

    def __init__(self, width: int, *, condition_width: int) -> None:
        super().__init__()
        self.dense = nn.Linear(condition_width, 3 * width)
        nn.init.zeros_(self.dense.weight)

    def modulation(self, condition_BW: Tensor) -> Modulation:
        """Scale, shift and gate for a condition [B, W] (one time a chunk) or [B, T, W] (one a step)."""
        modulation = self.dense(condition_BW.to(self.dense.weight.dtype))
        if modulation.ndim == 2:
            modulation = modulation[:, None]
        return Modulation(*modulation.chunk(3, dim=-1))

    def forward(self, x_BSW: Tensor, modulation: Modulation) -> Tensor:
        """Normalise over the last axis and modulate; the result has the dtype of `x`. The gate is the caller's."""
        scaled = unit_rms(x_BSW) * (1.0 + modulation.scale.float()) + modulation.shift.float()
        return scaled.to(x_BSW.dtype)


def unit_rms(x: Tensor) -> Tensor:
    """`x`, float32, divided by its root mean square over the last axis."""
    x = x.float()
    return x * torch.rsqrt(x.square().mean(dim=-1, keepdim=True) + EPS)


def add_residual(x: Tensor, y: Tensor, modulation: Modulation | None) -> Tensor:
    """x + y, or x + gate · y where the norm before was modulated."""
    return x + y if modulation is None else x + y * modulation.gate.to(y.dtype)
