"""Inputs whose parts do not fit each other never reach a model."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.policy.model import tiny


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"images_BNCYX": torch.zeros(2, 3, 3, 28, 28, dtype=torch.uint8)},
            r"floats in \[-1, 1\], not uint8 of shape \[2, 3, 3, 28, 28\]",
        ),
        ({"images_BNCYX": torch.zeros(2, 3, 28, 28, 3)}, r"\[batch, cameras, 3, height, width\]"),
        ({"images_BNCYX": torch.zeros(2, 3, 28, 28)}, r"\[batch, cameras, 3, height, width\]"),
        (
            {"image_mask_BN": torch.ones(2, 2, dtype=torch.bool)},
            r"image mask must be bool of shape \[2, 3\], not bool of shape \[2, 2\]",
        ),
        ({"image_mask_BN": torch.ones(2, 3)}, "image mask must be bool .* not float32"),
        (
            {"tokens_BL": torch.zeros(1, 8, dtype=torch.int64)},
            r"prompts must be whole numbers of shape \[2, tokens\], not int64 of shape \[1, 8\]",
        ),
        ({"tokens_BL": torch.zeros(2, 8)}, "prompts must be whole numbers .* not float32"),
        (
            {"token_mask_BL": torch.ones(2, 7, dtype=torch.bool)},
            r"prompt mask must be bool of shape \[2, 8\], not bool of shape \[2, 7\]",
        ),
        ({"state_BA": torch.zeros(1, 6)}, r"states must be floats of shape \[2, width\]"),
        ({"state_BA": torch.zeros(2, 6, dtype=torch.int64)}, "states must be floats .* not int64"),
    ],
)
def test_parts_that_do_not_fit_are_refused_by_name(changes: dict[str, Tensor], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(tiny.observation(), **changes)


def test_what_is_on_no_device_at_all_is_checked_too() -> None:
    parts = {name: tensor.to("meta") for name, tensor in vars(tiny.observation()).items()}
    assert replace(tiny.observation(), **parts).tokens_BL.device.type == "meta"
