"""A model that has learned nothing is as unsure as it should be, and every weight can learn."""

from __future__ import annotations

import math
from typing import Literal

import pytest
import torch
from torch import nn

from policy.model.flow_targets import FlowTargets, draw_targets
from policy.model.initialise import CUT, CUT_DEVIATION, cut_normal, initialise, residual_outputs
from policy.model.inputs import ModelInputs
from policy.model.losses import LossWeights, TrainingBatch, compute_loss
from policy.model.pi0 import Pi0
from policy.model.pi0_fast import Pi0Fast
from policy.model.pi0_small import Pi0Small
from policy.model.reading import TargetTokens
from policy.presets import PI05_SMALL
from tests.policy.model import tiny


def initialised(model: tiny.Module, *, seed: int = 0, zeros: bool = True) -> tiny.Module:
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(torch.nan)  # whatever is left out shows
    initialise(model, generator=torch.Generator().manual_seed(seed), zeros=zeros)
    return model


def models(*, zeros: bool = True) -> list[nn.Module]:
    made = (
        Pi0(tiny.pi0_config("pi05")),
        Pi0(tiny.pi0_config("pi0")),
        Pi0Fast(tiny.PI0_FAST_TINY),
        Pi0Small(tiny.PI0_SMALL_TINY),
    )
    return [initialised(model, zeros=zeros) for model in made]


def flow_targets() -> FlowTargets:
    chunk = torch.rand((2, tiny.HORIZON, tiny.ACTION_DIM), generator=torch.Generator().manual_seed(3)) * 2 - 1
    return draw_targets(
        chunk,
        step_mask_BT=torch.ones((2, tiny.HORIZON), dtype=torch.bool),
        generator=torch.Generator().manual_seed(4),
    )


def written(vocab_size: int) -> TargetTokens:
    tokens = torch.randint(4, vocab_size, (2, 24), generator=torch.Generator().manual_seed(5))
    return TargetTokens(tokens, torch.ones_like(tokens, dtype=torch.bool))


@pytest.mark.parametrize("kind", ["pi05", "pi0"])
def test_the_first_losses_are_those_of_knowing_nothing(kind: Literal["pi0", "pi05"]) -> None:
    model = initialised(Pi0(tiny.pi0_config(kind)))
    targets, tokens = flow_targets(), written(tiny.VOCABULARY)
    losses = compute_loss(
        model, TrainingBatch(tiny.observation(), answer=tokens, fast=tokens, flow=targets), LossWeights()
    )
    assert losses.text.item() == pytest.approx(math.log(tiny.VOCABULARY), rel=0.1)
    assert losses.fast.item() == pytest.approx(math.log(tiny.VOCABULARY), rel=0.1)
    spread = (targets.noise_BTA - targets.actions_BTA).square().mean().item()
    assert losses.flow.item() == pytest.approx(spread, rel=1e-5)


def test_the_first_text_loss_of_the_small_preset() -> None:
    """At a real vocabulary's size, where a head that repeats what it read would be 50 % off."""
    model = initialised(Pi0(PI05_SMALL))
    side, size = PI05_SMALL.vision.image_size, PI05_SMALL.vocab_size
    prompt = written(size)
    inputs = ModelInputs(
        images_BNCYX=torch.rand((2, 3, 3, side, side), generator=torch.Generator().manual_seed(1)) * 2 - 1,
        image_mask_BN=torch.ones((2, 3), dtype=torch.bool),
        tokens_BL=prompt.tokens_BL,
        token_mask_BL=prompt.mask_BL,
        state_BA=torch.zeros((2, PI05_SMALL.action_dim)),
    )
    with torch.no_grad():
        loss = compute_loss(model, TrainingBatch(inputs, answer=written(size)), LossWeights()).text.item()
    assert loss == pytest.approx(math.log(size), rel=0.05)


def test_pi0_small_begins_with_a_velocity_of_zero() -> None:
    model = initialised(Pi0Small(tiny.PI0_SMALL_TINY))
    targets = flow_targets()
    losses = compute_loss(model, TrainingBatch(tiny.observation(), flow=targets), LossWeights())
    spread = (targets.noise_BTA - targets.actions_BTA).square().mean().item()
    assert losses.flow.item() == pytest.approx(spread, rel=1e-6)


def test_all_is_drawn_and_the_seed_decides() -> None:
    for one, again in zip(models(), models(), strict=True):
        for (name, parameter), other in zip(one.named_parameters(), again.parameters(), strict=True):
            assert torch.isfinite(parameter).all(), name
            assert torch.equal(parameter, other), name
    one, other = (initialised(Pi0(tiny.pi0_config("pi0")), seed=seed) for seed in (1, 2))
    assert not torch.equal(one.action_in_proj.weight, other.action_in_proj.weight)


def test_without_zeros_every_matrix_has_an_effect() -> None:
    for model in models(zeros=False):
        assert all(parameter.any() for parameter in model.parameters() if parameter.ndim > 1)


def test_tied_weights_stay_tied() -> None:
    model = initialised(Pi0Fast(tiny.PI0_FAST_TINY)).paligemma
    assert model.lm_head.weight is model.language.embed_tokens.weight
    assert model.lm_head.weight.std().item() == pytest.approx(0.5 * tiny.LANGUAGE.width**-0.5, rel=0.1)


def test_what_layers_add_is_counted_for_each_tower() -> None:
    counts = {branches for _, branches in residual_outputs(Pi0(tiny.pi0_config("pi05")))}
    assert counts == {2 * tiny.VISION.depth, 2 * tiny.LANGUAGE.depth}
    small = list(residual_outputs(Pi0Small(tiny.PI0_SMALL_TINY)))
    config = tiny.PI0_SMALL_TINY
    expected = 3 * 2 * config.vision.depth + 2 * config.observation.depth + 3 * config.expert.depth
    assert len(small) == expected
    assert len({id(linear) for linear, _ in small}) == expected


def test_a_few_steps_of_training_reach_every_weight() -> None:
    """Zeros hold back gradients for the first step or two, and not for longer."""
    for model in models():
        assert isinstance(model, Pi0 | Pi0Fast | Pi0Small)
        text = None if isinstance(model, Pi0Small) else written(tiny.VOCABULARY)
        batch = TrainingBatch(
            tiny.observation(), answer=text, flow=None if isinstance(model, Pi0Fast) else flow_targets()
        )
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        for _ in range(4):
            optimizer.zero_grad()
            compute_loss(model, batch, LossWeights()).total.backward()
            optimizer.step()
        still = [name for name, parameter in model.named_parameters() if not _learns(name, parameter)]
        assert still == []


def _learns(name: str, parameter: nn.Parameter) -> bool:
    """Biases of keys shift every score alike; the expert's text head, and the gate of its last norm, serve nobody."""
    if "gemma_expert.lm_head" in name or name.endswith(("k_proj.bias", "k_lin.bias")):
        return True
    return parameter.grad is not None and bool(parameter.grad.any())


def test_the_normal_distribution_is_cut() -> None:
    values = cut_normal((300, 400), generator=torch.Generator().manual_seed(0))
    assert values.shape == (300, 400)
    assert values.abs().max().item() <= CUT
    assert values.std().item() == pytest.approx(CUT_DEVIATION, rel=0.01)
    assert values.mean().item() == pytest.approx(0, abs=0.01)


def test_bfloat16_weights_stay_so() -> None:
    model = initialised(Pi0Small(tiny.PI0_SMALL_TINY).to(torch.bfloat16), zeros=False)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16}
    assert all(torch.isfinite(parameter).all() for parameter in model.parameters())
