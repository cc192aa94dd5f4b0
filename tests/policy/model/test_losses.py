"""What is in the loss, what is not, and where its gradient goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from policy.checkpoints.loading import load_into
from policy.checkpoints.weights import open_weights
from policy.model.flow_targets import FlowTargets, draw_targets
from policy.model.inputs import ModelInputs
from policy.model.losses import (
    POST_TRAINING,
    PRE_TRAINING,
    LossWeights,
    TrainingBatch,
    compute_loss,
    flow_loss_of,
    token_loss,
)
from policy.model.pi0 import Pi0
from policy.model.pi0_small import Pi0Small
from policy.model.reading import TargetTokens
from policy.presets import GemmaConfig, Pi0Config, VisionConfig
from tests.policy.model import tiny

GOLDEN = Path(__file__).parents[2] / "golden"


def tokens(rows: list[list[int]], mask: list[list[int]]) -> TargetTokens:
    return TargetTokens(torch.tensor(rows), torch.tensor(mask, dtype=torch.bool))


def flow_targets(**changes: Tensor) -> FlowTargets:
    targets = FlowTargets(
        actions_BTA=tiny.chunk(seed=3),
        noise_BTA=tiny.chunk(seed=4),
        time=torch.tensor([0.3, 0.9]),
        counts_BTA=torch.ones(2, tiny.HORIZON, tiny.ACTION_DIM, dtype=torch.bool),
    )
    return replace(targets, **changes)


def batch() -> TrainingBatch:
    return TrainingBatch(
        inputs=tiny.observation(),
        answer=tokens([[9, 5, 1, 0], [7, 1, 0, 0]], [[1, 1, 1, 0], [1, 1, 0, 0]]),
        fast=tokens([[40, 41, 42, 1], [43, 44, 1, 0]], [[1, 1, 1, 1], [1, 1, 1, 0]]),
        flow=flow_targets(),
    )


def gradients(model: nn.Module, batch: TrainingBatch, weights: LossWeights) -> dict[str, Tensor]:
    """By name; parameters that nothing reached are left out."""
    model.zero_grad(set_to_none=True)
    compute_loss(model, batch, weights).total.backward()
    return {name: each.grad for name, each in model.named_parameters() if each.grad is not None}


# -- values ------------------------------------------------------------------------------------------------------------


def test_cross_entropy_by_hand() -> None:
    """Scores of which the softmax is known: 1/2, 1/4, 1/8, 1/8."""
    logits = torch.tensor([4.0, 2.0, 1.0, 1.0]).log().expand(2, 3, 4)
    found = token_loss(logits, tokens([[0, 1, 3], [2, 0, 0]], [[1, 1, 0], [1, 0, 0]]))
    expected = torch.tensor([(1 + 2) / 2, 3.0]) * torch.log(torch.tensor(2.0))
    torch.testing.assert_close(found, expected)


def test_flow_loss_by_hand() -> None:
    """Two steps of two dimensions; the second sample keeps one element."""
    error = torch.tensor([[[1.0, 2.0], [3.0, 6.0]], [[5.0, 100.0], [100.0, 100.0]]])
    counts = torch.tensor([[[1, 1], [1, 1]], [[1, 0], [0, 0]]], dtype=torch.bool)
    found = flow_loss_of(error, FlowTargets(error, error, torch.zeros(2), counts))
    torch.testing.assert_close(found, torch.tensor([3.0, 5.0]))


def test_a_sample_without_any_token_or_step_adds_nothing_and_counts_in_the_mean() -> None:
    model, both = tiny.pi0("pi05"), batch()
    assert both.answer is not None
    assert both.flow is not None
    off = torch.tensor([[True], [False]])
    half = replace(
        both,
        answer=TargetTokens(both.answer.tokens_BL, both.answer.mask_BL & off),
        flow=replace(both.flow, counts_BTA=both.flow.counts_BTA & off[:, :, None]),
    )
    first = TrainingBatch(
        inputs=tiny.sample(both.inputs, 0),
        answer=TargetTokens(both.answer.tokens_BL[:1], both.answer.mask_BL[:1]),
        flow=FlowTargets(**{name: value[:1] for name, value in vars(both.flow).items()}),
    )
    found = compute_loss(model, replace(half, fast=None), POST_TRAINING)
    alone = compute_loss(model, first, POST_TRAINING)
    torch.testing.assert_close(found.text, alone.text / 2, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found.flow, alone.flow / 2, atol=1e-5, rtol=1e-5)


def test_the_total_is_the_weighted_sum() -> None:
    losses = compute_loss(tiny.pi0("pi05"), batch(), LossWeights(text=0.5, fast=2.0, flow=7.0))
    torch.testing.assert_close(losses.total, 0.5 * losses.text + 2 * losses.fast + 7 * losses.flow)
    assert min(losses.text, losses.fast, losses.flow) > 0


@torch.no_grad()
@pytest.mark.parametrize("kind", ["pi0", "pi05"])
def test_several_draws_of_noise_share_one_prefix(kind: Literal["pi0", "pi05"]) -> None:
    model, inputs = tiny.pi0(kind), tiny.observation()
    twice = FlowTargets(
        actions_BTA=tiny.chunk(4, seed=3),
        noise_BTA=tiny.chunk(4, seed=4),
        time=torch.tensor([0.3, 0.9, 0.1, 0.7]),
        counts_BTA=torch.ones(4, tiny.HORIZON, tiny.ACTION_DIM, dtype=torch.bool),
    )
    shared = compute_loss(model, TrainingBatch(inputs, flow=twice), POST_TRAINING)
    repeated = ModelInputs(
        **{name: value.repeat_interleave(2, dim=0) for name, value in vars(inputs).items()}
    )
    apart = compute_loss(model, TrainingBatch(repeated, flow=twice), POST_TRAINING)
    assert torch.allclose(shared.flow, apart.flow, atol=1e-6)


def test_the_flow_term_is_the_models_own_error() -> None:
    for model in (tiny.pi0("pi0"), tiny.pi0("pi05"), tiny.pi0_small()):
        targets = flow_targets()
        only_flow = TrainingBatch(tiny.observation(), flow=targets)
        error = model.flow_error(only_flow.inputs, targets.actions_BTA, targets.noise_BTA, targets.time)
        found = compute_loss(model, only_flow, LossWeights(flow=1.0))
        torch.testing.assert_close(found.flow, error.mean())
        torch.testing.assert_close(found.total, found.flow)


@pytest.mark.parametrize(("kind", "case"), [("pi0", "case0"), ("pi05", "case0"), ("pi05", "case2")])
def test_openpis_loss_with_all_dimensions(kind: Literal["pi0", "pi05"], case: str) -> None:
    model, inputs, targets, expected = openpis(kind, case)
    with torch.no_grad():
        error = model.flow_error(inputs, targets.actions_BTA, targets.noise_BTA, targets.time)
        torch.testing.assert_close(error, expected, atol=1e-4, rtol=1e-4)
        fast = TargetTokens(torch.full((len(error), 5), 300), torch.ones(len(error), 5, dtype=torch.bool))
        found = compute_loss(model, TrainingBatch(inputs, fast=fast, flow=targets), POST_TRAINING)
    torch.testing.assert_close(found.flow, expected.mean(), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found.total, found.fast + 10 * found.flow)


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside FAST tokens of no weight in it"])
def test_openpis_gradient_of_the_flow_loss(beside: bool) -> None:
    model, inputs, targets, _ = openpis("pi05", "case2")
    expected = load_file(GOLDEN / "pi05_asym_case2_grads.safetensors")
    fast = TargetTokens(torch.full((2, 5), 300), torch.zeros(2, 5, dtype=torch.bool)) if beside else None
    found = gradients(model, TrainingBatch(inputs, fast=fast, flow=targets), LossWeights(flow=1.0))
    for name, gradient in expected.items():
        own = found.get(name, torch.zeros_like(gradient))  # the last layer's queries: none here, zero there
        torch.testing.assert_close(own, gradient, atol=1e-4, rtol=1e-4)


def openpis(kind: Literal["pi0", "pi05"], case: str) -> tuple[Pi0, ModelInputs, FlowTargets, Tensor]:
    """A model of openpi's, a batch, and the error it finds; all dimensions count."""
    vectors = load_file(GOLDEN / f"{kind}_asym_{case}.safetensors")
    cameras = ("base_0_rgb", "left_wrist_0_rgb", "right_wrist_0_rgb")
    inputs = ModelInputs(
        images_BNCYX=torch.stack([vectors[f"in.image.{name}"] for name in cameras], dim=1) / 127.5 - 1,
        image_mask_BN=torch.stack([vectors[f"in.image_mask.{name}"] for name in cameras], dim=1),
        tokens_BL=vectors["in.tokenized_prompt"],
        token_mask_BL=vectors["in.tokenized_prompt_mask"],
        state_BA=vectors["in.state"],
    )
    error = vectors["out.loss"]
    targets = FlowTargets(
        vectors["in.actions"],
        vectors["in.noise"],
        vectors["in.time"],
        torch.ones_like(error, dtype=torch.bool),
    )
    return asym(kind), inputs, targets, error


