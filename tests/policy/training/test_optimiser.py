"""What a stage lets learn, how fast, and what it keeps for the backward pass."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
import torch

from policy.checkpoints.keys import EXPERT_LM_HEAD, part_of
from policy.model.initialise import initialise
from policy.model.pi0 import Pi0
from policy.training.ema import average, averaged_copy, decay_at
from policy.training.optimiser import begin_stage, make_optimiser, rate_at, set_rate, trained_parameters
from policy.training.parts import Parts
from policy.training.recipe import Stage
from policy.training.seeds import Place
from policy.training.step_loss import StepLoss
from tests.policy.training import synthetic
from tests.policy.training.synthetic import TINY

STAGE = Stage(name="both", steps=100, warmup=10, learning_rate=1e-3, final_rate=0.1, bf16=False)


def model() -> Pi0:
    made = Pi0(TINY)
    initialise(made, generator=torch.Generator().manual_seed(0), zeros=False)
    return made


def test_the_rate_climbs_to_its_peak_and_falls_to_its_share() -> None:
    rates = [rate_at(STAGE, step) for step in range(101)]
    assert all(one < other for one, other in pairwise(rates[:11]))
    assert max(rates) == rates[10] == 1e-3
    assert all(one > other for one, other in pairwise(rates[10:]))
    assert rates[100] == pytest.approx(1e-4)
    assert rate_at(msgspec.structs.replace(STAGE, warmup=0), 0) == 1e-3


@pytest.mark.parametrize("muon", [False, True])
def test_matrices_decay_and_norms_and_biases_do_not(muon: bool) -> None:
    own = model()
    optimiser = make_optimiser(own, muon=muon)
    set_rate(optimiser, STAGE, 5)
    for group in optimiser.param_groups:
        decays = {weight.ndim > 1 for weight in group["params"]}
        assert decays == {group["weight_decay"] > 0}


def test_muon_turns_the_matrices_of_layers_as_far_as_adamw_would_and_leaves_the_rest_to_it() -> None:
    longest = {}
    for muon in (False, True):
        own = model()
        optimiser = make_optimiser(own, muon=muon)
        set_rate(optimiser, msgspec.structs.replace(STAGE, weight_decay=0.0), 10)
        before = {name: weight.detach().clone() for name, weight in trained_parameters(own)}
        generator = torch.Generator().manual_seed(1)
        for _, weight in trained_parameters(own):
            weight.grad = torch.randn(weight.shape, generator=generator)
        optimiser.step()
        longest[muon] = {
            name: float((weight.detach() - before[name]).norm()) for name, weight in trained_parameters(own)
        }
    for name, weight in trained_parameters(own):
        if ".layers." in name and weight.ndim == 2:
            assert set(optimiser.moments(weight)) == {"momentum_buffer"}
            assert longest[True][name] == pytest.approx(0.2 * longest[False][name], rel=0.4)
        else:
            assert set(optimiser.moments(weight)) == {"step", "exp_avg", "exp_avg_sq"}
            assert longest[True][name] == longest[False][name]


def test_frozen_parts_and_the_unused_head_do_not_learn() -> None:
    own = model()
    begin_stage(own, msgspec.structs.replace(STAGE, freeze=("vision tower", "projector")))
    learns = {part_of(name) for name, weight in own.named_parameters() if weight.requires_grad}
    assert learns == {"embedding", "language model", "action expert", "heads"}
    begin_stage(own, STAGE)
    still = [name for name, weight in own.named_parameters() if not weight.requires_grad]
    assert still == [EXPERT_LM_HEAD]


@pytest.mark.parametrize("bf16", [False, True])
def test_what_is_computed_again_gives_the_same_gradients(parts: Parts, bf16: bool) -> None:
    gradients = []
    for checkpointing in (False, True):
        own = model()
        stage = msgspec.structs.replace(STAGE, checkpointing=checkpointing, bf16=bf16)
        begin_stage(own, stage)
        samples = [synthetic.sample(seed) for seed in range(6)]
        batch = synthetic.batcher(parts).step_batch(samples, stage, Place(0, 0, 0))
        StepLoss(own)(batch, stage)[0].backward()
        gradients.append([weight.grad for _, weight in trained_parameters(own)])
    for one, other in zip(*gradients, strict=True):
        assert one is not None
        assert other is not None
        assert torch.equal(one, other)


def test_insulated_the_language_tower_learns_nothing_from_actions(parts: Parts) -> None:
    own = model()
    stage = msgspec.structs.replace(STAGE, insulate=True, fast=0.0, text=0.0)
    begin_stage(own, stage)
    samples = [synthetic.sample(seed, "low") for seed in range(4)]
    batch = synthetic.batcher(parts).step_batch(samples, stage, Place(0, 0, 0))
    StepLoss(own)(batch, stage)[0].backward()
    taught = {
        part_of(name)
        for name, weight in own.named_parameters()
        if weight.grad is not None and bool(weight.grad.any())
    }
    assert taught == {"action expert", "heads"}


def test_the_average_follows_quickly_at_first_and_slowly_later() -> None:
    assert decay_at(0.998, 0) == pytest.approx(0.1)
    assert decay_at(0.998, 100_000) == 0.998
    own = model()
    averaged = averaged_copy(own)
    assert averaged.paligemma.lm_head.weight is averaged.paligemma.language.embed_tokens.weight
    before = averaged.action_in_proj.weight.clone()
    with torch.no_grad():
        own.action_in_proj.weight.add_(1.0)
    average([averaged.action_in_proj.weight], [own.action_in_proj.weight], decay=0.998, step=0)
    assert torch.allclose(averaged.action_in_proj.weight, before + 0.9)
    average([averaged.action_in_proj.weight], [own.action_in_proj.weight], decay=None, step=1)
    assert torch.equal(averaged.action_in_proj.weight, own.action_in_proj.weight)
