"""openpi's small checkpoints as the tests here use them: sizes that their files don't say, and variants on disk."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from policy.checkpoints.infer_config import Known, infer_config
from policy.checkpoints.weights import open_weights
from policy.model.pi0 import Pi0
from policy.presets import Pi0Config

GOLDEN = Path(__file__).parents[2] / "golden"
FULL = Known(vision_heads=4, action_horizon=10, max_prompt_tokens=200)
ASYM = Known(vision_heads=4, action_horizon=7, max_prompt_tokens=60)


def asym(kind: str) -> Path:
    """The weights file of a small model whose towers differ in every width."""
    return GOLDEN / f"{kind}_asym_weights.safetensors"


def config_of(path: Path) -> Pi0Config:
    """The configuration of an asym file."""
    return infer_config(open_weights(path).shapes, source=path, known=ASYM)


def meta_model(config: Pi0Config) -> Pi0:
    """A model without memory."""
    with torch.device("meta"):
        return Pi0(config)


def metadata_of(path: Path) -> dict[str, str]:
    """What the header says beside the tensors."""
    with safe_open(path, framework="pt") as file:
        return dict(file.metadata() or {})


def variant(path: Path, target: Path, change: dict[str, Tensor | None]) -> Path:
    """A copy of a weights file with some tensors replaced, added or (None) left out."""
    tensors = load_file(path)
    for name, tensor in change.items():
        if tensor is None:
            del tensors[name]
        else:
            tensors[name] = tensor
    save_file(tensors, target)
    return target


def lerobot_folder(folder: Path, kind: str, *, prefix: str = "model.", **config: Any) -> Path:
    """A folder as LeRobot saves it: every name prefixed, its configuration, statistics in the normalizer's file."""
    folder.mkdir()
    tensors = load_file(asym(kind))
    save_file({prefix + name: tensor for name, tensor in tensors.items()}, folder / "model.safetensors")
    mode = "QUANTILES" if kind == "pi05" else "MEAN_STD"
    plain = {
        "type": kind,
        "n_obs_steps": 1,
        "chunk_size": 7,
        "n_action_steps": 5,
        "max_state_dim": 32,
        "max_action_dim": 32,
        "tokenizer_max_length": 60,
        "paligemma_variant": "gemma_2b",
        "normalization_mapping": {"VISUAL": "IDENTITY", "STATE": mode, "ACTION": mode},
        "input_features": {
            "observation.images.base_0_rgb": {"type": "VISUAL", "shape": [3, 224, 224]},
            "observation.state": {"type": "STATE", "shape": [6]},
        },
    }
    (folder / "config.json").write_text(json.dumps(plain | config))
    vectors: dict[str, NDArray[np.float32]] = {
        "mean": np.zeros(6, np.float32),
        "std": np.ones(6, np.float32),
        "q01": -np.arange(1, 7, dtype=np.float32),
        "q99": np.arange(1, 7, dtype=np.float32),
    }
    stats = {
        f"{name}.{item}": torch.from_numpy(vector.copy())
        for name in ("observation.state", "action")
        for item, vector in vectors.items()
    }
    save_file(stats, folder / "policy_preprocessor_step_2_normalizer_processor.safetensors")
    return folder


def openpi_folder(folder: Path, kind: str) -> Path:
    """A folder as openpi's trainer leaves it, with the weights of a small model."""
    shutil.copytree(GOLDEN / "ckpt" / f"aloha_{kind}", folder)
    shutil.copyfile(asym(kind), folder / "model.safetensors")
    return folder
