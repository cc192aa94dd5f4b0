"""Random changes to training images, against what each of them means."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch
from torch.nn import functional

from policy.transforms.augment import BRIGHTNESS, CONTRAST, SATURATION, Draws, augment, draw, is_on_wrist

SIZE = 40


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(batch: int = 3) -> torch.Tensor:
    return torch.rand(batch, 3, SIZE, SIZE, generator=seeded(5)) * 2 - 1


def draws(batch: int = 3, **changes: float) -> Draws:
    """That change nothing but the crop's resizing, except where said otherwise."""
    values = {
        "top_B": 0,
        "left_B": 0,
        "turn_deg_B": 0.0,
        "brightness_B": 1.0,
        "contrast_B": 1.0,
        "saturation_B": 1.0,
    }
    return Draws(**{name: torch.full((batch,), value) for name, value in (values | changes).items()})


def test_the_same_seed_draws_the_same_and_each_image_its_own() -> None:
    first, second = (draw(8, height=SIZE, width=SIZE, generator=seeded(1)) for _ in range(2))
    for item in fields(Draws):
        assert torch.equal(getattr(first, item.name), getattr(second, item.name))
        assert len(getattr(first, item.name).unique()) > 1
    other = draw(8, height=SIZE, width=SIZE, generator=seeded(2))
    assert not torch.equal(first.turn_deg_B, other.turn_deg_B)


def test_a_shared_draw_is_one_for_the_batch() -> None:
    shared = draw(8, height=SIZE, width=SIZE, generator=seeded(1), shared=True)
    for item in fields(Draws):
        values = getattr(shared, item.name)
        assert values.shape == (8,)
        assert len(values.unique()) == 1


def test_draws_fill_their_ranges() -> None:
    many = draw(4000, height=100, width=60, generator=seeded())
    assert (many.top_B.min(), many.top_B.max()) == (0, 5)
    assert (many.left_B.min(), many.left_B.max()) == (0, 3)
    for values, (low, high) in (
        (many.turn_deg_B, (-5.0, 5.0)),
        (many.brightness_B, BRIGHTNESS),
        (many.contrast_B, CONTRAST),
        (many.saturation_B, SATURATION),
    ):
        assert low <= values.min() < low + 0.01 * (high - low)
        assert high >= values.max() > high - 0.01 * (high - low)


def test_an_image_alone_is_changed_as_it_is_within_a_batch() -> None:
    drawn = draw(3, height=SIZE, width=SIZE, generator=seeded())
    together = augment(images(), drawn, geometric=True)
    for index in range(3):
        alone = Draws(*(getattr(drawn, item.name)[index : index + 1] for item in fields(Draws)))
        torch.testing.assert_close(
            augment(images()[index : index + 1], alone, geometric=True)[0], together[index]
        )


def test_a_crop_is_cut_and_resized_back() -> None:
    got = augment(images(), draws(top_B=1, left_B=2), geometric=True)
    cut = images()[:, :, 1 : 1 + 38, 2 : 2 + 38]
    expected = functional.interpolate(cut, size=(SIZE, SIZE), mode="bilinear", align_corners=False)
    torch.testing.assert_close(got, expected, atol=1e-6, rtol=0)


def test_a_turn_takes_the_content_counter_clockwise() -> None:
    dark = torch.full((1, 3, SIZE, SIZE), -1.0)
    dark[:, :, 19:21, 36:38] = 1.0  # right of the middle
    turned = augment(dark, draws(1, turn_deg_B=5.0), geometric=True)[0, 0] + 1
    rows = torch.arange(SIZE, dtype=torch.float32)
    height = (turned.sum(dim=1) * rows).sum() / turned.sum()
    assert height < 19  # it has gone up
    untouched = augment(images(), draws(), geometric=True)
    assert torch.equal(augment(images(), draws(turn_deg_B=0.1), geometric=True), untouched)
    assert not torch.equal(augment(images(), draws(turn_deg_B=0.2), geometric=True), untouched)


def test_outside_of_a_turned_image_it_is_black() -> None:
    white = torch.ones(1, 3, SIZE, SIZE)
    turned = augment(white, draws(1, turn_deg_B=5.0), geometric=True)
    assert turned[0, :, 0, 0].max() < -0.5
    assert turned[0, :, 20, 20].min() == 1.0


def test_colours_change_about_the_means() -> None:
    grey = images() * 0.2  # far from the ends, so that nothing is clamped
    unit = grey / 2 + 0.5
    wrist = augment(grey, draws(brightness_B=1.2), geometric=False)
    torch.testing.assert_close(wrist / 2 + 0.5, unit * 1.2)
    mean = unit.mean(dim=(1, 2, 3), keepdim=True)
    contrast = augment(grey, draws(contrast_B=0.6), geometric=False) / 2 + 0.5
    torch.testing.assert_close(contrast, mean + 0.6 * (unit - mean))
    plain = augment(grey, draws(saturation_B=0.5), geometric=False) / 2 + 0.5
    torch.testing.assert_close(plain.mean(dim=1), unit.mean(dim=1))
    torch.testing.assert_close(plain.std(dim=1), unit.std(dim=1) / 2)


def test_results_stay_in_range_and_the_given_images_as_they_are() -> None:
    given = images()
    result = augment(given, draws(brightness_B=1.3, contrast_B=1.4), geometric=False)
    assert (result.min(), result.max()) == (-1.0, 1.0)
    assert torch.equal(given, images())


def test_wrists_are_told_by_their_names() -> None:
    assert [is_on_wrist(name) for name in ("base_0_rgb", "left_wrist_0_rgb", "wrist_0_rgb")] == [
        False,
        True,
        True,
    ]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="2 images and 3 draws"):
        augment(images(2), draws(3), geometric=True)
    with pytest.raises(ValueError, match=r"\[B, 3, Y, X\] floats, not \[3, 40, 40\]"):
        augment(images(1)[0], draws(1), geometric=True)
    with pytest.raises(ValueError, match=r"torch\.uint8"):
        augment(images().to(torch.uint8), draws(), geometric=True)
    with pytest.raises(ValueError, match="crop of 38 × 38 pixels leaves the image of 40 × 40"):
        augment(images(), draws(top_B=3), geometric=True)
    with pytest.raises(ValueError, match="one number an image each"):
        Draws(*torch.zeros(6, 3)[:5], torch.zeros(4))
