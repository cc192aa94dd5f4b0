"""RMSNorm, plain and adaptive (adaRMS): the norms of Gemma and of the action expert."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable

from policy.model.precision import is_mixed

EPS = 1e-6
"""Inside the square root, as in Gemma."""


class Modulation(NamedTuple):
    """What flow time does to one norm: each [B, 1 or T, W], in the order the checkpoint's `dense` gives them."""

    scale: Tensor
    shift: Tensor
    gate: Tensor


class Norm(nn.Module):
    """Either of the two norms below; a tower has one kind throughout."""

    def modulation(self, condition_BW: Tensor) -> Modulation | None:
        """What a condition [B, W] (one a chunk) or [B, T, W] (one a step) does to this norm; None if nothing."""
        raise NotImplementedError

    def forward(self, x_BSW: Tensor, modulation: Modulation | None = None) -> Tensor:
        """Normalise over the last axis; the result has the dtype of `x`."""
        raise NotImplementedError


class RmsNorm(Norm):
    """The vector divided by its root mean square, times 1 + weight: a weight of zero leaves its length alone.

    Source: Zhang and Sennrich 2019, with Gemma's offset of one.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(width))

    def modulation(self, condition_BW: Tensor) -> None:
        """Nothing."""

    def forward(self, x_BSW: Tensor, modulation: Modulation | None = None) -> Tensor:
        """Normalise over the last axis; `modulation` is None."""
        scale = 1.0 + self.weight.float()
        if is_mixed(x_BSW):
            return _mixed_unit_rms(x_BSW) * scale.to(x_BSW.dtype)
        return (unit_rms(x_BSW) * scale).to(x_BSW.dtype)


class AdaRmsNorm(Norm):
    """The vector divided by its root mean square, times 1 + scale, plus shift; and a gate for the residual.

    All three are made of flow time by `dense`. Flow time takes the same ten values in every chunk, so `modulation` is
    kept apart from `forward`: the fast path computes it once and for all.
    """

    def __init__(self, width: int, *, condition_width: int) -> None:
        super().__init__()
        self.dense = nn.Linear(condition_width, 3 * width)
        nn.init.zeros_(self.dense.weight)

    def modulation(self, condition_BW: Tensor) -> Modulation:
        """Scale, shift and gate."""
        modulation = self.dense(condition_BW.to(self.dense.weight.dtype))
        if modulation.ndim == 2:
            modulation = modulation[:, None]
        return Modulation(*modulation.chunk(3, dim=-1))

    def forward(self, x_BSW: Tensor, modulation: Modulation | None = None) -> Tensor:
        """Normalise over the last axis and modulate; the gate is the caller's to use."""
        if modulation is None:
            message = "an adaptive norm was called without its modulation; make it with `Gemma.modulations`"
            raise ValueError(message)
        if is_mixed(x_BSW):
            return (_mixed_unit_rms(x_BSW) * (1.0 + modulation.scale)).add_(modulation.shift)
        scale = 1.0 + modulation.scale.float()
        return torch.addcmul(modulation.shift.float(), unit_rms(x_BSW), scale).to(x_BSW.dtype)


def unit_rms(x: Tensor) -> Tensor:
    """`x`, float32, divided by its root mean square over the last axis."""
    if torch.is_grad_enabled() and x.requires_grad and x.device.type == "cpu":
        result: Tensor = _UnitRms.apply(x.float())
        return result
    return F.rms_norm(x.float(), x.shape[-1:], eps=EPS)


def _mixed_unit_rms(x: Tensor) -> Tensor:
    """`x` divided by its root mean square over the last axis, in its own dtype; only the root itself is float32."""
    result: Tensor = _UnitRms.apply(x)
    return result


class _UnitRms(torch.autograd.Function):
    """The same where a processor needs its gradient, which torch 2.13 puts together of twice as many passes.

    With y = x / r and r² = mean x² + ε, the gradient is (g − y · mean(g · y)) / r.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor) -> Tensor:
        """Divide, and keep the result."""
        length = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32)
        inverse = length.square_().div_(x.shape[-1]).add_(EPS).rsqrt_().to(x.dtype)
        y = x * inverse
        ctx.save_for_backward(y, inverse)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        """As above."""
        y, inverse = ctx.saved_tensors
        mean = torch.linalg.vecdot(gradient, y).unsqueeze(-1).div_(y.shape[-1])
        return torch.addcmul(gradient, y, mean, value=-1).mul_(inverse)


def add_residual(x: Tensor, y: Tensor, modulation: Modulation | None) -> Tensor:
    """The sum of `x` and `y`, or of `x` and gate · `y` where the norm before was modulated."""
    return x + y if modulation is None else torch.addcmul(x, y, modulation.gate.to(y.dtype))
