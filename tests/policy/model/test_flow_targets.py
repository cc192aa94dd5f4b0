"""Noise, times and committed steps are drawn as they are taught."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from policy.model import flow
from policy.model.flow_targets import draw_targets
from policy.model.losses import LossWeights, TrainingBatch, compute_loss
from tests.policy.model import tiny


def test_draws_are_the_generators_and_times_the_flows() -> None:
    actions, steps = tiny.chunk(4), torch.ones(4, 5, dtype=torch.bool)
    first, second = (
        draw_targets(actions, step_mask_BT=steps, generator=torch.Generator().manual_seed(5))
        for _ in range(2)
    )
    assert torch.equal(first.noise_BTA, second.noise_BTA)
    assert torch.equal(first.time, second.time)
    many = draw_targets(
        torch.zeros(20_000, 1, 1),
        step_mask_BT=torch.ones(20_000, 1, dtype=torch.bool),
        generator=torch.Generator().manual_seed(0),
    )
    assert many.time.min() >= 0.001
    assert many.time.max() <= 1.0
    assert many.time.mean().item() == pytest.approx(
        0.999 * 0.6 + 0.001, abs=0.01
    )  # Beta(1.5, 1) has mean 0.6
    assert many.noise_BTA.std().item() == pytest.approx(1.0, abs=0.03)


def test_committed_steps_are_clean_and_not_in_the_loss() -> None:
    count = 400
    actions, steps = tiny.chunk(count), torch.ones(count, 5, dtype=torch.bool)
    steps[:, 4] = False
    targets = draw_targets(
        actions, step_mask_BT=steps, max_committed=3, generator=torch.Generator().manual_seed(1)
    )
    committed_B = (targets.time == 0).sum(dim=1)
    assert set(committed_B.tolist()) == {0, 1, 2, 3}
    leading = torch.arange(5) < committed_B[:, None]
    assert torch.equal(targets.time == 0, leading)
    assert torch.equal(targets.counts_BTA.any(dim=-1), steps & ~leading)
    x_BTA = flow.interpolate(actions, targets.noise_BTA, targets.time)
    assert torch.equal(x_BTA[leading], actions[leading])
    later = targets.time.masked_fill(leading, torch.nan).nan_to_num(-1).max(dim=1).values
    assert torch.equal(targets.time.where(~leading, later[:, None]), later[:, None].expand(-1, 5))


def test_committed_steps_tell_the_model_where_to_go_on() -> None:
    for model in (tiny.pi0("pi0"), tiny.pi0("pi05"), tiny.pi0_small()):
        targets = draw_targets(
            tiny.chunk(),
            step_mask_BT=torch.ones(2, 5, dtype=torch.bool),
            max_committed=4,
            generator=torch.Generator().manual_seed(3),
        )
        assert (targets.time == 0).any()
        losses = compute_loss(model, TrainingBatch(tiny.observation(), flow=targets), LossWeights(flow=1.0))
        moved = targets.actions_BTA.clone()
        moved[targets.time == 0] += 1.0
        other = compute_loss(
            model,
            TrainingBatch(tiny.observation(), flow=replace(targets, actions_BTA=moved)),
            LossWeights(flow=1.0),
        )
        assert losses.flow.isfinite()
        assert not torch.isclose(losses.flow, other.flow)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"max_committed": 5}, "at most 5 committed steps of 5; allowed are 0 to 4"),
        ({"step_mask_BT": torch.ones(2, 4, dtype=torch.bool)}, r"step mask must be bool of shape \(2, 5\)"),
        (
            {"dim_mask_BA": torch.ones(2, 6)},
            r"dimension mask must be bool of shape \(2, 6\), not torch.float32",
        ),
    ],
)
def test_targets_that_do_not_fit_are_refused(changes: dict[str, object], message: str) -> None:
    arguments = {"step_mask_BT": torch.ones(2, 5, dtype=torch.bool)} | changes
    with pytest.raises(ValueError, match=message):
        draw_targets(tiny.chunk(), **arguments)
