"""openpi's and LeRobot's folders: recognised, checked, loaded; and refused for the right reason."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from policy.checkpoints.errors import (
    CheckpointError,
    CorruptWeights,
    InvalidManifest,
    NotACheckpoint,
    SizesNotInFile,
    WrongKeys,
    WrongKind,
)
from policy.checkpoints.folder import build_model, load
from policy.checkpoints.infer_config import Known
from policy.checkpoints.keys import EMBED_TOKENS, LM_HEAD
from tests.policy.checkpoints.golden import ASYM, FULL, GOLDEN, asym, config_of, lerobot_folder, openpi_folder

HEADS = Known(vision_heads=4)


def assert_has_the_golden_weights(model: torch.nn.Module, kind: str) -> None:
    expected = load_file(asym(kind))
    expected[EMBED_TOKENS] = expected[LM_HEAD]
    state = model.state_dict()
    assert state.keys() == expected.keys()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in state.items())


@pytest.mark.parametrize(("kind", "normalization"), [("pi0", "z-score"), ("pi05", "quantile")])
def test_openpis_folder(kind: str, normalization: str) -> None:
    found = load(GOLDEN / "ckpt" / f"aloha_{kind}", known=FULL, kind=kind)
    assert found.layout == "openpi"
    assert found.config.action_horizon == 10
    assert found.normalization == normalization
    assert list(found.stats) == ["trossen"]
    assert found.stats_of()["state"].width == 14
    assert found.manifest is None
    assert found.tokenizer is None


def test_openpis_folder_alone_does_not_say_how_long_a_chunk_is() -> None:
    with pytest.raises(SizesNotInFile, match="action_horizon"):
        load(GOLDEN / "ckpt" / "aloha_pi05", known=HEADS)


def test_what_openpis_converter_leaves_beside_the_weights_says_it(tmp_path: Path) -> None:
    folder = openpi_folder(tmp_path / "converted", "pi05")
    converted = {"action_dim": 32, "action_horizon": 7, "precision": "bfloat16"}
    (folder / "config.json").write_text(json.dumps(converted))
    found = load(folder, known=Known(vision_heads=4, max_prompt_tokens=60))
    assert found.layout == "openpi"
    assert found.config == config_of(asym("pi05"))


def test_one_of_several_sets_of_statistics_must_be_chosen(tmp_path: Path) -> None:
    folder = openpi_folder(tmp_path / "several", "pi05")
    other = folder / "assets" / "physical-intelligence" / "libero"
    other.mkdir(parents=True)
    (other / "norm_stats.json").write_bytes((folder / "assets/trossen/norm_stats.json").read_bytes())
    found = load(folder, known=ASYM)
    assert list(found.stats) == ["physical-intelligence/libero", "trossen"]
    assert found.stats_of("physical-intelligence/libero")["actions"].width == 14
    for asset_id in (None, "droid"):
        with pytest.raises(CheckpointError, match="physical-intelligence/libero, trossen; choose one"):
            found.stats_of(asset_id)


@pytest.mark.parametrize("kind", ["pi0", "pi05"])
@pytest.mark.parametrize("prefix", ["model.", ""])
def test_lerobots_folder(tmp_path: Path, kind: str, prefix: str) -> None:
    found = load(lerobot_folder(tmp_path / "theirs", kind, prefix=prefix), known=HEADS)
    assert found.layout == "lerobot"
    assert found.config.action_horizon == 7
    assert found.config.max_prompt_tokens == 60
    assert found.normalization == ("quantile" if kind == "pi05" else "z-score")
    assert_has_the_golden_weights(build_model(found), kind)
    stats = found.stats_of()
    assert stats["state"].width == stats["actions"].width == 6
    assert stats["state"].q99 is not None
    assert np.array_equal(stats["state"].q99, np.arange(1, 7))


def test_lerobots_copy_of_the_embedding_is_welcome_while_it_agrees(tmp_path: Path) -> None:
    folder = lerobot_folder(tmp_path / "theirs", "pi05")
    tensors = load_file(folder / "model.safetensors")
    tensors[f"model.{EMBED_TOKENS}"] = tensors[f"model.{LM_HEAD}"].clone()
    save_file(tensors, folder / "model.safetensors")
    assert_has_the_golden_weights(build_model(load(folder, known=HEADS)), "pi05")


def test_lerobots_own_normalization_counts(tmp_path: Path) -> None:
    """Its pi05 for LIBERO normalises by mean and deviation."""
    mapping = {"STATE": "MEAN_STD", "ACTION": "MEAN_STD"}
    folder = lerobot_folder(tmp_path / "theirs", "pi05", normalization_mapping=mapping)
    assert load(folder, known=HEADS).normalization == "z-score"
    mapping = {"STATE": "MEAN_STD", "ACTION": "MIN_MAX"}
    folder = lerobot_folder(tmp_path / "mixed", "pi05", normalization_mapping=mapping)
    with pytest.raises(InvalidManifest, match="MEAN_STD and MIN_MAX"):
        load(folder, known=HEADS)


def test_a_pi0_file_is_not_loaded_as_pi05(tmp_path: Path) -> None:
    """LeRobot renames its tensors and leaves adaRMS untrained."""
    with pytest.raises(WrongKind, match="says pi05, and the weights are those of pi0"):
        load(lerobot_folder(tmp_path / "theirs", "pi0", type="pi05"), known=HEADS)
    with pytest.raises(WrongKind, match="holds a pi0 model, and pi05 was asked for"):
        load(asym("pi0"), known=ASYM, kind="pi05")


@pytest.mark.parametrize(
    ("config", "error", "said"),
    [
        ({"type": "smolvla"}, WrongKind, "'smolvla' policy cannot be loaded"),
        ({"max_action_dim": 16}, InvalidManifest, "16 dimensions, and the weights have 32"),
        ({"chunk_size": "fifty"}, InvalidManifest, "chunk_size"),
        ({"chunk_size": 0}, SizesNotInFile, "at least 1"),
        ({"type": 7}, InvalidManifest, "config.json"),
    ],
)
def test_lerobots_configuration_must_fit(
    tmp_path: Path, config: dict[str, object], error: type[CheckpointError], said: str
) -> None:
    with pytest.raises(error, match=said):
        load(lerobot_folder(tmp_path / "theirs", "pi05", **config), known=HEADS)


def test_damaged_small_files_are_named(tmp_path: Path) -> None:
    folder = lerobot_folder(tmp_path / "theirs", "pi05")
    (folder / "config.json").write_text("{")
    with pytest.raises(InvalidManifest, match=r"config\.json"):
        load(folder, known=ASYM)
    folder = lerobot_folder(tmp_path / "cut", "pi05")
    stats = next(folder.glob("policy_preprocessor*"))
    stats.write_bytes(stats.read_bytes()[:-8])
    with pytest.raises(CorruptWeights, match="normalizer_processor"):
        load(folder, known=HEADS)
    folder = openpi_folder(tmp_path / "ours", "pi05")
    (folder / "assets/trossen/norm_stats.json").write_text('{"norm_stats": {}}')
    with pytest.raises(CheckpointError, match="no statistics of 'state'"):
        load(folder, known=ASYM)


def test_a_weights_file_alone(tmp_path: Path) -> None:
    found = load(asym("pi05"), known=ASYM)
    assert found.layout == "file"
    assert found.stats == {}
    with pytest.raises(CheckpointError, match="statistics of: none"):
        found.stats_of()
    with pytest.raises(NotACheckpoint, match="nothing at"):
        load(tmp_path / "missing.safetensors")


def test_a_tensor_that_does_not_fit_is_found_before_a_model_is_built(tmp_path: Path) -> None:
    folder = openpi_folder(tmp_path / "theirs", "pi05")
    tensors = load_file(folder / "model.safetensors")
    del tensors["paligemma_with_expert.gemma_expert.model.layers.1.mlp.up_proj.weight"]
    tensors["action_out_proj.bias"] = torch.zeros(31)
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(WrongKeys) as raised:
        load(folder, known=ASYM)
    assert str(raised.value).splitlines()[1:] == [
        "missing: paligemma_with_expert.gemma_expert.model.layers.1.mlp.up_proj.weight [96, 40]",
        "wrong shape: action_out_proj.bias is [31], expected [32]",
    ]


def test_a_built_model_infers_and_has_the_dtypes_asked_for() -> None:
    checkpoint = load(asym("pi05"), known=ASYM)
    model = build_model(checkpoint, dtype=torch.bfloat16)
    assert not model.training
    assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16, torch.float32}
    assert {parameter.dtype for parameter in build_model(checkpoint).parameters()} == {torch.float32}
    assert not any(parameter.is_meta for parameter in model.parameters())


@pytest.mark.parametrize("name", ["config.json", "assets/trossen/norm_stats.json"])
def test_small_files_that_are_no_text_are_named(tmp_path: Path, name: str) -> None:
    folder = openpi_folder(tmp_path / "theirs", "pi05")
    (folder / name).write_bytes(b'{"type": "\xff"}')
    with pytest.raises(CheckpointError, match=r"config\.json|statistics"):
        load(folder, known=ASYM)
