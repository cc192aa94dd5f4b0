"""Sizes that no model can be built with are refused when they are written down."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from policy.presets import (
    BASELINES,
    GEMMA_300M,
    PI0_SMALL,
    PI05_SMALL,
    PRESETS,
    GemmaConfig,
    TransformerConfig,
    VisionConfig,
)


def test_tokens_of_an_image() -> None:
    assert VisionConfig().tokens == 256
    assert PI05_SMALL.vision.tokens == 64


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"heads": 7}, "the image encoder's width 1152 is no multiple of its 7 heads"),
        ({"image_size": 13}, "images of 13 pixels are smaller than the image encoder's patches of 14"),
    ],
)
def test_an_image_encoder_that_cannot_be_built(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        VisionConfig(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"heads": 8, "kv_heads": 3}, "8 query heads are no multiple of its 3 key-value heads"),
        ({"head_dim": 17}, "must be even, .* not 17"),
    ],
)
def test_a_tower_that_cannot_be_built(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GemmaConfig(width=64, depth=2, mlp_width=128, **changes)


@pytest.mark.parametrize("name", ["depth", "heads", "kv_heads", "head_dim"])
def test_towers_that_cannot_attend_together(name: str) -> None:
    other = replace(GEMMA_300M, **{name: 2 * getattr(GEMMA_300M, name)})
    with pytest.raises(ValueError, match=f"must agree in {name}, not {getattr(GEMMA_300M, name)} and"):
        replace(PRESETS["pi05"], expert=other)


def test_other_parts_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="transformer's width 64 is no multiple of its 5 heads"):
        TransformerConfig(width=64, depth=2, mlp_width=128, heads=5)
    with pytest.raises(ValueError, match="prompts of 513 tokens; the text encoder reads 512"):
        replace(PI0_SMALL, max_prompt_tokens=513)


def test_the_tables_cannot_be_changed() -> None:
    for table in (PRESETS, BASELINES):
        with pytest.raises(TypeError, match="does not support item assignment"):
            table["mine"] = PI05_SMALL  # type: ignore[index]
