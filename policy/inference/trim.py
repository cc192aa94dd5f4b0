"""Leaving out what nobody sees: padding of the prompt, and cameras that the whole batch lacks.

Both take no positions and are attended to by nobody, so the numbers stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch.nn.functional as F
from torch import Tensor

from policy.inference.techniques import Techniques
from policy.model.inputs import ModelInputs


@dataclass(frozen=True)
class Trimmed:
    """What is left of a batch.

    Attributes:
        inputs: Fewer cameras, a shorter prompt.
        cameras: Which cameras are left, as indices into those given.
        padded: Whether masks are still needed: samples of the batch differ, or a bucket is longer than the prompt.
    """

    inputs: ModelInputs
    cameras: tuple[int, ...]
    padded: bool


def trim(inputs: ModelInputs, techniques: Techniques, *, bucket: int = 1) -> Trimmed:
    """Leave out what nobody sees.

    Args:
        inputs: The batch. Reading its masks waits for the device, if they are on one.
        techniques: What may be left out.
        bucket: Prompt lengths are rounded up to a multiple of it, with more padding where there is too little.

    Raises:
        ValueError: A sample has no prompt token, or its prompt is padded elsewhere than at the right.
    """
    seen = inputs.image_mask_BN.tolist()
    given = inputs.tokens_BL.shape[1]
    lengths = inputs.token_mask_BL.sum(dim=1).tolist()
    if min(lengths) < 1:
        raise ValueError("a prompt has no tokens; every prompt has at least the one that begins it")
    longest = max(lengths)
    if bool(inputs.token_mask_BL[:, longest:].any()):
        raise ValueError("a prompt has padding before or between its tokens; padding belongs behind them")
    kept = tuple(range(len(seen[0])))
    if techniques.dropped_cameras:
        kept = tuple(index for index in kept if any(sample[index] for sample in seen))
    length = -(-longest // bucket) * bucket if techniques.trimmed_prompt else given
    if len(kept) < len(seen[0]):
        inputs = replace(
            inputs,
            images_BNCYX=inputs.images_BNCYX[:, list(kept)],
            image_mask_BN=inputs.image_mask_BN[:, list(kept)],
        )
    if length != given:
        inputs = replace(
            inputs,
            tokens_BL=_resized(inputs.tokens_BL, length),
            token_mask_BL=_resized(inputs.token_mask_BL, length),
        )
    # In buckets a prompt that happens to fill its own is masked all the same, or it would need a graph of its own.
    whole = bucket == 1 and all(sample[index] for sample in seen for index in kept) and min(lengths) == length
    return Trimmed(inputs, kept, padded=not whole)


def _resized(tokens_BL: Tensor, length: int) -> Tensor:
    given = tokens_BL.shape[1]
    return tokens_BL[:, :length] if length <= given else F.pad(tokens_BL, (0, length - given))
