"""Rotary position embedding (RoPE), the halves of a head rotated against each other, as in Gemma."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

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
    first, second = x_BHSD.chunk(2, dim=-1)
    turned = (
        torch.addcmul(first * by.cos, second, by.sin, value=-1),
        torch.addcmul(second * by.cos, first, by.sin),
    )
    return torch.cat(turned, dim=-1)
