"""FAST: few tokens, small error, and never another shape."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from policy.actions.fast import FastTokenizer
from policy.actions.tokenizer import MalformedTokens


def smooth(count: int, *, seed: int, steps: int = 50, dims: int = 19) -> NDArray[np.float64]:
    """Sums of two slow sines, each dimension by itself."""
    rng = np.random.default_rng(seed)
    size = (count, 2, 1, dims)
    turn = 2 * np.pi * rng.uniform(0.1, 0.8, size) * np.arange(steps)[:, None] / 50
    return (rng.uniform(0.1, 0.5, size) * np.sin(turn + rng.uniform(0, 2 * np.pi, size))).sum(1)


@pytest.fixture(scope="module")
def fast() -> FastTokenizer:
    return FastTokenizer.fit(smooth(400, seed=0), scale=6)


def test_a_chunk_comes_back_within_the_rounding(fast: FastTokenizer) -> None:
    for chunk in smooth(50, seed=1):
        decoded = fast.decode(fast.encode(chunk))
        assert decoded.shape == (50, 19)
        assert np.sqrt(np.mean((decoded - chunk) ** 2)) <= 0.5 / 6


def test_too_few_tokens_are_refused(fast: FastTokenizer) -> None:
    ids = fast.encode(smooth(1, seed=2)[0])
    with pytest.raises(MalformedTokens, match="a chunk has 950"):
        fast.decode(ids[:-1])