def asym(kind: Literal["pi0", "pi05"]) -> Pi0:
    """The small model of openpi's with towers of different widths."""
    config = Pi0Config(
        kind=kind,
        vision=VisionConfig(width=48, depth=2, mlp_width=80, heads=4),
        language=GemmaConfig(width=72, depth=3, mlp_width=144, head_dim=16),
        expert=GemmaConfig(width=40, depth=3, mlp_width=96, head_dim=16),
        vocab_size=512,
        action_horizon=7,
        max_prompt_tokens=60,
    )
    model = Pi0(config)
    load_into(model, open_weights(GOLDEN / f"{kind}_asym_weights.safetensors"))
    return model


# -- masks -------------------------------------------------------------------------------------------------------------


def test_what_is_masked_has_exactly_no_effect() -> None:
    """Target tokens behind the mask, whatever they are; and the targets of steps and dimensions that don't count."""
    model, both = tiny.pi0("pi05"), batch()
    assert both.answer is not None
    assert both.fast is not None
    other = replace(
        both,
        answer=TargetTokens(both.answer.tokens_BL.where(both.answer.mask_BL, 33), both.answer.mask_BL),
        fast=TargetTokens(both.fast.tokens_BL.where(both.fast.mask_BL, 9999), both.fast.mask_BL),
    )
    first, second = gradients(model, both, POST_TRAINING), gradients(model, other, POST_TRAINING)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("what", ["steps", "dimensions"])
