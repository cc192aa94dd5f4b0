"""Checkpoints written and read back: openpi's tensors to the byte, whole or not at all, nothing outside the folder."""

from __future__ import annotations

import errno
import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, load_model

from policy.checkpoints import draft
from policy.checkpoints import save as save_module
from policy.checkpoints.errors import (
    CheckpointError,
    CheckpointExists,
    InvalidManifest,
    NoRoom,
    NotFinite,
    TiedWeightsDiffer,
)
from policy.checkpoints.folder import build_model, load
from policy.checkpoints.keys import EMBED_TOKENS, LM_HEAD
from policy.checkpoints.manifest import Manifest
from policy.checkpoints.save import save
from policy.inference.fuse import fuse
from policy.model.pi0 import Pi0
from policy.transforms.norm_stats import NormStats, load_norm_stats
from tests.policy.checkpoints.golden import ASYM, FULL, GOLDEN, asym, config_of, metadata_of

MANIFEST = Manifest(
    embodiment="sim-kitchen",
    asset_id="understudy/sim-kitchen",
    normalization="quantile",
    prompt_low="openpi-pi05",
    rate_hz=50.0,
    execute_steps=5,
    training={"steps": 10, "recipe": "kitchen"},
)


def stats(width: int = 3) -> dict[str, NormStats]:
    ones = np.ones(width)
    return {name: NormStats(mean=0 * ones, std=ones, q01=-ones, q99=ones) for name in ("state", "actions")}


def loaded(kind: str = "pi05") -> Pi0:
    model = build_model(load(asym(kind), known=ASYM))
    assert isinstance(model, Pi0)
    return model


def save_again(path: Path, *, model: Pi0 | None = None, overwrite: bool = False) -> None:
    model = model or loaded()
    save(path, model, MANIFEST, config=model.config, stats=stats(), overwrite=overwrite)


@pytest.mark.parametrize("name", ["pi0_asym", "pi05_asym", "pi0", "pi05"])
def test_openpis_weights_come_out_as_they_went_in_to_the_byte(tmp_path: Path, name: str) -> None:
    source = GOLDEN / f"{name}_weights.safetensors"
    known = ASYM if "asym" in name else FULL
    model = build_model(load(source, known=known))
    assert isinstance(model, Pi0)
    manifest = MANIFEST if "pi05" in name else msgspec.structs.replace(MANIFEST, prompt_low="openpi-pi0")
    save(tmp_path / "ours", model, manifest, config=model.config, stats=stats())
    written = tmp_path / "ours" / "model.safetensors"
    ours, theirs = load_file(written), load_file(source)
    assert ours.keys() == theirs.keys()
    assert LM_HEAD in ours
    for key, tensor in theirs.items():
        assert ours[key].dtype == tensor.dtype
        assert torch.equal(ours[key], tensor)
    assert metadata_of(written) == metadata_of(source) == {EMBED_TOKENS: LM_HEAD}
    assert written.read_bytes() == source.read_bytes()


def test_what_safetensors_own_loader_makes_of_ours(tmp_path: Path) -> None:
    """`load_model` with its defaults is how openpi loads; it refuses missing and unexpected names."""
    model = loaded()
    save_again(tmp_path / "ours", model=model)
    theirs = Pi0(model.config)
    load_model(theirs, tmp_path / "ours" / "model.safetensors")
    assert all(torch.equal(tensor, theirs.state_dict()[name]) for name, tensor in model.state_dict().items())
    assert load_norm_stats(tmp_path / "ours" / "assets", "understudy/sim-kitchen")["state"].width == 3


def test_a_checkpoint_says_all_by_itself(tmp_path: Path) -> None:
    model = loaded()
    tokenizer = tmp_path / "tiny.model"
    shutil.copyfile(GOLDEN / "tiny_sp.model", tokenizer)
    fast = tmp_path / "my-fast"
    (fast / "bpe_tokenizer").mkdir(parents=True)
    (fast / "bpe_tokenizer" / "tokenizer.json").write_text("{}")
    saved = save(
        tmp_path / "ours", model, MANIFEST, config=model.config, stats=stats(), tokenizer=tokenizer, fast=fast
    )
    tokenizer.unlink()
    shutil.rmtree(fast)
    moved = (tmp_path / "ours").rename(tmp_path / "elsewhere")
    found = load(moved)
    assert found.layout == "understudy"
    assert found.config == model.config
    assert found.tokenizer is not None
    assert found.tokenizer.read_bytes() == (GOLDEN / "tiny_sp.model").read_bytes()
    assert found.fast == moved / "fast"
    assert (moved / "fast" / "bpe_tokenizer" / "tokenizer.json").exists()
    assert found.stats_of()["actions"].width == 3
    assert found.manifest is not None
    assert found.manifest == saved.manifest
    assert found.manifest.training == {"steps": 10, "recipe": "kitchen"}
    assert found.manifest.created.endswith("+00:00")
    built = build_model(found)
    assert all(torch.equal(tensor, model.state_dict()[name]) for name, tensor in built.state_dict().items())


