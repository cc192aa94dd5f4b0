"""Tokens along a line start out with neighbours alike."""

from __future__ import annotations

import torch
from torch import nn

from policy.model.ordered import order_rows

ROWS = list(range(10, 210))


def embedding(*, seed: int = 0) -> nn.Embedding:
    made = nn.Embedding(300, 64)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        made.weight.normal_(0.0, 0.06, generator=generator)
    order_rows(made, ROWS, generator=generator)
    return made


def likeness(weight: torch.Tensor, steps: int) -> float:
    one, other = weight[ROWS[:-steps]], weight[ROWS[steps:]]
    return float(torch.cosine_similarity(one, other, dim=1).mean())


def test_the_nearer_two_tokens_the_more_they_are_alike() -> None:
    weight = embedding().weight.detach()
    alike = [likeness(weight, steps) for steps in (1, 5, 20, 60, 150)]
    assert alike == sorted(alike, reverse=True)
    assert alike[0] > 0.9
    assert abs(alike[-1]) < 0.4


def test_rows_keep_their_size_and_others_stay_as_they_were() -> None:
    plain = nn.Embedding(300, 64)
    with torch.no_grad():
        plain.weight.normal_(0.0, 0.06, generator=torch.Generator().manual_seed(0))
    weight = embedding().weight.detach()
    others = [row for row in range(300) if row not in ROWS]
    assert torch.equal(weight[others], plain.weight[others])
    size = plain.weight.detach()[ROWS].std()
    assert 0.8 < float(weight[ROWS].std() / size) < 1.25


def test_the_same_seed_gives_the_same_rows() -> None:
    assert torch.equal(embedding().weight, embedding().weight)
    assert not torch.equal(embedding().weight, embedding(seed=1).weight)
