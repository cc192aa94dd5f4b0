"""A batch as the models take it: the end of `policy.transforms` and the start of `policy.model`."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class ModelInputs:
    """Images, prompt and state of a batch, all on the model's device.

    Attributes:
        images_BNCYX: float32 in [-1, 1]; N cameras in the order of the checkpoint, 3 for the low level.
        image_mask_BN: bool; False where a camera is missing: all its tokens are invisible and take no position.
        tokens_BL: int64 prompt ids, padded at the right with 0.
        token_mask_BL: bool; True on real tokens.
        state_BA: float32, normalised, padded to the model's action width. π0.5 does not read it.
    """

    images_BNCYX: Tensor
    image_mask_BN: Tensor
    tokens_BL: Tensor
    token_mask_BL: Tensor
    state_BA: Tensor
