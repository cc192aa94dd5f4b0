"""Every kind of model goes through a folder and comes back the same: the baselines too, which openpi does not have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from torch import nn

from policy.checkpoints.errors import WrongKeys
from policy.checkpoints.folder import build_model, load
from policy.checkpoints.info import describe
from policy.checkpoints.kinds import KINDS, ModelConfig, kind_of
from policy.checkpoints.manifest import Manifest, format_manifest
from policy.checkpoints.save import save
from policy.model.pi0_small import Pi0Small
from policy.transforms.norm_stats import NormStats
from tests.policy.model.tiny import (
    PI0_FAST_TINY,
    PI0_SMALL_TINY,
    chunk,
    observation,
    pi0_config,
    pi0_small,
)

ONES = np.ones(6)
STATS = {name: NormStats(mean=0 * ONES, std=ONES, q01=-ONES, q99=ONES) for name in ("state", "actions")}
MANIFEST = Manifest(
    embodiment="sim-kitchen",
    asset_id="sim",
    normalization="quantile",
    prompt_low="openpi-pi05",
    rate_hz=50.0,
    execute_steps=4,
)
CONFIGS: list[ModelConfig] = [pi0_config("pi05"), pi0_config("pi0"), PI0_FAST_TINY, PI0_SMALL_TINY]


def name_of(config: ModelConfig) -> str:
    return kind_of(config).name


def filled(config: ModelConfig) -> nn.Module:
    torch.manual_seed(0)
    kind = type(kind_of(config).build_on_meta(config))
    model: nn.Module = kind(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_()
    return model


@pytest.mark.parametrize("config", CONFIGS, ids=name_of)
def test_a_model_of_any_kind_comes_back_the_same(tmp_path: Path, config: ModelConfig) -> None:
    model = filled(config)
    save(tmp_path / "ours", model, MANIFEST, config=config, stats=STATS)
    found = load(tmp_path / "ours", kind=name_of(config))
    assert found.config == config
    built = build_model(found, check_finite=True)
    assert type(built) is type(model)
    assert built.state_dict().keys() == model.state_dict().keys()
    assert all(torch.equal(tensor, model.state_dict()[name]) for name, tensor in built.state_dict().items())
    assert not any(buffer.is_meta for buffer in built.buffers())
    assert len(list(built.parameters())) == len(list(model.parameters()))


def test_pi0_small_takes_half_the_room_in_bfloat16_and_answers_nearly_the_same(tmp_path: Path) -> None:
    save(tmp_path / "ours", pi0_small(), MANIFEST, config=PI0_SMALL_TINY, stats=STATS)
    found = load(tmp_path / "ours")
    exact, half = build_model(found), build_model(found, dtype=torch.bfloat16)
    assert isinstance(exact, Pi0Small)
    assert isinstance(half, Pi0Small)
    assert {parameter.dtype for parameter in half.parameters()} == {torch.bfloat16}
    actions, near = (model.sample_actions(observation(), chunk()) for model in (exact, half))
    assert near.dtype == torch.float32
    assert (near - actions).abs().mean() < 0.05 * actions.abs().mean()


@pytest.mark.parametrize("config", CONFIGS, ids=name_of)
def test_a_model_of_any_kind_is_described(tmp_path: Path, config: ModelConfig) -> None:
    model = filled(config)
    save(tmp_path / "ours", model, MANIFEST, config=config, stats=STATS)
    info = describe(tmp_path / "ours")
    assert info.problems == ()
    assert info.kind == name_of(config)
    assert info.parameter_count == sum(parameter.numel() for parameter in model.parameters())
    assert any("subtasks" in ability for ability in info.abilities)


@pytest.mark.parametrize("config", CONFIGS, ids=name_of)
def test_the_table_and_the_model_agree_on_every_tensor(config: ModelConfig) -> None:
    state = kind_of(config).build_on_meta(config).state_dict()
    assert kind_of(config).expected(config) == {name: tuple(tensor.shape) for name, tensor in state.items()}


def test_sizes_that_are_not_the_weights_own_are_found(tmp_path: Path) -> None:
    save(tmp_path / "ours", filled(PI0_SMALL_TINY), MANIFEST, config=PI0_SMALL_TINY, stats=STATS)
    text = format_manifest(replace(PI0_SMALL_TINY, cameras=2), msgspec.structs.replace(MANIFEST))
    (tmp_path / "ours" / "policy.json").write_bytes(text)
    with pytest.raises(WrongKeys, match=r"unexpected: observation\.image_encoders\.2\."):
        load(tmp_path / "ours")


def test_the_table_names_every_kind_that_there_is() -> None:
    assert [name_of(config) for config in CONFIGS] == list(KINDS)
