"""Rotary position embedding (RoPE), the halves of a head rotated against each other, as in Gemma."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from policy.model.precision import is_mixed

BASE_PERIOD = 10_000.0


class Rotation(NamedTuple):
    """Cosine and sine of each position's angles, [B, 1, S, D/2]: made once a pass, used by every layer."""

    cos: Tensor
    sin: Tensor


def inverse_frequencies(head_dim: int, *, device: torch.device | None = None) -> Tensor:
    """Angle per position of each pair of a head, radians, float32 [D/2]."""
    exponents = torch.arange(0, head_dim, 2, dtype=torch.int64, device=device).float() / head_dim
    return 1.0 / (BASE_PERIOD**exponents)


def rotation(positions_BS: Tensor, *, head_dim: int, dtype: torch.dtype) -> Rotation:
    """The rotation for integer positions (−1 is allowed: the place of what nobody attends to).

    Angles are made in float32 and only then rounded to `dtype`, that of the queries.
    """
    angles = positions_BS[:, None, :, None].float() * inverse_frequencies(
        head_dim, device=positions_BS.device
    )
    return Rotation(angles.cos().to(dtype), angles.sin().to(dtype))


def rotate(x_BHSD: Tensor, by: Rotation) -> Tensor:
    """Turn each pair (d, d + D/2) of each head by its position's angle."""
    if is_mixed(x_BHSD):
        mixed: Tensor = _Rotate.apply(x_BHSD, by.cos, by.sin)
        return mixed
    first, second = x_BHSD.chunk(2, dim=-1)
    turned = (
        torch.addcmul(first * by.cos, second, by.sin, value=-1),
        torch.addcmul(second * by.cos, first, by.sin),
    )
    return torch.cat(turned, dim=-1)


class _Rotate(torch.autograd.Function):
    """The same written into one tensor; its gradient is turned back. No gradient reaches the angles."""

    @staticmethod
    def forward(ctx: Any, x_BHSD: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        ctx.save_for_backward(cos, sin)
        return _turned(x_BHSD, cos, sin)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_BHSD: Tensor) -> tuple[Tensor, None, None]:
        cos, sin = ctx.saved_tensors
        return _turned(grad_BHSD, cos, -sin), None, None


def _turned(x_BHSD: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    turned_BHSD = torch.empty(x_BHSD.shape, dtype=x_BHSD.dtype, device=x_BHSD.device)
    first, second = x_BHSD.chunk(2, dim=-1)
    turned_first, turned_second = turned_BHSD.chunk(2, dim=-1)
    torch.mul(first, cos, out=turned_first).addcmul_(second, sin, value=-1)
    torch.mul(second, cos, out=turned_second).addcmul_(first, sin)
    return turned_BHSD
