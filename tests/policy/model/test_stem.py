"""Convolutions before the patches of a small image encoder."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from policy.checkpoints.keys import pi0_shapes
from policy.model.initialise import initialise
from policy.model.pi0 import Pi0
from policy.model.siglip import Siglip
from policy.presets import VisionConfig
from tests.policy.model import tiny

VISION = VisionConfig(width=16, depth=1, mlp_width=32, heads=2, patch=8, image_size=32, stem=(6, 10))


def encoder() -> Siglip:
    made = Siglip(VISION)
    initialise(made, generator=torch.Generator().manual_seed(0))
    return made


def pictures() -> torch.Tensor:
    return torch.rand((3, 3, 32, 32), generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_a_model_with_a_stem_has_the_tensors_that_checkpoints_look_for() -> None:
    config = replace(tiny.pi0_config("pi05"), vision=VISION)
    found = {name: tuple(tensor.shape) for name, tensor in Pi0(config).state_dict().items()}
    assert found == pi0_shapes(config)


def test_a_patch_is_as_many_pixels_wide_as_without_and_sees_a_little_beyond() -> None:
    images = pictures().requires_grad_()
    tokens_BPW = encoder().embed(images)
    assert tokens_BPW.shape == (3, 16, 16)
    tokens_BPW[0, 5].sum().backward()  # row 1, column 1: pixels 8 to 15
    assert images.grad is not None
    rows = images.grad[0].abs().sum(dim=(0, 2)).nonzero().flatten()
    assert 8 - 3 <= int(rows.min()) <= 8
    assert 15 <= int(rows.max()) <= 15 + 3
    assert not images.grad[1:].any()


def test_what_it_makes_of_a_picture_is_about_as_large_as_the_picture() -> None:
    made = encoder()
    tokens_BPW = (made.embed(pictures()) - made.embeddings.position_embedding.weight).detach()
    assert 0.3 < float(tokens_BPW.std() / pictures().std()) < 2.0


def test_mixed_precision_computes_the_same_but_for_rounding() -> None:
    exact = encoder().embed(pictures())
    with torch.autocast("cpu", torch.bfloat16):
        near = encoder().embed(pictures())
    assert near.dtype == torch.bfloat16
    torch.testing.assert_close(near.float(), exact, rtol=0.0, atol=0.03)


@pytest.mark.parametrize(("patch", "image_size"), [(6, 24), (14, 28), (16, 40)])
def test_a_stem_that_does_not_fit_patch_and_image_is_refused(patch: int, image_size: int) -> None:
    with pytest.raises(ValueError, match=r"stem of 2 convolutions needs patches of a multiple of 4"):
        replace(VISION, patch=patch, image_size=image_size)
