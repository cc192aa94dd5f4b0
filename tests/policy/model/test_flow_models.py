"""What every flow model must do, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from policy.model import attention, flow
from policy.model.flow_model import FlowModel
from tests.policy.model import tiny

MODELS: dict[str, Callable[[], FlowModel]] = {
    "pi0": lambda: tiny.pi0("pi0"),
    "pi05": lambda: tiny.pi0("pi05"),
    "pi0-small": tiny.pi0_small,
}


@pytest.fixture(params=list(MODELS))
def model(request: pytest.FixtureRequest) -> FlowModel:
    return MODELS[request.param]()


def velocity(model: FlowModel, inputs: tiny.ModelInputs, x_BTA: Tensor, time: Tensor) -> Tensor:
    with torch.no_grad():
        return model.velocity(model.prefill(inputs), inputs.state_BA, x_BTA, time)


TIME = torch.tensor([0.3, 0.9])


def test_velocity_has_the_shape_of_a_chunk_and_is_finite(model: FlowModel) -> None:
    result = velocity(model, tiny.observation(), tiny.chunk(), TIME)
    assert result.shape == (2, model.config.action_horizon, model.config.action_dim)
    assert result.dtype == torch.float32
    assert result.isfinite().all()


@pytest.mark.parametrize("camera", range(tiny.CAMERAS))
def test_a_masked_camera_has_exactly_no_influence(model: FlowModel, camera: int) -> None:
    inputs = tiny.without_camera(tiny.observation(), camera)
    images = inputs.images_BNCYX.clone()
    images[:, camera] = 0.7
    other = velocity(model, replace(inputs, images_BNCYX=images), tiny.chunk(), TIME)
    assert torch.equal(velocity(model, inputs, tiny.chunk(), TIME), other)
    seen = replace(inputs, image_mask_BN=torch.ones_like(inputs.image_mask_BN))
    assert not torch.allclose(velocity(model, seen, tiny.chunk(), TIME), other, atol=1e-4)


def test_padding_of_the_prompt_has_exactly_no_influence(model: FlowModel) -> None:
    inputs = tiny.observation()
    padded = torch.where(inputs.token_mask_BL, inputs.tokens_BL, 9)
    other = velocity(model, replace(inputs, tokens_BL=padded), tiny.chunk(), TIME)
    assert torch.equal(velocity(model, inputs, tiny.chunk(), TIME), other)


def test_a_longer_padding_changes_nothing(model: FlowModel) -> None:
    inputs = tiny.observation()
    longer = replace(
        inputs,
        tokens_BL=torch.nn.functional.pad(inputs.tokens_BL, (0, 4)),
        token_mask_BL=torch.nn.functional.pad(inputs.token_mask_BL, (0, 4)),
    )
    expected = velocity(model, inputs, tiny.chunk(), TIME)
    torch.testing.assert_close(velocity(model, longer, tiny.chunk(), TIME), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("what", ["images", "prompt", "noise", "time"])
def test_what_is_seen_matters(model: FlowModel, what: str) -> None:
    inputs, x_BTA, time = tiny.observation(), tiny.chunk(), TIME
    before = velocity(model, inputs, x_BTA, time)
    if what == "images":
        inputs = replace(inputs, images_BNCYX=-inputs.images_BNCYX)
    elif what == "prompt":
        inputs = replace(inputs, tokens_BL=inputs.tokens_BL.flip(0) * inputs.token_mask_BL)
    elif what == "noise":
        x_BTA = -x_BTA
    else:
        time = 1 - time
    assert not torch.allclose(velocity(model, inputs, x_BTA, time), before, atol=1e-3)


def test_the_state_matters_but_for_pi05_which_reads_it_in_the_prompt() -> None:
    inputs = tiny.observation()
    other = replace(inputs, state_BA=-inputs.state_BA)
    for name, matters in (("pi0", True), ("pi05", False), ("pi0-small", True)):
        model = MODELS[name]()
        before, after = (velocity(model, each, tiny.chunk(), TIME) for each in (inputs, other))
        assert torch.equal(before, after) is not matters, name


def test_samples_of_a_batch_do_not_see_each_other(model: FlowModel) -> None:
    inputs, x_BTA = tiny.observation(3), tiny.chunk(3)
    time = torch.tensor([0.1, 0.5, 1.0])
    together = velocity(model, inputs, x_BTA, time)
    for index in range(3):
        alone = velocity(model, tiny.sample(inputs, index), x_BTA[index : index + 1], time[index : index + 1])
        torch.testing.assert_close(together[index : index + 1], alone, atol=1e-5, rtol=1e-5)


def test_one_time_a_step_equals_one_time_a_chunk(model: FlowModel) -> None:
    inputs, x_BTA = tiny.observation(), tiny.chunk()
    spread = TIME[:, None].expand(-1, tiny.HORIZON)
    expected = velocity(model, inputs, x_BTA, TIME)
    torch.testing.assert_close(velocity(model, inputs, x_BTA, spread), expected, atol=1e-5, rtol=1e-5)


def test_one_time_a_step_tells_the_steps_apart(model: FlowModel) -> None:
    inputs, x_BTA = tiny.observation(), tiny.chunk()
    clean = TIME[:, None].repeat(1, tiny.HORIZON)
    clean[:, :2] = 0.0
    expected = velocity(model, inputs, x_BTA, TIME)
    assert not torch.allclose(velocity(model, inputs, x_BTA, clean), expected, atol=1e-3)


def test_training_and_inference_give_the_same_velocity(model: FlowModel) -> None:
    inputs, actions, noise = tiny.observation(), tiny.chunk(seed=3), tiny.chunk(seed=4)
    error = model.flow_error(inputs, actions, noise, TIME)
    found = velocity(model, inputs, flow.interpolate(actions, noise, TIME), TIME)
    expected = (noise - actions - found).square()
    torch.testing.assert_close(error.detach(), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("shape", "times"),
    [((2, 4, 6), (2,)), ((2, 5, 7), (2,)), ((1, 5, 6), (1,)), ((2, 5, 6), (1,)), ((2, 5, 6), (2, 4))],
    ids=["steps", "dimensions", "batch", "times of another batch", "times of other steps"],
)
def test_chunks_of_another_size_are_refused(
    model: FlowModel, shape: tuple[int, ...], times: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match=r"here they are \[2, 5, 6\] at \[2\] or \[2, 5\]"):
        velocity(model, tiny.observation(), torch.zeros(shape), torch.zeros(times))


def test_both_attentions_give_the_same_actions(model: FlowModel) -> None:
    inputs, noise = tiny.observation(), tiny.chunk()
    fused, eager = (
        model.sample_actions(inputs, noise, attend=attend) for attend in (attention.fused, attention.eager)
    )
    torch.testing.assert_close(fused, eager, atol=1e-4, rtol=1e-4)


def test_half_precision_throughout_stays_near_and_answers_in_float32(
    model: FlowModel, request: pytest.FixtureRequest
) -> None:
    rough = MODELS[request.node.callspec.params["model"]]()
    assert isinstance(rough, torch.nn.Module)
    rough.to(torch.bfloat16)
    inputs, noise = tiny.observation(), tiny.chunk()
    exact, near = (velocity(each, inputs, noise, TIME) for each in (model, rough))
    assert near.dtype == torch.float32
    assert (exact - near).abs().mean() < 0.05 * exact.abs().mean()


def test_sampling_walks_the_velocity_in_steps(model: FlowModel) -> None:
    inputs, noise = tiny.observation(), tiny.chunk()
    first = velocity(model, inputs, noise, torch.ones(2))
    second = velocity(model, inputs, noise - first / 2, torch.full((2,), 0.5))
    expected = noise - first / 2 - second / 2
    found = model.sample_actions(inputs, noise, steps=2)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(model.sample_actions(inputs, noise), found, atol=1e-3)


def test_an_insulated_prefix_keeps_the_velocity_and_stops_its_gradient(model: FlowModel) -> None:
    inputs, x_BTA = tiny.observation(), tiny.chunk()
    prefix = model.prefill(inputs)
    insulated = replace(prefix, cache=prefix.cache.detached())
    kept = model.velocity(insulated, inputs.state_BA, x_BTA, TIME)
    assert torch.equal(kept, model.velocity(prefix, inputs.state_BA, x_BTA, TIME))
    images = inputs.images_BNCYX.requires_grad_()
    prefix = model.prefill(inputs)
    insulated = replace(prefix, cache=prefix.cache.detached())
    model.velocity(insulated, inputs.state_BA, x_BTA, TIME).sum().backward()
    assert images.grad is None
    model.velocity(prefix, inputs.state_BA, x_BTA, TIME).sum().backward()
    assert images.grad is not None
    assert images.grad.abs().sum() > 0
