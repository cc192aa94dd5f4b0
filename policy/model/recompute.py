"""Layers whose insides are computed again in the backward pass instead of being kept: slower, and far less memory."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint


def kept_or_recomputed(layer: Callable[..., Tensor], *inputs: Tensor, recompute: bool) -> Tensor:
    """What a layer makes of `inputs`; with `recompute` only those are kept for the backward pass."""
    if recompute and torch.is_grad_enabled():
        result: Tensor = checkpoint(layer, *inputs, use_reentrant=False, preserve_rng_state=False)
        return result
    return layer(*inputs)
