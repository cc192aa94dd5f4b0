"""The golden models and cases, ready to run: what openpi's own code computes."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file
from torch import Tensor

from policy.model.inputs import ModelInputs
from policy.model.pi0 import Pi0
from policy.presets import LOW_LEVEL_CAMERAS, GemmaConfig, Kind, Pi0Config, VisionConfig

GOLDEN = Path(__file__).parents[2] / "golden"
HEAD = "paligemma_with_expert.paligemma.lm_head.weight"
EMBEDDING = "paligemma_with_expert.paligemma.model.language_model.embed_tokens.weight"

SINGLE = ("pi0_case0", "pi0_case1", "pi05_case0", "pi05_case1", "pi0_asym_case0", "pi05_asym_case0")
BATCHED = ("pi05_asym_case2",)


class Case(NamedTuple):
    inputs: ModelInputs
    noise_BTA: Tensor
    actions_BTA: Tensor
    actions_5_BTA: Tensor


def config(model: str) -> Pi0Config:
    kind: Kind = "pi05" if model.startswith("pi05") else "pi0"
    if "asym" in model:
        return Pi0Config(
            kind=kind,
            vision=VisionConfig(48, 2, 80, 4),
            language=GemmaConfig(72, 3, 144, 8, 1, 16),
            expert=GemmaConfig(40, 3, 96, 8, 1, 16),
            vocab_size=512,
            action_horizon=7,
            max_prompt_tokens=24 if kind == "pi0" else 60,
        )
    dummy = GemmaConfig(64, 4, 128, 8, 1, 16)
    return Pi0Config(
        kind=kind,
        vision=VisionConfig(64, 2, 112, 4),
        language=dummy,
        expert=dummy,
        vocab_size=512,
        action_horizon=10,
        max_prompt_tokens=48 if kind == "pi0" else 200,
    )


def model(name: str) -> Pi0:
    """`pi0`, `pi05`, `pi0_asym` or `pi05_asym`, with the golden weights."""
    weights = load_file(GOLDEN / f"{name}_weights.safetensors")
    weights[EMBEDDING] = weights[HEAD]
    made = Pi0(config(name)).eval()
    made.load_state_dict(weights)
    return made


def case(name: str) -> Case:
    tensors = load_file(GOLDEN / f"{name}.safetensors")
    images = [tensors[f"in.image.{camera}"].float() / 255 * 2 - 1 for camera in LOW_LEVEL_CAMERAS]
    masks = [tensors[f"in.image_mask.{camera}"] for camera in LOW_LEVEL_CAMERAS]
    inputs = ModelInputs(
        images_BNCYX=torch.stack(images, dim=1),
        image_mask_BN=torch.stack(masks, dim=1),
        tokens_BL=tensors["in.tokenized_prompt"],
        token_mask_BL=tensors["in.tokenized_prompt_mask"],
        state_BA=tensors["in.state"],
    )
    return Case(inputs, tensors["in.noise"], tensors["out.sampled_actions"], tensors["out.sampled_actions_5"])
