"""Vector files like those of `tests/golden`, but not among them: their names are understood.

The numbers are this project's own, so that they agree proves nothing; that they are compared is shown by changing them.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from policy.serving.wire import pack
from policy.transforms.augment import augment, draw
from policy.transforms.images import resize_with_pad
from policy.transforms.norm_stats import NormStats, save_norm_stats
from tests.policy.vector_folders import GOLDEN, copied, edit, failing
from tests.vectors import preprocessing
from tests.vectors.__main__ import main
from tests.vectors.cases import gradients_of, inside_of
from tests.vectors.folder import ASYM, DUMMY, Folder, ModelName, Vectors
from tests.vectors.own import own_case, own_policy
from tests.vectors.registry import one_thread


@pytest.fixture
def copy(tmp_path: Path) -> Callable[..., Path]:
    """A folder with some of the golden files."""
    return functools.partial(copied, tmp_path / "golden")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.mark.parametrize(
    ("kind", "size", "case", "batch"),
    [
        ("pi0", ASYM, "case3", 2),
        ("pi05", DUMMY, "case12", 1),
    ],
)
def test_other_cases_are_understood(
    kind: Any, size: str, case: str, batch: int, copy: Callable[..., Path]
) -> None:
    name = ModelName(kind, size)
    folder = copy(f"{name.text}_weights.safetensors")
    own_case(folder, name, case, batch=batch)
    assert main([str(folder)]) == 0


@pytest.mark.parametrize(("kind", "size"), [("pi0", ASYM), ("pi05", DUMMY)])
def test_other_gradients_and_insides_are_understood(
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
def test_other_policies_are_understood(
    name: str, copy: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy("policy.json", "tiny_sp.model")
    own_policy(folder, name, GOLDEN / "pi05_weights.safetensors")
    assert main([str(folder), "--only", f"*{name}*"]) == 0
    entries = json.loads((folder / "policy.json").read_text())
    entries[name]["bf16_vs_f32_model_actions"] |= {"rel": 1.0, "median": 1.0}
    (folder / "policy.json").write_text(json.dumps(entries))
    edit(folder / f"policy_{name}.safetensors", lambda t: t["mid.inputs.state"][0].add_(1e-3))
    out = failing(folder, capsys, only=f"policy_{name}*")
    for wrong in ("mid.inputs.state", "bf16_vs_f32_model_actions.rel", "bf16_vs_f32_model_actions.median"):
        assert f"{wrong} " in out


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


def test_more_operations_sizes_and_messages_are_understood(
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
def test_augmented_images_of_a_guessed_layout(
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


REFUSED = "ValueError: height and width must be > 0"


@pytest.mark.parametrize(
    "entry",
    [
        {"in": [1, 300], "out": [224, 224], "pil": REFUSED, "torch": REFUSED, "jax": "ok"},
        {"h": 1, "w": 300, "errors": {"pil": REFUSED, "torch": REFUSED}},
        {"height": 1, "width": 300, "pil_raises": True},
        {"size": [1, 300], "raises": ["pil", "torch"]},
        {"size": [1, 300, 3], "raises": {"pil": True, "torch": True, "jax": False}},
    ],
)
def test_sizes_that_openpi_refuses(
    entry: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "preproc_resize.json"
    file.write_text(json.dumps({"r1": {"in": [333, 517], "pil": "ok"}, "r4": entry}))
    assert main([str(tmp_path)]) == 0
    assert "nothing is said" not in capsys.readouterr().out
    other = {key: [333, 517] if key in ("in", "size") else value for key, value in entry.items()}
    other |= {key: 333 for key in ("h", "height") if key in entry}
    file.write_text(json.dumps([other]))
    assert "it is resized here, there not" in failing(tmp_path, capsys)


def test_sizes_of_which_nothing_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "preproc_resize.json"
    file.write_text(json.dumps({"r1": [333, 517], "r4": [1, 300]}))
    assert main([str(tmp_path)]) == 0
    assert "r4: 1 × 300 is refused here; of PIL nothing is said there" in capsys.readouterr().out
    file.write_text(json.dumps({"sizes": "all"}))
    assert "its layout is not known here" in failing(tmp_path, capsys)