def test_errors_of_steps_and_dimensions_that_do_not_count_have_exactly_no_effect(what: str) -> None:
    steps, dims = torch.ones(2, 5, dtype=torch.bool), torch.ones(2, 6, dtype=torch.bool)
    if what == "steps":
        steps[0, 3:] = steps[1, 1:] = False
    else:
        dims[0, 4:] = dims[1, 1:] = False
    targets = draw_targets(tiny.chunk(), step_mask_BT=steps, dim_mask_BA=dims)
    assert torch.equal(targets.counts_BTA, steps[:, :, None] & dims[:, None])
    error = tiny.chunk(seed=9).square().requires_grad_()
    loss = flow_loss_of(error, targets)
    loss.sum().backward()
    assert error.grad is not None
    assert torch.equal(error.grad != 0, targets.counts_BTA)
    changed = error.detach().where(targets.counts_BTA, torch.tensor(1e9))
    assert torch.equal(flow_loss_of(changed, targets), loss.detach())
    by_hand = [error[index][targets.counts_BTA[index]].mean() for index in range(2)]
    torch.testing.assert_close(loss, torch.stack(by_hand))


def test_all_dimensions_count_unless_told_otherwise() -> None:
    steps = torch.tensor([[True] * 5, [True] * 2 + [False] * 3])
    targets = draw_targets(tiny.chunk(), step_mask_BT=steps)
    assert torch.equal(targets.counts_BTA, steps[:, :, None].expand(-1, -1, tiny.ACTION_DIM))


# -- gradients ---------------------------------------------------------------------------------------------------------


def is_expert(name: str) -> bool:
    return "paligemma_with_expert.paligemma" not in name


def test_pre_training_leaves_the_expert_alone() -> None:
    model = tiny.pi0("pi05")
    losses = compute_loss(model, batch(), PRE_TRAINING)
    assert losses.flow == 0
    found = gradients(model, batch(), PRE_TRAINING)
    assert not [name for name in found if is_expert(name)]
    assert [name for name in found if "vision_tower" in name]


def test_post_training_teaches_everything() -> None:
    model = tiny.pi0("pi05")
    found = gradients(model, batch(), POST_TRAINING)
    missing = [name for name, _ in model.named_parameters() if name not in found]
    assert missing == ["paligemma_with_expert.gemma_expert.lm_head.weight"]  # used by nothing


