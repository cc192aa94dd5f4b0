"""Every short cut gives openpi's numbers, alone and together."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from policy.inference import fuse
from policy.inference import sampler as sampler_module
from policy.inference.sampler import Sampler
from policy.inference.techniques import FAST, NAMES, PLAIN, Techniques
from tests.policy.inference import golden
from tests.policy.inference.golden import Case

TOLERANCE = {"atol": 1e-4, "rtol": 1e-4}
CASES = (*golden.SINGLE, *golden.BATCHED)
STEPS = 3
"""Where both paths are ours: enough for a first step, one between and a last."""


def close(actual: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(actual, expected, **TOLERANCE)


def with_masks(name: str, cameras: list[list[bool]], lengths: list[int]) -> Case:
    """A case as long a batch as asked for, with other masks: no golden answer, the plain path has to do."""
    case = golden.case(name)
    rows = torch.arange(len(lengths)) % len(case.noise_BTA)
    generator = torch.Generator().manual_seed(7)
    noise = torch.randn((len(lengths), *case.noise_BTA.shape[1:]), generator=generator)
    tokens = torch.randint(3, 500, (len(lengths), case.inputs.tokens_BL.shape[1]), generator=generator)
    mask = torch.arange(tokens.shape[1])[None] < torch.tensor(lengths)[:, None]
    inputs = replace(
        case.inputs,
        images_BNCYX=case.inputs.images_BNCYX[rows],
        image_mask_BN=torch.tensor(cameras),
        tokens_BL=tokens.where(mask, 0),
        token_mask_BL=mask,
        state_BA=torch.randn((len(lengths), 32), generator=generator),
    )
    return case._replace(inputs=inputs, noise_BTA=noise)


@pytest.mark.parametrize("techniques", [FAST, PLAIN], ids=["fast", "plain"])
@pytest.mark.parametrize("name", CASES)
def test_golden_actions(name: str, techniques: Techniques) -> None:
    case = golden.case(name)
    sampler = Sampler(golden.model(name.rsplit("_", 1)[0]), techniques=techniques)
    close(sampler.sample(case.inputs, case.noise_BTA), case.actions_BTA)
    close(sampler.sample(case.inputs, case.noise_BTA, steps=5), case.actions_5_BTA)


@pytest.mark.parametrize("changed", NAMES)
@pytest.mark.parametrize("name", ["pi0_asym", "pi05_asym"])
def test_each_technique_alone_and_left_out(name: str, changed: str) -> None:
    """A batch of two with a masked first camera and prompts of unequal length: what needs every mask there is."""
    model = golden.model(name)
    case = with_masks(f"{name}_case0", [[True, True, False], [False, True, False]], [20, 1])
    expected = model.sample_actions(case.inputs, case.noise_BTA, steps=STEPS)
    alone = PLAIN if changed == "cuda_graph" else replace(PLAIN, **{changed: True})
    for techniques in (alone, FAST.without(changed)):
        sampler = Sampler(model, techniques=techniques)
        close(sampler.sample(case.inputs, case.noise_BTA, steps=STEPS), expected)


@pytest.mark.parametrize("bucket", [1, 16])
@pytest.mark.parametrize(
    ("cameras", "lengths"),
    [
        ([[True, True, True]], [13]),
        ([[False, True, True]], [13]),
        ([[False, False, False]], [4]),
        ([[True, False, True], [True, False, True]], [13, 13]),
        ([[False, True, True], [True, True, False]], [1, 24]),
    ],
)
@pytest.mark.parametrize("name", ["pi0_asym", "pi05_asym"])
def test_masks_and_buckets_in_fixed_buffers(
    name: str, cameras: list[list[bool]], lengths: list[int], bucket: int
) -> None:
    """What a CUDA graph replays, without the graph: twice through the same buffers, other values in between."""
    model = golden.model(name)
    case = with_masks(f"{name}_case0", cameras, lengths)
    expected = model.sample_actions(case.inputs, case.noise_BTA, steps=STEPS)
    sampler = Sampler(model, bucket=bucket, static_buffers=True)
    first = sampler.sample(case.inputs, case.noise_BTA, steps=STEPS)
    moved = replace(case.inputs, images_BNCYX=-case.inputs.images_BNCYX, state_BA=-case.inputs.state_BA)
    other = sampler.sample(moved, -case.noise_BTA, steps=STEPS)
    close(first, expected)
    close(other, model.sample_actions(moved, -case.noise_BTA, steps=STEPS))
    assert torch.equal(sampler.sample(case.inputs, case.noise_BTA, steps=STEPS), first)


def test_known_image_tokens_give_the_same_actions() -> None:
    model = golden.model("pi05_asym")
    case = golden.case("pi05_asym_case0")
    sampler = Sampler(model)
    actions, tokens = sampler.sample_with_features(case.inputs, case.noise_BTA)
    assert sorted(tokens) == [0, 1], "the third camera is masked, and must not be encoded"
    features = sampler.encode(case.inputs.images_BNCYX)
    close(features[:, 1], tokens[1])
    again, encoded = sampler.sample_with_features(case.inputs, case.noise_BTA, features_BNPW=features)
    assert encoded == {}
    close(again, actions)


def test_bfloat16_keeps_to_the_plain_path() -> None:
    model = golden.model("pi05_asym").to(torch.bfloat16)
    for head in (model.action_in_proj, model.action_out_proj, model.time_mlp_in, model.time_mlp_out):
        head.float()
    case = golden.case("pi05_asym_case0")
    plain = Sampler(model, techniques=PLAIN).sample(case.inputs, case.noise_BTA)
    fast = Sampler(model).sample(case.inputs, case.noise_BTA)
    scale = case.actions_BTA.abs().max()
    assert (fast - plain).abs().max() < 3e-2 * scale
    assert (fast - case.actions_BTA).abs().max() < 3e-2 * scale


def test_fused_weights_are_the_separate_ones() -> None:
    model = golden.model("pi0")
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    bytes_before = held_bytes(model)
    fuse.fuse(model)
    assert fuse.is_fused(model)
    after = model.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert held_bytes(model) == bytes_before

    joint = model.expert.layers[0].self_attn.fused_qkv
    fuse.fuse(model)
    assert model.expert.layers[0].self_attn.fused_qkv.data_ptr() == joint.data_ptr(), "joined twice"
    with torch.no_grad():
        model.expert.layers[0].self_attn.k_proj.weight.fill_(2.5)
    assert (joint == 2.5).sum() == model.expert.layers[0].self_attn.k_proj.weight.numel()

    model.double()
    assert not fuse.is_fused(model)
    fuse.part(model)
    assert model.expert.layers[0].self_attn.fused_qkv is None


def held_bytes(model: torch.nn.Module) -> int:
    storages = {p.untyped_storage().data_ptr(): p.untyped_storage().nbytes() for p in model.parameters()}
    return sum(storages.values())


def test_new_weights_after_forget() -> None:
    model = golden.model("pi05_asym")
    case = golden.case("pi05_asym_case0")
    sampler = Sampler(model)
    before = sampler.sample(case.inputs, case.noise_BTA)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.1)
    sampler.forget()
    after = sampler.sample(case.inputs, case.noise_BTA)
    close(after, model.sample_actions(case.inputs, case.noise_BTA))
    assert (after - before).abs().max() > 1e-2


def test_passes_are_kept_and_the_oldest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampler_module, "KEPT_PASSES", 4)
    model = golden.model("pi05_asym")
    sampler = Sampler(model)
    for length in range(1, 7):
        case = with_masks("pi05_asym_case0", [[True, False, False]], [length])
        sampler.sample(case.inputs, case.noise_BTA, steps=1)
    assert len(sampler.kept) == 4
    assert [shape.prompt for shape in sampler.kept] == [3, 4, 5, 6]


def test_wrong_input_is_refused() -> None:
    model = golden.model("pi05_asym")
    case = golden.case("pi05_asym_case0")
    sampler = Sampler(model)
    with pytest.raises(
        ValueError, match=r"noise is torch.float32 \[1, 6, 32\]; the model takes float32 \[1, 7, 32\]"
    ):
        sampler.sample(case.inputs, case.noise_BTA[:, :6])
    empty = replace(case.inputs, token_mask_BL=torch.zeros_like(case.inputs.token_mask_BL))
    with pytest.raises(ValueError, match="no tokens"):
        sampler.sample(empty, case.noise_BTA)
    gap = case.inputs.token_mask_BL.clone()
    gap[:, 0] = False
    with pytest.raises(ValueError, match="padding belongs behind"):
        sampler.sample(replace(case.inputs, token_mask_BL=gap), case.noise_BTA)
    with pytest.raises(ValueError, match="at least 1 is needed"):
        sampler.sample(case.inputs, case.noise_BTA, steps=0)


def test_techniques_rest_on_one_another() -> None:
    with pytest.raises(ValueError, match="a CUDA graph needs"):
        Techniques(static_cache=False)
    assert not FAST.without("step_tables").cuda_graph
    with pytest.raises(ValueError, match="no technique 'magic'; there are fused_projections"):
        FAST.without("magic")
