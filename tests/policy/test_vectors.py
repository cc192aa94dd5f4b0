"""The golden vectors agree, file by file; what is damaged or unknown in such a folder fails by name.

Openpi's own numbers are those of `tests/golden`. Other files of the same kinds have names that are not among them; that
such names are understood is shown with numbers that this project's own code made, which proves nothing else.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from policy.serving.wire import pack
from policy.transforms.augment import augment, draw
from policy.transforms.images import resize_with_pad
from policy.transforms.norm_stats import NormStats, save_norm_stats
from tests.vectors import preprocessing
from tests.vectors.__main__ import main
from tests.vectors.cases import gradients_of, inside_of
from tests.vectors.folder import ASYM, DUMMY, Folder, ModelName, Vectors
from tests.vectors.own import own_case, own_policy
from tests.vectors.registry import check_file, one_thread

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
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

    def copied(*names: str) -> Path:
        folder = tmp_path / "golden"
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            if (GOLDEN / name).is_dir():
                shutil.copytree(GOLDEN / name, folder / name)
            else:
                shutil.copy(GOLDEN / name, folder / name)
        return folder

    return copied


def edit(path: Path, change: Callable[[dict[str, Tensor]], None]) -> None:
    """Change tensors of a file; the way `load_file` maps a file forbids to write over it in place."""
    tensors = {name: tensor.clone() for name, tensor in load_file(path).items()}
    change(tensors)
    path.unlink()
    save_file(tensors, path)


def failing(folder: Path, capsys: pytest.CaptureFixture[str], *, only: str = "*") -> str:
    """What the command prints about a folder in which something is wrong."""
    assert main([str(folder), "--only", only]) == 1
    return capsys.readouterr().out


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


def test_missing_weights(copy: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    out = failing(copy(CASE), capsys)
    assert f"it needs {WEIGHTS}" in out


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


# -- names that are not among the given files; the numbers are our own ------------------------------


@pytest.mark.parametrize(
    ("kind", "size", "case", "batch"),
    [
        ("pi0", ASYM, "case2", 2),
        ("pi05", DUMMY, "case12", 1),
    ],
)
def test_other_cases_are_understood_with_numbers_of_our_own(
    kind: Any, size: str, case: str, batch: int, copy: Callable[..., Path]
) -> None:
    name = ModelName(kind, size)
    folder = copy(f"{name.text}_weights.safetensors")
    own_case(folder, name, case, batch=batch)
    assert main([str(folder)]) == 0


@pytest.mark.parametrize(("kind", "size"), [("pi0", ASYM), ("pi05", DUMMY)])
def test_other_gradients_and_insides_are_understood_with_numbers_of_our_own(
    kind: Any, size: str, copy: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    name = ModelName(kind, size)
    folder = copy(f"{name.text}_weights.safetensors")
    case = Vectors(own_case(folder, name, "case3", batch=1))
    model = Folder(folder).model(name)
    gradients = {key: gradient for key, gradient in gradients_of(model, case).items() if gradient is not None}
    save_file(gradients, folder / f"{name.text}_case3_grads.safetensors")
    inside = {key: tensor.contiguous() for key, tensor in inside_of(model, case).items()}
    assert ("adarms_cond" in inside) == (kind == "pi05")
    assert inside["suffix_embs"].shape[1] == model.config.action_horizon + (kind == "pi0")
    save_file(inside, folder / f"{name.text}_case3_debug.safetensors")
    assert main([str(folder), "--only", "*case3_*"]) == 0
    edit(folder / f"{name.text}_case3_grads.safetensors", lambda g: g["action_in_proj.weight"].add_(1e-3))
    edit(folder / f"{name.text}_case3_debug.safetensors", lambda t: t["joint_att_2d"][0, 5].logical_not_())
    out = failing(folder, capsys, only="*case3_*")
    assert "action_in_proj.weight" in out
    assert "joint_att_2d" in out


@pytest.mark.parametrize("name", ["droid_pi05", "libero_pi05"])
def test_other_policies_are_understood_with_numbers_of_our_own(
    name: str, copy: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy("policy.json", "tiny_sp.model")
    own_policy(folder, name, GOLDEN / "pi05_weights.safetensors")
    assert main([str(folder), "--only", f"*{name}*"]) == 0
    edit(folder / f"policy_{name}.safetensors", lambda t: t["mid.inputs.state"][0].add_(1e-3))
    assert "mid.inputs.state" in failing(folder, capsys, only=f"policy_{name}*")


def test_third_statistics_are_read_where_they_are_there(
    copy: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy("preproc_norm.safetensors", "norm_stats_0", "norm_stats_1")
    norm = Vectors(folder / "preproc_norm.safetensors")
    implied = [preprocessing.implied_stats(norm, "n2", label) for label in ("zscore", "quantile")]
    stats = {
        item: NormStats(mean=z[item].mean, std=z[item].std, q01=q[item].q01, q99=q[item].q99)
        for z, q in [implied]
        for item in ("state", "actions")
    }
    save_norm_stats(folder, "norm_stats_2", stats)
    assert main([str(folder)]) == 0
    assert "not in the folder" not in capsys.readouterr().out
    text = (folder / "norm_stats_2/norm_stats.json").read_text()
    first = f"{float(stats['state'].mean[0])!r}"
    (folder / "norm_stats_2/norm_stats.json").write_text(text.replace(first, f"{float(first) + 0.001!r}", 1))
    assert "n2.zscore.norm.state" in failing(folder, capsys)


def test_more_operations_sizes_and_messages_are_understood_with_numbers_of_our_own(
    copy: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy(
        "unit_ops.safetensors", "pi05_asym_weights.safetensors", "preproc_resize.safetensors", "wire"
    )

    def more_operations(tensors: dict[str, Tensor]) -> None:
        tensors |= {f"rms7.{part}": tensors[f"rms1.{part}"].clone() for part in ("x", "out")}

    def more_sizes(tensors: dict[str, Tensor]) -> None:
        image = torch.randint(0, 256, (37, 640, 3), dtype=torch.uint8)
        resized = torch.from_numpy(resize_with_pad(image.numpy(), height=224, width=224))
        tensors |= {
            "r9.in_u8": image,
            "r9.pil_u8": resized,
            "r4.in_u8": torch.zeros((1, 300, 3), dtype=torch.uint8),
        }

    edit(folder / "unit_ops.safetensors", more_operations)
    edit(folder / "preproc_resize.safetensors", more_sizes)
    (folder / "wire/another.msgpack").write_bytes(pack({"state": np.zeros(3)}))
    assert main([str(folder)]) == 0
    assert "r4 is refused" in _verbose(folder, capsys)


def _verbose(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    main([str(folder), "-v", "--only", "preproc_resize*"])
    return capsys.readouterr().out


@pytest.mark.parametrize("colours_last", [True, False])
def test_augmented_images_of_a_guessed_layout_with_numbers_of_our_own(
    colours_last: bool, copy: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy("README.md")
    random = torch.Generator().manual_seed(4)
    tensors: dict[str, Tensor] = {}
    entries: dict[str, dict[str, float]] = {}
    for camera in ("base_0_rgb", "left_wrist_0_rgb"):
        geometric = "wrist" not in camera
        image = torch.rand((2, 3, 40, 48), generator=random) * 2 - 1
        drawn = draw(2, height=40, width=48, generator=random, shared=True)
        names = ("start_h", "start_w", "angle") if geometric else ()
        values = (drawn.top_B, drawn.left_B, drawn.turn_deg_B) if geometric else ()
        named = dict(zip(names, values, strict=True)) | {
            "brightness": drawn.brightness_B,
            "contrast": drawn.contrast_B,
            "saturation": drawn.saturation_B,
        }
        entries[camera] = {name: float(value[0]) for name, value in named.items()}
        for name, pixels in (("in", image), ("out", augment(image, drawn, geometric=geometric))):
            placed = pixels.permute(0, 2, 3, 1) if colours_last else pixels
            tensors[f"{name}.{camera}"] = placed.contiguous()
    save_file(tensors, folder / "preproc_augment.safetensors")
    (folder / "preproc_augment.json").write_text(json.dumps(entries))
    assert main([str(folder)]) == 0
    entries["base_0_rgb"]["angle"] += 0.5
    (folder / "preproc_augment.json").write_text(json.dumps(entries))
    assert "out.base_0_rgb" in failing(folder, capsys)
    edit(folder / "preproc_augment.safetensors", lambda t: t.update({"strange": torch.zeros(3)}))
    assert "nothing here understands this tensor" in failing(folder, capsys)


def test_sizes_that_openpi_refuses_with_a_layout_of_our_own(
    copy: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy("README.md")
    sizes: dict[str, Any] = {
        "r1": {"in": [333, 517], "out": [224, 224], "pil": "ok"},
        "r4": {"in": [1, 300], "pil": "ValueError: height and width must be > 0", "jax": "ok"},
    }
    (folder / "preproc_resize.json").write_text(json.dumps(sizes))
    assert main([str(folder)]) == 0
    sizes["r1"]["pil"] = "ValueError: height and width must be > 0"
    (folder / "preproc_resize.json").write_text(json.dumps(sizes))
    assert "r1: 333 × 517" in failing(folder, capsys)
    (folder / "preproc_resize.json").write_text(json.dumps({"sizes": "all"}))
    assert "its layout is not known here" in failing(folder, capsys)
