"""Flow time: the steps taken, and what the model is told of it."""

from __future__ import annotations

import pytest
import torch

from policy.model import flow


def test_times_begin_at_noise_and_never_reach_the_data() -> None:
    assert flow.euler_times()[:3] == [1.0, pytest.approx(0.9), pytest.approx(0.8)]
    for steps in (1, 2, 3, 7, 10, 33, 100):
        times = flow.euler_times(steps)
        assert len(times) == steps
        assert min(times) == pytest.approx(1 / steps, abs=1e-5)


@pytest.mark.parametrize("steps", [0, -3])
def test_no_step_is_refused(steps: int) -> None:
    with pytest.raises(ValueError, match=f"{steps} denoising steps; at least 1"):
        flow.euler_times(steps)


def test_the_embedding_is_sines_then_cosines_of_periods_from_the_shortest() -> None:
    embedding = flow.embed_time(torch.tensor([0.0, 0.001, 1.0]), 4)
    assert embedding.dtype == torch.float64
    assert embedding[0].tolist() == [0, 0, 1, 1]
    # A quarter of the shortest period, 0.004; a quarter of the longest, 4.
    torch.testing.assert_close(
        embedding[1, [0, 2]], torch.tensor([1.0, 0.0], dtype=torch.float64), atol=1e-6, rtol=0
    )
    torch.testing.assert_close(
        embedding[2, [1, 3]], torch.tensor([1.0, 0.0], dtype=torch.float64), atol=1e-6, rtol=0
    )


def test_an_odd_width_is_refused() -> None:
    with pytest.raises(ValueError, match="a width of 41 is odd"):
        flow.embed_time(torch.ones(1), 41)
