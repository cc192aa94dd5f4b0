"""Grouped-query attention, written twice: fused, and in the open.

`fused` is what runs. `eager` is the same in plain operations: it shows the weights, and is what the benches compare
with. Training has its own, `policy.model.lean_attention`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

Attend = Callable[[Tensor, Tensor, Tensor, "Tensor | None"], Tensor]
"""(q_BHQD, k_BGKD, v_BGKD, mask) → [B, Q, H·D]. The mask is additive, [B, 1, Q, K] or broadcast to it, or None."""

MASKED = -2.3819763e38
"""Added to a score that must not count. Finite, so that a row with nothing to see turns uniform instead of NaN."""


def additive(mask: Tensor, *, dtype: torch.dtype) -> Tensor:
    """A boolean mask, True where a query sees a key, as numbers to add to the scores."""
    return torch.where(mask, 0.0, MASKED).to(dtype)


def fused(q_BHQD: Tensor, k_BGKD: Tensor, v_BGKD: Tensor, mask: Tensor | None) -> Tensor:
    """Attention through PyTorch's own kernels.

    The query heads that share a key-value head are laid end to end along Q, so keys and values are never repeated.
    """
    B, H, Q, D = q_BHQD.shape
    G = k_BGKD.shape[1]
    if mask is not None and H != G and mask.shape[2] > 1:  # one row for all queries broadcasts as it is
        mask = mask.expand(B, H // G, Q, mask.shape[-1]).reshape(B, 1, H // G * Q, -1)
    out = F.scaled_dot_product_attention(q_BHQD.reshape(B, G, H // G * Q, D), k_BGKD, v_BGKD, attn_mask=mask)
    return out.reshape(B, H, Q, D).transpose(1, 2).reshape(B, Q, H * D)


def eager(q_BHQD: Tensor, k_BGKD: Tensor, v_BGKD: Tensor, mask: Tensor | None) -> Tensor:
    """Attention step by step: scores, mask, softmax in float32, weighted sum."""
    B, H, Q, D = q_BHQD.shape
    v_BHKD = v_BGKD.repeat_interleave(H // v_BGKD.shape[1], dim=1)
    out = weights(q_BHQD, k_BGKD, mask) @ v_BHKD
    return out.transpose(1, 2).reshape(B, Q, H * D)


def weights(q_BHQD: Tensor, k_BGKD: Tensor, mask: Tensor | None) -> Tensor:
    """How much each query takes of each key, [B, H, Q, K]; rows sum to 1."""
    k_BHKD = k_BGKD.repeat_interleave(q_BHQD.shape[1] // k_BGKD.shape[1], dim=1)
    scores = q_BHQD @ k_BHKD.transpose(2, 3) * q_BHQD.shape[-1] ** -0.5
    if mask is not None:
        scores = scores + mask
    return scores.softmax(dim=-1, dtype=torch.float32).to(q_BHQD.dtype)
