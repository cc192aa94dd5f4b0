"""Image tokens of frames that were seen already: what one level has encoded, the other need not encode again."""

from __future__ import annotations

import threading
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
    use again: tokens are found for the very same picture and for no other. Safe to share between threads.

    Args:
        encode: Images [1, N, 3, Y, X] to their tokens [1, N, P, W].
        kept: Frames remembered; the one not used for longest goes first.
    """

    def __init__(self, encode: Callable[[Tensor], Tensor], *, kept: int = KEPT_FRAMES) -> None:
        self._encode = encode
        self._kept = kept
        self._lock = threading.Lock()
        # A comparison ends at the first byte that differs; a hash would read every picture to its end.
        self._known: list[tuple[bytes, Tensor]] = []

    def of(self, frames: Sequence[NDArray[np.uint8]]) -> Tensor:
        """Tokens [1, N, P, W] of frames [Y, X, 3], all of one size; those not known are encoded in one batch."""
        pixels = [frame.tobytes() for frame in frames]
        found = [self._look_up(each) for each in pixels]
        missing = [index for index, tokens in enumerate(found) if tokens is None]
        if missing:
            images = images_to_floats(torch.from_numpy(np.stack([frames[index] for index in missing])[None]))
            for index, made in zip(missing, self._encode(images).unbind(1), strict=True):
                found[index] = made
        whole = [tokens for tokens in found if tokens is not None]
        for each, tokens in zip(pixels, whole, strict=True):
            self._keep(each, tokens)
        return torch.stack(whole, dim=1)

    def known(self, frames: Sequence[NDArray[np.uint8]]) -> int:
        """How many of these frames would not have to be encoded."""
        return sum(self._look_up(frame.tobytes()) is not None for frame in frames)

    def remember(self, frame: NDArray[np.uint8], tokens_1PW: Tensor) -> None:
        """Keep tokens that were made elsewhere."""
        self._keep(frame.tobytes(), tokens_1PW)

    def forget(self) -> None:
        """Drop all; call it when weights have changed."""
        with self._lock:
            self._known.clear()

    def _look_up(self, pixels: bytes) -> Tensor | None:
        with self._lock:
            return next((tokens for known, tokens in self._known if known == pixels), None)

    def _keep(self, pixels: bytes, tokens_1PW: Tensor) -> None:
        with self._lock:
            others = [(known, tokens) for known, tokens in self._known if known != pixels]
            self._known = [*others, (pixels, tokens_1PW)][-self._kept :]
