"""Keys and values that later tokens attend to. A layer asks one question of a cache: what do my tokens see?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Cache(Protocol):
    """One pass over a tower's layers asks `extend` once a layer."""

    def extend(self, layer: int, k_BGSD: Tensor, v_BGSD: Tensor) -> tuple[Tensor, Tensor]:
        """All keys and values that the new tokens see: what was there, then theirs."""
        ...


class PrefixCache:
    """Keeps what a pass over the prefix makes, layer by layer."""

    def __init__(self) -> None:
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []

    def extend(self, layer: int, k_BGSD: Tensor, v_BGSD: Tensor) -> tuple[Tensor, Tensor]:
        """Remember the new ones; the prefix sees itself only."""
        if layer != len(self.keys):
            message = (
                f"layer {layer} came after {len(self.keys)} layers; a prefix cache is filled once, in order"
            )
            raise ValueError(message)
        self.keys.append(k_BGSD)
        self.values.append(v_BGSD)
        return k_BGSD, v_BGSD

    def detached(self) -> PrefixCache:
        """The same without gradients: how knowledge insulation keeps the expert's loss out of the language tower."""
        copy = PrefixCache()
        copy.keys = [k.detach() for k in self.keys]
        copy.values = [v.detach() for v in self.values]
        return copy

    def repeated(self, times: int) -> PrefixCache:
        """Each row so many times, one after the other; gradients add up."""
        copy = PrefixCache()
        copy.keys = [k.repeat_interleave(times, dim=0) for k in self.keys]
        copy.values = [v.repeat_interleave(times, dim=0) for v in self.values]
        return copy

    def first(self, tokens: int) -> PrefixCache:
        """The first so many tokens: views, through which gradients flow."""
        copy = PrefixCache()
        copy.keys = [k[:, :, :tokens] for k in self.keys]
        copy.values = [v[:, :, :tokens] for v in self.values]
        return copy


class AfterPrefix:
    """What the suffix sees: the prefix, which stays as it is, then the suffix itself."""

    def __init__(self, prefix: PrefixCache) -> None:
        self._prefix = prefix

    def extend(self, layer: int, k_BGSD: Tensor, v_BGSD: Tensor) -> tuple[Tensor, Tensor]:
        """The prefix's, then the new ones; nothing is kept, so every denoising step starts from the same."""
        keys = torch.cat((self._prefix.keys[layer], k_BGSD), dim=2)
        values = torch.cat((self._prefix.values[layer], v_BGSD), dim=2)
        return keys, values


@dataclass(frozen=True)
class Prefix:
    """What the expert needs of images and prompt.

    Attributes:
        cache: Keys and values of every layer, keys already rotated.
        valid_BS: bool; which prefix tokens are real.
    """

    cache: PrefixCache
    valid_BS: Tensor

    def repeated(self, times: int) -> Prefix:
        """Each row so many times, one after the other: what one observation shows to several chunks."""
        if times == 1:
            return self
        return Prefix(self.cache.repeated(times), self.valid_BS.repeat_interleave(times, dim=0))
