"""A checkpoint in half precision: all of it, half as large, and the same policy but for rounding."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from app.cli.main import main
from policy.checkpoints.errors import CheckpointError, CheckpointExists, NoRoom, NotFinite
from policy.checkpoints.folder import build_model, load
from policy.checkpoints.pack import pack
from policy.checkpoints.save import save
from tests.policy.checkpoints.golden import GOLDEN
from tests.policy.checkpoints.test_save import MANIFEST, files_limited_to, loaded, stats


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    model = loaded()
    save(
        tmp_path / "whole",
        model,
        MANIFEST,
        config=model.config,
        stats=stats(),
        tokenizer=GOLDEN / "tiny_sp.model",
    )
    return tmp_path / "whole"


def size(folder: Path) -> int:
    return (folder / "model.safetensors").stat().st_size


def test_it_is_the_same_policy_in_half_the_room(whole: Path, tmp_path: Path) -> None:
    packed = pack(whole, tmp_path / "half")
    source = load(whole)
    assert size(packed.path) < 0.52 * size(whole)
    assert (packed.config, packed.manifest) == (source.config, source.manifest)
    assert packed.stats_of()["state"].width == 3
    assert packed.tokenizer is not None
    assert packed.tokenizer.read_bytes() == (GOLDEN / "tiny_sp.model").read_bytes()
    near = build_model(packed).state_dict()
    for name, tensor in build_model(source).state_dict().items():
        assert near[name].dtype == torch.float32
        torch.testing.assert_close(near[name], tensor, rtol=1e-3, atol=1e-6)


def test_nothing_is_replaced_and_nothing_half_written(whole: Path, tmp_path: Path) -> None:
    pack(whole, tmp_path / "half")
    with pytest.raises(CheckpointExists, match="choose another folder"):
        pack(whole, tmp_path / "half")
    with pytest.raises(CheckpointError):
        pack(tmp_path / "nowhere", tmp_path / "other")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["half", "whole"]


def test_a_copy_within_the_checkpoint_would_hold_itself_and_is_refused(whole: Path) -> None:
    before = sorted(whole.rglob("*"))
    with pytest.raises(CheckpointError, match=r"is within .* choose a folder beside it"):
        pack(whole, whole / "packed" / "half")
    assert sorted(whole.rglob("*")) == before


def test_a_link_that_leads_nowhere_is_not_replaced(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "half").symlink_to(tmp_path / "gone")
    with pytest.raises(CheckpointExists, match="choose another folder"):
        pack(whole, tmp_path / "half")
    assert (tmp_path / "half").is_symlink()


def test_a_weight_too_large_for_it_is_refused_by_name(tmp_path: Path) -> None:
    model = loaded()
    with torch.no_grad():
        model.action_out_proj.bias[0] = 1e6
    save(tmp_path / "large", model, MANIFEST, config=model.config, stats=stats())
    with pytest.raises(NotFinite, match=r"action_out_proj\.bias holds a number"):
        pack(tmp_path / "large", tmp_path / "half")
    assert not (tmp_path / "half").exists()


def test_a_disk_that_is_full_leaves_nothing_behind(whole: Path, tmp_path: Path) -> None:
    with files_limited_to(100_000), pytest.raises(NoRoom, match="is full"):
        pack(whole, tmp_path / "half")
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


def test_from_the_command_line(whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "pack", str(whole), "--into", str(tmp_path / "half")]) == 0
    assert "weights of" in capsys.readouterr().out
    assert main(["policy", "pack", str(whole), "--into", str(tmp_path / "half")]) == 1
    assert "is there already" in capsys.readouterr().err
