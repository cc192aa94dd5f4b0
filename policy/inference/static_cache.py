"""Keys and values in buffers made once: the prefix at the front, the suffix written behind it in every step."""

from __future__ import annotations

import torch
from torch import Tensor

from policy.presets import GemmaConfig


class StaticCache:
    """Room for so many tokens in every layer of two towers that attend together.

    What has not been written is zero, so that a masked slot never holds NaN.

    Args:
        config: Of either tower; they agree in what matters here.
        batch: Samples.
        capacity: Tokens.
        dtype: Of keys and values.
        device: Where they lie.
    """

    def __init__(
        self, config: GemmaConfig, *, batch: int, capacity: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        shape = (config.depth, batch, config.kv_heads, capacity, config.head_dim)
        self._keys = torch.zeros(shape, dtype=dtype, device=device)
        self._values = torch.zeros(shape, dtype=dtype, device=device)

    @property
    def capacity(self) -> int:
        """Tokens that there is room for."""
        return self._keys.shape[3]

    def at(self, start: int, length: int, *, sees: int | None = None) -> CacheSlot:
        """Where `length` tokens from `start` on go; they see the first `sees` slots (all up to their own end).

        Raises:
            ValueError: There is no such room.
        """
        sees = start + length if sees is None else sees
        if not (start >= 0 and length > 0 and start + length <= sees <= self.capacity):
            message = f"tokens {start} to {start + length} that see {sees}, in a cache of {self.capacity}"
            raise ValueError(message)
        return CacheSlot(self._keys, self._values, slice(start, start + length), sees)


class CacheSlot:
    """A `Cache` that writes where it was told to. Writing again replaces: each denoising step does."""

    def __init__(self, keys: Tensor, values: Tensor, place: slice, sees: int) -> None:
        self._layers = list(zip(keys.unbind(), values.unbind(), strict=True))
        self._place = place
        self._sees = sees

    def extend(self, layer: int, k_BGSD: Tensor, v_BGSD: Tensor) -> tuple[Tensor, Tensor]:
        """Write the new ones in place; views of all that they see."""
        keys, values = self._layers[layer]
        keys[:, :, self._place] = k_BGSD
        values[:, :, self._place] = v_BGSD
        return keys[:, :, : self._sees], values[:, :, : self._sees]
