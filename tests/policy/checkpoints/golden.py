"""openpi's small checkpoints as the tests here use them: sizes that their files don't say, and variants on disk."""

from __future__ import annotations

from pathlib import Path

import torch
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