@pytest.mark.parametrize("make", [lambda: tiny.pi0("pi0"), lambda: tiny.pi0("pi05")], ids=["pi0", "pi05"])
def test_insulation_keeps_the_flow_out_of_the_language_tower(make: Callable[[], Pi0]) -> None:
    model, both = make(), batch()
    insulated = LossWeights(flow=10.0, insulate=True)
    only_flow = gradients(model, TrainingBatch(both.inputs, flow=both.flow), insulated)
    assert only_flow
    assert all(is_expert(name) for name in only_flow)
    text_alone = gradients(model, replace(both, flow=None), insulated)
    together = gradients(model, both, insulated)
    open_ = gradients(model, both, POST_TRAINING)
    reached = 0
    for name in together:
        if is_expert(name):
            torch.testing.assert_close(together[name], open_[name], atol=1e-4, rtol=1e-4)
        else:
            torch.testing.assert_close(together[name], text_alone[name], atol=1e-6, rtol=1e-5)
            reached += not torch.allclose(together[name], open_[name], atol=1e-4)
    assert reached > 10


def test_the_flow_reaches_pi0_smalls_encoders_unless_insulated() -> None:
    model, targets = tiny.pi0_small(), TrainingBatch(tiny.observation(), flow=flow_targets())
    assert [name for name in gradients(model, targets, POST_TRAINING) if "text_encoder" in name]
    insulated = gradients(model, targets, LossWeights(insulate=True))
    assert insulated
    assert not [name for name in insulated if name.startswith("observation")]


def test_a_weight_of_zero_is_a_term_that_is_not_run() -> None:
    model = tiny.pi0("pi05")
    losses = compute_loss(model, batch(), LossWeights(text=0.0, fast=0.0))
    assert (losses.text, losses.fast) == (0, 0)
    torch.testing.assert_close(losses.total, 10 * losses.flow)


# -- refusals ----------------------------------------------------------------------------------------------------------


def test_text_cannot_be_taught_to_a_model_without_a_language_tower() -> None:
    with pytest.raises(TypeError, match="Pi0Small has no language tower"):
        compute_loss(tiny.pi0_small(), batch(), POST_TRAINING)


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_weights_are_numbers_from_zero_up(weight: float) -> None:
    with pytest.raises(ValueError, match="weight of the flow loss"):
        LossWeights(flow=weight)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"noise_BTA": torch.zeros(2, 5, 5)}, r"noise of shape \(2, 5, 5\) for actions of \(2, 5, 6\)"),
        (
            {"actions_BTA": torch.zeros(2, 5, 6, dtype=torch.float64)},
            "actions_BTA must be float32, not torch.float64",
        ),
        ({"time": torch.zeros(2, 4)}, r"times must be \[2\] or \[2, 5\], not of shape \(2, 4\)"),
        ({"counts_BTA": torch.ones(2, 5, 6)}, r"mask of what counts must be bool .* not torch.float32"),
        (
            {"actions_BTA": torch.zeros(5, 6)},
            r"actions must be \[batch, steps, dimensions\], not of shape \(5, 6\)",
        ),
    ],
)
def test_parts_that_do_not_fit_each_other_are_refused(changes: dict[str, Tensor], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        flow_targets(**changes)


def test_a_batch_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="3 observations with 2 rows of answer targets"):
        replace(batch(), inputs=tiny.observation(3))


def test_chunks_of_another_size_are_refused() -> None:
    short = draw_targets(torch.zeros(2, 4, 6), step_mask_BT=torch.ones(2, 4, dtype=torch.bool))
    with pytest.raises(ValueError, match="chunks of 4 steps of 6 dimensions, for a model of 5 steps of 6"):
        compute_loss(tiny.pi0("pi05"), TrainingBatch(tiny.observation(), flow=short), POST_TRAINING)


# -- learning ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["pi05", "pi0-small"])
def test_sixty_steps_on_one_batch_drive_every_term_down(kind: str) -> None:
    torch.manual_seed(0)
    model: Pi0 | Pi0Small
    if kind == "pi0-small":
        model, taught = Pi0Small(tiny.PI0_SMALL_TINY), replace(batch(), answer=None, fast=None)
    else:
        model, taught = Pi0(tiny.pi0_config("pi05")), batch()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    first = compute_loss(model, taught, POST_TRAINING)
    for _ in range(60):
        optimizer.zero_grad()
        compute_loss(model, taught, POST_TRAINING).total.backward()
        optimizer.step()
    last = compute_loss(model, taught, POST_TRAINING)
    for name, before in vars(first).items():
        print(f"{kind} {name}: {before:.3f} -> {getattr(last, name):.4f}")
    assert last.flow < 0.25 * first.flow
    if kind != "pi0-small":
        assert last.text < 0.1 * first.text
        assert last.fast < 0.1 * first.fast