def test_a_bf16_model_is_saved_in_its_dtypes_and_loads_in_either(tmp_path: Path) -> None:
    model = build_model(load(asym("pi05"), known=ASYM), dtype=torch.bfloat16)
    assert isinstance(model, Pi0)
    save_again(tmp_path / "ours", model=model)
    dtypes = {tensor.dtype for tensor in load_file(tmp_path / "ours" / "model.safetensors").values()}
    assert dtypes == {torch.bfloat16, torch.float32}
    same = build_model(load(tmp_path / "ours"), dtype=torch.bfloat16)
    wide = build_model(load(tmp_path / "ours"))
    for name, tensor in model.state_dict().items():
        assert torch.equal(same.state_dict()[name], tensor)
        assert torch.equal(wide.state_dict()[name], tensor.float())


def test_what_is_there_is_not_overwritten_unasked(tmp_path: Path) -> None:
    save_again(tmp_path / "ours")
    before = (tmp_path / "ours" / "policy.json").read_bytes()
    with pytest.raises(CheckpointExists, match="overwrite"):
        save_again(tmp_path / "ours")
    assert (tmp_path / "ours" / "policy.json").read_bytes() == before
    model = loaded()
    with torch.no_grad():
        model.action_out_proj.bias.zero_()
    save_again(tmp_path / "ours", model=model, overwrite=True)
    assert not build_model(load(tmp_path / "ours")).state_dict()["action_out_proj.bias"].any()
    assert os.listdir(tmp_path) == ["ours"]


def test_a_folder_that_is_no_checkpoint_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_bytes(b"cat")
    (tmp_path / "file").write_bytes(b"text")
    for name in ("photos", "file"):
        with pytest.raises(CheckpointExists, match="no checkpoint"):
            save_again(tmp_path / name, overwrite=True)
    assert (tmp_path / "photos" / "cat.png").read_bytes() == b"cat"


def test_a_model_can_be_saved_over_the_file_that_it_is_mapped_from(tmp_path: Path) -> None:
    save_again(tmp_path / "ours")
    mapped = build_model(load(tmp_path / "ours"))
    assert isinstance(mapped, Pi0)
    save_again(tmp_path / "ours", model=mapped, overwrite=True)
    assert torch.equal(mapped.action_in_proj.weight, loaded().action_in_proj.weight)
    assert (tmp_path / "ours" / "model.safetensors").read_bytes() == asym("pi05").read_bytes()


def test_a_model_made_fast_for_inference_is_saved_as_it_was(tmp_path: Path) -> None:
    """Its projections are views of joint tensors then."""
    model = loaded()
    fuse(model)
    save_again(tmp_path / "ours", model=model)
    assert (tmp_path / "ours" / "model.safetensors").read_bytes() == asym("pi05").read_bytes()


def test_places_and_names_that_cannot_be_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(CheckpointError, match="was not saved: "):
        save_again(tmp_path / "file" / "below")
    model, tokenizer = loaded(), tmp_path / "a\\b.model"
    tokenizer.write_text("text")
    with pytest.raises(CheckpointError, match=r"cannot copy .*; rename it"):
        save(tmp_path / "ours", model, MANIFEST, config=model.config, stats=stats(), tokenizer=tokenizer)
    save_again(tmp_path / "new" / "folder" / "ours", model=model)
    assert sorted(os.listdir(tmp_path)) == ["a\\b.model", "file", "new"]


def test_a_diverged_model_is_not_saved(tmp_path: Path) -> None:
    model = loaded()
    with torch.no_grad():
        model.action_out_proj.bias[0] = float("nan")
    with pytest.raises(NotFinite, match=r"action_out_proj\.bias"):
        save_again(tmp_path / "ours", model=model)
    assert os.listdir(tmp_path) == []


def test_a_text_head_that_has_come_apart_is_saved_while_it_agrees(tmp_path: Path) -> None:
    model = loaded()
    head = model.paligemma.lm_head
    head.weight = torch.nn.Parameter(head.weight.detach().clone())
    save_again(tmp_path / "agrees", model=model)
    assert (tmp_path / "agrees" / "model.safetensors").read_bytes() == asym("pi05").read_bytes()
    with torch.no_grad():
        head.weight[0, 0] += 1
    with pytest.raises(TiedWeightsDiffer, match="lm_head"):
        save_again(tmp_path / "differs", model=model)
    assert os.listdir(tmp_path) == ["agrees"]


def test_a_disk_that_is_too_small_is_found_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = shutil.disk_usage(tmp_path)._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    with pytest.raises(NoRoom, match="1000000 free"):
        save_again(tmp_path / "ours")
    assert os.listdir(tmp_path) == []


