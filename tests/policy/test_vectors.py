"""The golden vectors agree, file by file; what is damaged or unknown in such a folder fails by name."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.policy.vector_folders import GOLDEN, ROOT, copied, edit, failing
from tests.vectors.__main__ import main
from tests.vectors.folder import Folder
from tests.vectors.registry import check_file, one_thread

FILES = Folder(GOLDEN).files()


@pytest.fixture(scope="module")
def golden() -> Folder:
    """One folder for all, so that models are built once."""
    return Folder(GOLDEN)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.mark.parametrize("file", FILES)
def test_agrees_with_openpi(golden: Folder, file: str) -> None:
    report = check_file(golden, file)
    assert [f"{row.output}: {row.problem}" for row in report.rows if not row.ok] == []
    assert report.ok


# -- damage ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path: Path) -> Callable[..., Path]:
    """A folder with some of the golden files."""
    return functools.partial(copied, tmp_path / "golden")


CASE, WEIGHTS = "pi0_asym_case0.safetensors", "pi0_asym_weights.safetensors"


@pytest.mark.parametrize(
    ("file", "needs", "tensors"),
    [
        (
            CASE,
            (WEIGHTS,),
            (
                "out.sampled_actions",
                "out.sampled_actions_5",
                "out.loss",
                "out.sample.x_t",
                "out.v_time1.v_t",
                "out.v_at_case_time.v_t",
            ),
        ),
        (
            "unit_ops.safetensors",
            ("pi05_asym_weights.safetensors",),
            ("siglip_attn.out", "attn.weights", "rope.cos", "ada2.gate", "patch.embeddings"),
        ),
        (
            "preproc_norm.safetensors",
            ("norm_stats_0", "norm_stats_1"),
            ("n0.quantile.unnorm.actions", "n2.zscore.norm.actions", "running.q99", "wide.zscore"),
        ),
        ("preproc_delta.safetensors", (), ("d1.absolute", "d2.pad_state")),
        ("preproc_misc.safetensors", (), ("time.emb64_f64",)),
    ],
)
def test_numbers_nudged(
    file: str,
    needs: tuple[str, ...],
    tensors: tuple[str, ...],
    copy: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = copy(file, *needs)

    def nudge(found: dict[str, Tensor]) -> None:
        for name in tensors:
            flat = found[name].view(-1)
            middle = flat[len(flat) // 2]
            middle += 1e-3 * max(1.0, float(middle.abs()))

    edit(folder / file, nudge)
    out = failing(folder, capsys)
    assert f"1 files FAILED: {file}" in out
    assert [name for name in tensors if f"  {name} " not in out] == []


def test_one_pixel_and_one_token_are_exact(
    copy: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy("preproc_resize.safetensors", "tokenizer.json", "tiny_sp.model")
    edit(folder / "preproc_resize.safetensors", lambda tensors: tensors["r1.pil_u8"][100, 100].add_(1))
    tokens = json.loads((folder / "tokenizer.json").read_text())
    tokens["paligemma"][7]["tokens"][3] += 1
    (folder / "tokenizer.json").write_text(json.dumps(tokens))
    out = failing(folder, capsys)
    assert "r1.pil_u8" in out
    assert "paligemma[7]" in out


def test_nan_is_no_agreement(copy: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    folder = copy(CASE, WEIGHTS)
    edit(folder / CASE, lambda tensors: tensors["out.loss"].view(-1)[3].fill_(torch.nan))
    assert "out.loss" in failing(folder, capsys)


def test_files_without_vectors(copy: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    folder = copy("README.md", "mutations.json")
    (folder / "jax_crosscheck.json").write_text("{}")
    assert main([str(folder)]) == 0
    (folder / "mutations.json").write_text('{"RMSNorm eps 1e-5": {')
    assert "1 files FAILED: mutations.json" in failing(folder, capsys)


def test_unknown_file(copy: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    folder = copy("README.md", "preproc_misc.safetensors")
    shutil.copy(folder / "preproc_misc.safetensors", folder / "pi06_case0.safetensors")
    out = failing(folder, capsys)
    assert "1 files FAILED: pi06_case0.safetensors" in out
    assert "nothing here understands a file of this name" in out


@pytest.mark.parametrize("name", ["out.extra", "in.extra", "mid.extra", "out.v_time9.x_t"])
def test_unknown_tensor(name: str, copy: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    folder = copy(CASE, WEIGHTS)
    edit(folder / CASE, lambda tensors: tensors.update({name: torch.zeros(1, 7, 32)}))
    out = failing(folder, capsys)
    assert name in out
    assert "nothing here understands this tensor" in out


def test_missing_output(copy: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    folder = copy(CASE, WEIGHTS)
    edit(folder / CASE, lambda tensors: tensors.__delitem__("out.loss"))
    assert "there is no tensor 'out.loss' in the file" in failing(folder, capsys)


def test_missing_weights_are_those_given(
    copy: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy(CASE)
    assert main([str(folder)]) == 0
    assert f"not in {folder}, taken from {GOLDEN}: {WEIGHTS}" in capsys.readouterr().out


def test_weights_that_are_nowhere(copy: Callable[..., Path], tmp_path: Path) -> None:
    report = check_file(Folder(copy(CASE), given=tmp_path / "nothing"), CASE)
    assert not report.ok
    assert f"it needs {WEIGHTS}" in report.rows[0].problem


def test_missing_and_foreign_weights(copy: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    folder = copy(CASE, WEIGHTS)
    edit(folder / WEIGHTS, lambda tensors: tensors.__delitem__("state_proj.bias"))
    out = failing(folder, capsys)
    assert f"2 files FAILED: {CASE}, {WEIGHTS}" in out
    assert "missing: state_proj.bias" in out


@pytest.mark.parametrize("file", [CASE, WEIGHTS])
def test_truncated(file: str, copy: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    folder = copy(CASE, WEIGHTS)
    data = (folder / file).read_bytes()
    (folder / file).write_bytes(data[: len(data) // 2])
    out = failing(folder, capsys)
    assert file in out.splitlines()[-1]


@pytest.mark.parametrize("byte", [0, 20, -1])
def test_wire_bytes(byte: int, copy: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    folder = copy("wire")
    data = bytearray((folder / "wire/reply.msgpack").read_bytes())
    data[byte] ^= 1
    (folder / "wire/reply.msgpack").write_bytes(data)
    assert "1 files FAILED: wire/reply.msgpack" in failing(folder, capsys)


def test_unknown_entries_of_json_files(copy: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    folder = copy("wire", "full_keys_pi0.json", "policy.json", "tokenizer.json", "tiny_sp.model")
    for file in ("wire/wire.json", "full_keys_pi0.json", "tokenizer.json"):
        content = json.loads((folder / file).read_text())
        (folder / file).write_text(json.dumps(content | {"_unheard_of": 1}))
    policies = json.loads((folder / "policy.json").read_text())
    policies["aloha_pi0"]["_unheard_of"] = 1
    (folder / "policy.json").write_text(json.dumps(policies))
    assert failing(folder, capsys).count("_unheard_of") >= 4


def test_as_a_command(copy: Callable[..., Path], tmp_path: Path) -> None:
    folder = copy("preproc_misc.safetensors", "preproc_delta.safetensors")
    figures = tmp_path / "figures.json"
    command = [sys.executable, "-m", "tests.vectors", str(folder), "--json", str(figures), "-v"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 files, 29 outputs: all within tolerance" in done.stdout
    assert {entry["file"]: entry["ok"] for entry in json.loads(figures.read_text())} == {
        "preproc_delta.safetensors": True,
        "preproc_misc.safetensors": True,
    }


def test_nothing_to_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert main([str(GOLDEN), "--only", "no such*"]) == 2
    assert main([str(tmp_path / "nowhere")]) == 2
    assert f"there is no folder {tmp_path / 'nowhere'}" in capsys.readouterr().err
