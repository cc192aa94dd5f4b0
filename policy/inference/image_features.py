"""Image tokens of frames that were seen already: what one level has encoded, the other need not encode again."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from policy.transforms.to_tensors import images_to_floats

KEPT_FRAMES = 8
"""Two of each of four cameras: the frames of an observation, and those of the next."""


class ImageFeatures:
    """Image tokens by the frame they were made of.

    A frame is known by its pixels, not by its name or its place in memory, since cameras write into buffers that they
    use again: tokens are found for the very same picture and for no other.

    Args:
        encode: Images [1, N, 3, Y, X] to their tokens [1, N, P, W].
        kept: Frames remembered; the one not used for longest goes first.
    """

    def __init__(self, encode: Callable[[Tensor], Tensor], *, kept: int = KEPT_FRAMES) -> None:
        self._encode = encode
        self._kept = kept
        self._tokens: OrderedDict[bytes, Tensor] = OrderedDict()

    def of(self, frames: Sequence[NDArray[np.uint8]]) -> Tensor:
        """Tokens [1, N, P, W] of frames [Y, X, 3]; those not known are encoded in one batch and remembered."""
        keys = [key_of(frame) for frame in frames]
        found = {key: self._tokens[key] for key in keys if key in self._tokens}
        missing = {key: frame for key, frame in zip(keys, frames, strict=True) if key not in found}
        if missing:
            images = images_to_floats(torch.from_numpy(np.stack(list(missing.values())))[None])
            found |= dict(zip(missing, self._encode(images).unbind(1), strict=True))
        for key in keys:
            self._keep(key, found[key])
        return torch.stack([found[key] for key in keys], dim=1)

    def known(self, frames: Sequence[NDArray[np.uint8]]) -> int:
        """How many of these frames would not have to be encoded."""
        return sum(key_of(frame) in self._tokens for frame in frames)

    def remember(self, frame: NDArray[np.uint8], tokens_1PW: Tensor) -> None:
        """Keep tokens that were made elsewhere."""
        self._keep(key_of(frame), tokens_1PW)

    def forget(self) -> None:
        """Drop all; call it when weights have changed."""
        self._tokens.clear()

    def _keep(self, key: bytes, tokens_1PW: Tensor) -> None:
        self._tokens[key] = tokens_1PW
        self._tokens.move_to_end(key)
        while len(self._tokens) > self._kept:
            self._tokens.popitem(last=False)


def key_of(frame: NDArray[np.uint8]) -> bytes:
    """A fingerprint of the pixels: a fifth of a millisecond for a frame of 224 × 224."""
    digest = hashlib.blake2b(frame.tobytes(), digest_size=16)
    digest.update(repr(frame.shape).encode())
    return digest.digest()
