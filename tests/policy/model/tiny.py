"""Models small enough for tests, and observations for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeVar

import torch
from torch import Tensor, nn

from policy.model.inputs import ModelInputs
from policy.model.pi0 import Pi0
from policy.model.pi0_small import Pi0Small
from policy.presets import (
    GemmaConfig,
    Pi0Config,
    Pi0FastConfig,
    Pi0SmallConfig,
    TextEncoderConfig,
    TransformerConfig,
    VisionConfig,
)

Module = TypeVar("Module", bound=nn.Module)

CAMERAS, PROMPT, ACTION_DIM, HORIZON, VOCABULARY = 3, 8, 6, 5, 64
VISION = VisionConfig(width=16, depth=2, mlp_width=32, heads=2, patch=14, image_size=28)
LANGUAGE = GemmaConfig(width=24, depth=3, mlp_width=48, heads=4, kv_heads=1, head_dim=8)
EXPERT = GemmaConfig(width=20, depth=3, mlp_width=40, heads=4, kv_heads=1, head_dim=8)

PI0_FAST_TINY = Pi0FastConfig(
    vision=VISION,
    language=LANGUAGE,
    vocab_size=VOCABULARY,
    action_dim=ACTION_DIM,
    action_horizon=HORIZON,
    max_prompt_tokens=PROMPT,
    max_action_tokens=32,
)
PI0_SMALL_TINY = Pi0SmallConfig(
    vision=VISION,
    text=TextEncoderConfig(width=16, depth=2, mlp_width=32, heads=2, vocab_size=VOCABULARY, max_tokens=16),
    observation=TransformerConfig(width=24, depth=2, mlp_width=48, heads=4),
    expert=TransformerConfig(width=20, depth=3, mlp_width=40, heads=2),
    cameras=CAMERAS,
    action_dim=ACTION_DIM,
    action_horizon=HORIZON,
    max_prompt_tokens=PROMPT,
)


def pi0_config(kind: Literal["pi0", "pi05"]) -> Pi0Config:
    return Pi0Config(
        kind=kind,
        vision=VISION,
        language=LANGUAGE,
        expert=EXPERT,
        vocab_size=VOCABULARY,
        action_dim=ACTION_DIM,
        action_horizon=HORIZON,
        max_prompt_tokens=PROMPT,
    )


def pi0(kind: Literal["pi0", "pi05"]) -> Pi0:
    return filled(Pi0(pi0_config(kind)))


def pi0_small() -> Pi0Small:
    return filled(Pi0Small(PI0_SMALL_TINY))


def filled(model: Module, *, seed: int = 0) -> Module:
    """The model with every parameter random, also those that start at zero, so that everything has an effect."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            fan_in = parameter.shape[-1] if parameter.ndim > 1 else 25
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / fan_in**0.5)
    return model.eval()


def observation(batch: int = 2, *, seed: int = 1) -> ModelInputs:
    """Every camera seen, prompts of different lengths."""
    generator = torch.Generator().manual_seed(seed)
    side = VISION.image_size
    lengths_B = torch.arange(batch) % (PROMPT - 2) + 3
    token_mask_BL = torch.arange(PROMPT) < lengths_B[:, None]
    tokens_BL = torch.randint(4, VOCABULARY, (batch, PROMPT), generator=generator)
    return ModelInputs(
        images_BNCYX=torch.rand(batch, CAMERAS, 3, side, side, generator=generator) * 2 - 1,
        image_mask_BN=torch.ones(batch, CAMERAS, dtype=torch.bool),
        tokens_BL=tokens_BL * token_mask_BL,
        token_mask_BL=token_mask_BL,
        state_BA=torch.randn(batch, ACTION_DIM, generator=generator),
    )


def without_camera(inputs: ModelInputs, camera: int) -> ModelInputs:
    mask = inputs.image_mask_BN.clone()
    mask[:, camera] = False
    return replace(inputs, image_mask_BN=mask)


def sample(inputs: ModelInputs, index: int) -> ModelInputs:
    """One sample of a batch, as a batch of one."""
    return ModelInputs(**{name: value[index : index + 1] for name, value in vars(inputs).items()})


def chunk(batch: int = 2, *, seed: int = 2) -> Tensor:
    """Standard normal, [B, T, A]."""
    return torch.randn(batch, HORIZON, ACTION_DIM, generator=torch.Generator().manual_seed(seed))
