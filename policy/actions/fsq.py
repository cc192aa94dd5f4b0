"""Finite scalar quantisation: a few numbers, each rounded to one of a few levels, are one token.

No codebook is learned, so none can collapse: every combination of levels is a code. Source: Mentzer, Minnen, Agustsson
and Tschannen, "Finite Scalar Quantization: VQ-VAE Made Simple", 2023, section 3 and appendix A.1.

Axes here: C channels of a code, with `levels[c]` levels each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

EPSILON = 1e-3
"""How far beyond the outermost levels channels may go, so that tanh need not saturate to reach them."""


class FiniteScalarQuantizer(nn.Module):
    """Channels to levels and levels to ids; nothing to learn.

    Attributes:
        levels: Of each channel.
        codes: How many ids there are: the product of the levels.
    """

    def __init__(self, levels: Sequence[int]) -> None:
        super().__init__()
        if not levels or any(level < 2 for level in levels):
            message = f"a code has at least one channel with at least 2 levels each, not {tuple(levels)}"
            raise ValueError(message)
        self.levels = tuple(levels)
        self.codes = math.prod(levels)
        count_C = torch.tensor(levels, dtype=torch.float32)
        bound_C = (count_C - 1) * (1 + EPSILON) / 2
        # An even number of levels lies between whole numbers: half a step aside, and 0 still goes to 0.
        offset_C = torch.where(count_C % 2 == 0, 0.5, 0.0)
        place_C = torch.tensor([math.prod(levels[:channel]) for channel in range(len(levels))])
        constants = {
            "bound_C": bound_C,
            "offset_C": offset_C,
            "shift_C": torch.atanh(offset_C / bound_C),
            "half_C": torch.tensor(levels) // 2,
            "levels_C": torch.tensor(levels),
            "place_C": place_C,
        }
        for name, value in constants.items():
            self.register_buffer(name, value, persistent=False)
        self.bound_C: Tensor
        self.offset_C: Tensor
        self.shift_C: Tensor
        self.half_C: Tensor
        self.levels_C: Tensor
        self.place_C: Tensor

    def forward(self, values: Tensor) -> Tensor:
        """[..., C] of any size to codes: [..., C] in [-1, 1], each channel on one of its levels.

        The gradient is that of the values before they are rounded (straight through).
        """
        bounded = torch.tanh(values + self.shift_C) * self.bound_C - self.offset_C
        rounded = bounded + (bounded.round() - bounded).detach()
        return rounded / self.half_C

    def ids(self, codes: Tensor) -> Tensor:
        """Ids of codes: [..., C] to [...] int64, the first channel the lowest digit."""
        digits = (codes * self.half_C + self.half_C).round().to(torch.int64)
        return (digits * self.place_C).sum(-1)

    def codes_of(self, ids: Tensor) -> Tensor:
        """Codes of ids, each from 0 to `codes` - 1: [...] int64 to [..., C]."""
        digits = ids[..., None] // self.place_C % self.levels_C
        return (digits - self.half_C) / self.half_C
