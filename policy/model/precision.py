"""Mixed precision in training: weights stay float32 and autocast computes in bfloat16.

Autocast changes matrix products only. On a processor a sum or a product of a bfloat16 tensor and a float32 one costs
ten times one of equal dtypes, so what runs between the products is kept in autocast's dtype too. Without autocast, as
everywhere in inference, nothing here applies.
"""

from __future__ import annotations

import torch
from torch import Tensor


def is_mixed(x: Tensor) -> bool:
    """Whether autocast is on where `x` is."""
    device = x.device.type
    return torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device)


def stream_dtype(weight: Tensor) -> torch.dtype:
    """Of the tokens that run past `weight`: its own, or autocast's while that is on."""
    return torch.get_autocast_dtype(weight.device.type) if is_mixed(weight) else weight.dtype
