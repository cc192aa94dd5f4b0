"""Which weights may lose precision for inference: openpi's rule for its own models, all of any other."""

from __future__ import annotations

import torch
from torch import nn

_CAST_WITHIN = "paligemma_with_expert."
_KEPT = (
    "embeddings.stem.",
    "patch_embedding",
    "position_embedding",
    "input_layernorm",
    "post_attention_layernorm",
    "language_model.norm.",
    "gemma_expert.model.norm.",
)
"""Parts of names: every Gemma norm with adaRMS's dense layers, and the image encoder's first step; not its norms."""


def keeps_float32(name: str) -> bool:
    """Whether a weight of openpi's models stays float32: the heads, Gemma's norms, the image embeddings."""
    return not name.startswith(_CAST_WITHIN) or any(part in name for part in _KEPT)


def cast_for_inference(model: nn.Module, dtype: torch.dtype) -> None:
    """Cast a model's weights in place, in openpi's models all but those that stay float32. Tied weights stay tied.

    π0-small, which openpi does not have, is cast whole: its layers take inputs of their own dtype only.

    Args:
        model: May be on the meta device.
        dtype: `torch.bfloat16`, or `torch.float32` to make all float32.

    Raises:
        ValueError: Another dtype.
    """
    if dtype not in (torch.bfloat16, torch.float32):
        raise ValueError(f"a policy computes in torch.bfloat16 or torch.float32, not in {dtype}")
    parameters = dict(model.named_parameters())
    is_openpis = any(name.startswith(_CAST_WITHIN) for name in parameters)
    with torch.no_grad():
        for name, parameter in parameters.items():
            wanted = torch.float32 if is_openpis and keeps_float32(name) else dtype
            if parameter.dtype != wanted:
                parameter.data = parameter.data.to(wanted)
