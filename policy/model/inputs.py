"""A batch as the models take it: the end of `policy.transforms` and the start of `policy.model`."""

from __future__ import annotations

from dataclasses import dataclass

import torch
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

    def __post_init__(self) -> None:
        """Refuse parts that do not fit each other, by shape and type alone: values may be on a device.

        Raises:
            ValueError: The message names the part.
        """
        images = self.images_BNCYX
        if images.ndim != 5 or images.shape[2] != 3 or not images.is_floating_point():
            message = (
                f"images must be [batch, cameras, 3, height, width] floats in [-1, 1], not {_described(images)};"
                " `policy.transforms.to_tensors` makes them of uint8"
            )
            raise ValueError(message)
        batch, cameras = images.shape[:2]
        if self.tokens_BL.ndim != 2 or len(self.tokens_BL) != batch or self.tokens_BL.is_floating_point():
            message = (
                f"prompts must be whole numbers of shape [{batch}, tokens], not {_described(self.tokens_BL)}"
            )
            raise ValueError(message)
        for name, mask, shape in (
            ("image mask", self.image_mask_BN, (batch, cameras)),
            ("prompt mask", self.token_mask_BL, tuple(self.tokens_BL.shape)),
        ):
            if mask.dtype != torch.bool or mask.shape != shape:
                raise ValueError(f"the {name} must be bool of shape {list(shape)}, not {_described(mask)}")
        state = self.state_BA
        if state.ndim != 2 or len(state) != batch or not state.is_floating_point():
            raise ValueError(f"states must be floats of shape [{batch}, width], not {_described(state)}")


def _described(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} of shape {list(tensor.shape)}"