@contextmanager
def files_limited_to(size_bytes: int) -> Iterator[None]:
    """A limit on the size of files refuses a write as a full disk does; the interpreter ignores its signal."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("allowed_bytes", [0, 700_000], ids=["at once", "within the weights"])
def test_a_disk_that_refuses_more_leaves_the_old_checkpoint_and_nothing_else(
    tmp_path: Path, allowed_bytes: int
) -> None:
    save_again(tmp_path / "ours")
    model = loaded()
    with files_limited_to(allowed_bytes), pytest.raises(NoRoom, match="is full"):
        save_again(tmp_path / "ours", model=model, overwrite=True)
    assert os.listdir(tmp_path) == ["ours"]
    assert (tmp_path / "ours" / "model.safetensors").read_bytes() == asym("pi05").read_bytes()


def test_what_a_power_cut_left_hidden_is_deleted_by_the_next_save_of_that_name(tmp_path: Path) -> None:
    others = [".ours.draft-mine", ".ours-2.draft-0123abcd", ".ours.old-0123abcd.txt"]
    for name in [".ours.draft-0123abcd", ".ours.old-0123abcd", *others]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.safetensors").write_bytes(b"half of it")
    save_again(tmp_path / "ours")
    assert sorted(os.listdir(tmp_path)) == sorted(["ours", *others])


def test_a_failed_save_deletes_nothing_that_a_power_cut_left(tmp_path: Path) -> None:
    """It may be the only copy: the old checkpoint, gone aside before the new one could take its name."""
    (tmp_path / ".ours.old-0123abcd").mkdir()
    with pytest.raises(CheckpointError):
        save(tmp_path / "ours", loaded(), MANIFEST, config=config_of(asym("pi0")), stats=stats())
    assert os.listdir(tmp_path) == [".ours.old-0123abcd"]


def test_a_save_of_the_same_name_that_is_under_way_is_let_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = save_module.save_norm_stats

    def saves_another_meanwhile(*arguments: Any) -> None:
        monkeypatch.setattr(save_module, "save_norm_stats", real)
        save_again(tmp_path / "ours")
        real(*arguments)

    monkeypatch.setattr(save_module, "save_norm_stats", saves_another_meanwhile)
    save_again(tmp_path / "ours", overwrite=True)
    assert os.listdir(tmp_path) == ["ours"]
    load(tmp_path / "ours")


def test_a_new_checkpoint_takes_the_place_of_the_old_one_in_one_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two renames would leave a moment without either."""
    save_again(tmp_path / "ours")

    def refuses(self: Path, target: Path) -> Path:
        raise AssertionError(f"{self} renamed to {target}")

    monkeypatch.setattr(Path, "rename", refuses)
    save_again(tmp_path / "ours", overwrite=True)
    assert os.listdir(tmp_path) == ["ours"]
    load(tmp_path / "ours")


def test_where_names_cannot_be_swapped_the_old_one_goes_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_again(tmp_path / "ours")
    monkeypatch.setattr(draft, "exchange", lambda *_: False)
    save_again(tmp_path / "ours", overwrite=True)
    assert os.listdir(tmp_path) == ["ours"]
    load(tmp_path / "ours")


def test_a_failure_at_the_last_moment_puts_the_old_checkpoint_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_again(tmp_path / "ours")
    real = Path.rename

    def refuses(self: Path, target: Path) -> Path:
        if ".draft-" in self.name:
            raise OSError(errno.EIO, "Input/output error")
        return real(self, target)

    monkeypatch.setattr(draft, "exchange", lambda *_: False)
    monkeypatch.setattr(Path, "rename", refuses)
    with pytest.raises(CheckpointError, match="Input/output error"):
        save_again(tmp_path / "ours", overwrite=True)
    assert os.listdir(tmp_path) == ["ours"]
    load(tmp_path / "ours")


def test_what_could_not_be_loaded_does_not_take_the_name(tmp_path: Path) -> None:
    model = loaded()
    with pytest.raises(CheckpointError, match="missing"):
        save(tmp_path / "a", model, MANIFEST, config=config_of(asym("pi0")), stats=stats())
    with pytest.raises(CheckpointError, match="no statistics of 'actions'"):
        save(tmp_path / "a", model, MANIFEST, config=model.config, stats={"state": stats()["state"]})
    with pytest.raises(InvalidManifest, match="execute_steps is 8"):
        save(
            tmp_path / "a",
            model,
            msgspec.structs.replace(MANIFEST, execute_steps=8),
            config=model.config,
            stats=stats(),
        )
    with pytest.raises(CheckpointError, match="is not there"):
        save(
            tmp_path / "a",
            model,
            MANIFEST,
            config=model.config,
            stats=stats(),
            tokenizer=tmp_path / "no.model",
        )
    assert os.listdir(tmp_path) == []
