"""Tokens that stand for places along a line, such as bins of a state, start out with neighbours alike.

Drawn one by one, 256 bins would be 256 words without anything in common, and a policy that is trained from nothing
would have to meet each of them many times before it knew that 100 lies between 99 and 101.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import torch
from torch import nn

REACHES: Final = (0.01, 0.04, 0.16)
"""How far along the whole line rows are alike, as standard deviations of three parts of equal weight: close by to tell
neighbours apart, and far to know the ends from the middle."""


@torch.no_grad()
def order_rows(
    embedding: nn.Embedding, rows: Sequence[int], *, generator: torch.Generator | None = None
) -> None:
    """Draw rows of an embedding anew, as points of a smooth random curve; they keep their size.

    Args:
        embedding: In which they stand.
        rows: Along the line, from one end to the other.
        generator: On the embedding's device.
    """
    if len(rows) < 2:
        return
    index = torch.tensor(list(rows), device=embedding.weight.device)
    size = embedding.weight[index].float().square().mean().sqrt()
    place = torch.linspace(0.0, 1.0, len(rows), device=index.device)
    curve = torch.zeros(len(rows), embedding.weight.shape[1], device=index.device)
    for reach in REACHES:
        blend = torch.exp(-((place[:, None] - place) ** 2) / (2.0 * reach**2))
        blend /= blend.square().sum(dim=1, keepdim=True).sqrt()
        drawn = torch.empty_like(curve).normal_(generator=generator)
        curve += blend @ drawn / math.sqrt(len(REACHES))
    embedding.weight[index] = (curve * size).to(embedding.weight.dtype)
