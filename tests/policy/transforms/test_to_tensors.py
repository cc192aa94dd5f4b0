from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from policy.presets import HIGH_LEVEL_CAMERAS, LOW_LEVEL_CAMERAS
from policy.transforms.compose import Sample
from policy.transforms.to_tensors import images_to_floats, to_tensors

RANDOM = np.random.default_rng(0)


def sample(
    prompt: int = 3, *, length: int = 20, cameras: tuple[str, ...] = LOW_LEVEL_CAMERAS, size: int = 8
) -> Sample:
    mask = np.arange(length) < prompt
    return Sample(
        image={name: RANDOM.integers(0, 256, size=(size, size, 3), dtype=np.uint8) for name in cameras},
        image_mask={name: np.bool_(index != 1) for index, name in enumerate(cameras)},
        state=RANDOM.normal(size=32),
        tokenized_prompt=np.where(mask, RANDOM.integers(4, 100, size=length), 0),
        tokenized_prompt_mask=mask,
    )


def test_a_batch_has_the_models_shapes_and_types() -> None:
    inputs = to_tensors([sample(), sample(7)])
    assert inputs.images_BNCYX.shape == (2, 3, 3, 8, 8)
    assert inputs.images_BNCYX.dtype == inputs.state_BA.dtype == torch.float32
    assert inputs.images_BNCYX.is_contiguous()
    assert inputs.image_mask_BN.tolist() == [[True, False, True]] * 2
    assert inputs.tokens_BL.shape == (2, 20)
    assert inputs.tokens_BL.dtype == torch.int64
    assert inputs.token_mask_BL.sum(dim=1).tolist() == [3, 7]


def test_every_grey_level_is_computed_in_openpis_order() -> None:
    levels = torch.arange(256, dtype=torch.uint8)
    images = levels[None, None, :, None, None].expand(1, 1, 256, 1, 3)
    expected = levels.float() / 255 * 2 - 1
    assert torch.equal(images_to_floats(images)[0, 0, 1, :, 0], expected)
    with pytest.raises(ValueError, match=r"from uint8, not from torch\.float32"):
        images_to_floats(images.float())


def test_cameras_come_in_the_order_asked_for() -> None:
    given = sample(cameras=HIGH_LEVEL_CAMERAS)
    inputs = to_tensors([given], cameras=HIGH_LEVEL_CAMERAS[::-1])
    for index, name in enumerate(HIGH_LEVEL_CAMERAS[::-1]):
        pixels = torch.from_numpy(given["image"][name]).permute(2, 0, 1).float() / 255 * 2 - 1
        assert torch.equal(inputs.images_BNCYX[0, index], pixels)
        assert inputs.image_mask_BN[0, index] == bool(given["image_mask"][name])


def test_a_mask_that_is_not_there_means_that_the_camera_is() -> None:
    given = sample()
    given["image_mask"] = {}
    assert to_tensors([given]).image_mask_BN.all()


@pytest.mark.parametrize(
    ("prompts", "multiple", "length"),
    [((3, 7), 1, 7), ((3, 7), 8, 8), ((9,), 8, 16), ((20,), 16, 20), ((0,), 1, 1), ((17, 1), 16, 20)],
)
def test_prompts_are_trimmed_to_the_longest(prompts: tuple[int, ...], multiple: int, length: int) -> None:
    samples = [sample(prompt) for prompt in prompts]
    whole, trimmed = to_tensors(samples), to_tensors(samples, trim=True, multiple=multiple)
    assert trimmed.tokens_BL.shape == trimmed.token_mask_BL.shape == (len(prompts), length)
    assert torch.equal(trimmed.tokens_BL, whole.tokens_BL[:, :length])
    assert not whole.token_mask_BL[:, length:].any()


def test_read_only_arrays_are_fine_and_not_shared() -> None:
    given = sample()
    given["tokenized_prompt"].flags.writeable = False
    given["state"].flags.writeable = False
    inputs = to_tensors([given])
    inputs.tokens_BL.zero_()
    assert given["tokenized_prompt"][0] != 0


def test_what_is_no_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        to_tensors([])
    with pytest.raises(ValueError, match="lacks camera back_0_rgb; it has base_0_rgb"):
        to_tensors([sample()], cameras=HIGH_LEVEL_CAMERAS)
    with pytest.raises(ValueError, match=r"prompts of a batch have one shape, not \[20\] and \[24\]"):
        to_tensors([sample(), sample(length=24)])
    with pytest.raises(ValueError, match="images of a batch have one shape"):
        to_tensors([sample(), sample(size=9)])
    with pytest.raises(ValueError, match="multiple of 1 or more, not of 0"):
        to_tensors([sample()], trim=True, multiple=0)
    untokenised: Any = sample()
    del untokenised["tokenized_prompt"]
    with pytest.raises(ValueError, match="no tokens"):
        to_tensors([untokenised])
