"""Under autocast tokens run in bfloat16, and losses and gradients stay near those of float32."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from policy.model.activation import gelu
from policy.model.attention import eager
from policy.model.flow_targets import draw_targets
from policy.model.initialise import initialise
from policy.model.losses import LossWeights, TrainingBatch, compute_loss
from policy.model.norms import AdaRmsNorm, Modulation, RmsNorm
from policy.model.pi0 import Pi0
from policy.model.rope import rotate, rotation
from tests.policy.model import tiny

DRAWS = 3


@pytest.fixture(scope="module")
def model() -> Pi0:
    made = Pi0(tiny.pi0_config("pi05"))
    initialise(made, generator=torch.Generator().manual_seed(0))
    return made


def gradients(model: Pi0, *, mixed: bool, attend: object = None) -> tuple[float, dict[str, Tensor]]:
    """The flow's loss, and the gradient of each weight that it reaches."""
    torch.manual_seed(0)
    inputs = tiny.observation()
    rows = DRAWS * len(inputs.tokens_BL)
    targets = draw_targets(
        torch.randn(rows, tiny.HORIZON, tiny.ACTION_DIM),
        step_mask_BT=torch.ones(rows, tiny.HORIZON, dtype=torch.bool),
    )
    model.zero_grad()
    chosen = {} if attend is None else {"attend": attend}
    with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
        total = compute_loss(model, TrainingBatch(inputs, flow=targets), LossWeights(), **chosen).total
    total.backward()
    return total.item(), {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def test_in_float32_losses_and_gradients_are_those_of_the_attention_in_the_open(model: Pi0) -> None:
    loss, found = gradients(model, mixed=False)
    expected_loss, expected = gradients(model, mixed=False, attend=eager)
    assert loss == pytest.approx(expected_loss, rel=1e-5)
    assert found.keys() == expected.keys()
    for name, each in expected.items():
        assert (found[name] - each).norm() <= 1e-4 * each.norm() + 1e-6, name


def test_under_autocast_losses_and_gradients_stay_near_those_of_float32(model: Pi0) -> None:
    loss, near = gradients(model, mixed=True)
    exact_loss, exact = gradients(model, mixed=False)
    assert loss == pytest.approx(exact_loss, rel=0.01)
    assert near.keys() == exact.keys()
    all_near, all_exact = (torch.cat([g.flatten() for g in each.values()]) for each in (near, exact))
    assert all_near.dtype == torch.float32
    assert (all_near - all_exact).norm() < 0.03 * all_exact.norm()


def test_under_autocast_tokens_run_in_bfloat16(model: Pi0) -> None:
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        prefix = model.prefill(tiny.observation())
        tokens, _ = model.paligemma.embed_prefix(tiny.observation())
    assert tokens.dtype == torch.bfloat16
    assert {each.dtype for each in (*prefix.cache.keys, *prefix.cache.values)} == {torch.bfloat16}


def test_the_patches_of_an_image_are_the_convolutions() -> None:
    vision = Pi0(tiny.pi0_config("pi05")).paligemma.vision
    images = torch.randn(2, 3, 30, 29, generator=torch.Generator().manual_seed(0))  # more than whole patches
    exact = vision.embed(images)
    with torch.autocast("cpu", torch.bfloat16):
        near = vision.embed(images)
    assert near.dtype == torch.bfloat16
    torch.testing.assert_close(near.float(), exact, atol=0.03, rtol=0.03)


def numbers(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(len(shape))).requires_grad_()


def norm(x: Tensor) -> Tensor:
    return RmsNorm(16)(x)


def adaptive_norm(x: Tensor) -> Tensor:
    modulation = Modulation(*(numbers(2, 1, 16).detach().to(x.dtype) for _ in range(3)))
    return AdaRmsNorm(16, condition_width=16)(x, modulation)


def turned(x: Tensor) -> Tensor:
    angles = rotation(torch.arange(5)[None], head_dim=16, dtype=x.dtype)
    return rotate(x[:, None], angles)


@pytest.mark.parametrize("operation", [norm, adaptive_norm, turned, gelu])
def test_each_operation_with_a_form_for_autocast_gives_values_and_gradients_near(operation: object) -> None:
    assert callable(operation)
    x = numbers(2, 5, 16)
    exact = operation(x)
    weights = torch.linspace(-1, 1, exact.numel()).reshape(exact.shape)
    with torch.autocast("cpu", torch.bfloat16):
        near = operation(x.to(torch.bfloat16))
    assert near.dtype == torch.bfloat16
    assert (near.float() - exact).norm() < 0.01 * exact.norm()
    found, expected = (torch.autograd.grad((each * weights).sum(), x)[0] for each in (near, exact))
    assert (found - expected).norm() < 0.02 * expected.norm()
