"""Samples to a batch of tensors: the end of the transforms and the start of the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from policy.model.inputs import ModelInputs
from policy.presets import LOW_LEVEL_CAMERAS
from policy.transforms.compose import Sample

Number = TypeVar("Number", bound=np.generic)


def to_tensors(
    samples: Sequence[Sample],
    *,
    cameras: Sequence[str] = LOW_LEVEL_CAMERAS,
    device: torch.device | str = "cpu",
    trim: bool = False,
    multiple: int = 1,
) -> ModelInputs:
    """A batch of samples as the model takes it.

    Args:
        samples: At least one, as `Pipeline.inputs` returns them, all of one size.
        cameras: In the order of the checkpoint.
        device: Where the tensors go. Images travel as uint8 and become floats there.
        trim: Leave out the padding that all prompts of the batch share. Positions count real tokens only and padding
            is masked, so the answer stays the same and takes less time.
        multiple: With `trim`, round the length up to a multiple of this, so that few different lengths occur.

    Returns:
        The batch; images are computed as x.float() / 255 * 2 - 1, in that order.

    Raises:
        ValueError: No samples, a camera or tokens missing, or samples that differ in size.
    """
    if not samples:
        raise ValueError("a batch has at least one sample, not none")
    if multiple < 1:
        raise ValueError(f"prompt lengths are rounded up to a multiple of 1 or more, not of {multiple}")
    for sample in samples:
        missing = [name for name in cameras if name not in sample["image"]]
        if missing:
            message = f"the sample lacks camera {', '.join(missing)}; it has {', '.join(sample['image'])}"
            raise ValueError(message)
        if "tokenized_prompt" not in sample:
            raise ValueError("the sample has no tokens; pass it through a pipeline with TokenizePrompt first")
    images = torch.from_numpy(
        _stacked("images", [np.stack([sample["image"][name] for name in cameras]) for sample in samples])
    )
    # A mask that is not there means that the camera is.
    masks = [[bool(sample["image_mask"].get(name, True)) for name in cameras] for sample in samples]
    tokens = _stacked("prompts", [sample["tokenized_prompt"] for sample in samples])
    token_mask = _stacked("prompt masks", [sample["tokenized_prompt_mask"] for sample in samples])
    if trim:
        length = max(1, int(token_mask.sum(axis=1).max()))
        length = min(tokens.shape[1], -(-length // multiple) * multiple)
        tokens, token_mask = tokens[:, :length], token_mask[:, :length]
    state = _stacked("states", [sample["state"] for sample in samples])
    return ModelInputs(
        images_BNCYX=images_to_floats(images.to(device)),
        image_mask_BN=torch.tensor(masks, dtype=torch.bool, device=device),
        tokens_BL=torch.from_numpy(np.ascontiguousarray(tokens)).to(device),
        token_mask_BL=torch.from_numpy(np.ascontiguousarray(token_mask)).to(device),
        state_BA=torch.from_numpy(state.astype(np.float32)).to(device),
    )


def images_to_floats(images_BNYXC: Tensor) -> Tensor:
    """[B, N, Y, X, 3] uint8 to [B, N, 3, Y, X] float32 in [-1, 1]; black becomes -1.

    Raises:
        ValueError: They are not uint8.
    """
    if images_BNYXC.dtype != torch.uint8:
        raise ValueError(f"images become floats from uint8, not from {images_BNYXC.dtype}")
    images_BNCYX = images_BNYXC.permute(0, 1, 4, 2, 3).contiguous()
    return images_BNCYX.float() / 255.0 * 2.0 - 1.0


def _stacked(name: str, arrays: Sequence[NDArray[Number]]) -> NDArray[Number]:
    shapes = sorted({array.shape for array in arrays})
    if len(shapes) > 1:
        raise ValueError(
            f"{name} of a batch have one shape, not {' and '.join(str(list(shape)) for shape in shapes)}"
        )
    return np.stack(arrays)
