"""Random changes to training images: crop, turn and recolour, with openpi's ranges.

Cameras on a wrist are recoloured only: where the hand is in their image means something. openpi draws once for a whole
batch, here each image has a draw of its own unless asked otherwise; the same draws give the same pixels as openpi's
PyTorch trainer.

Axes: B batch · C colour · Y X pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn import functional

CROP = 0.95
MAX_TURN_DEG = 5.0
LEAST_TURN_DEG = 0.1
"""Turns up to this are left out."""
BRIGHTNESS = (0.7, 1.3)
CONTRAST = (0.6, 1.4)
SATURATION = (0.5, 1.5)


@dataclass(frozen=True)
class Draws:
    """What is done to each image of a batch.

    Attributes:
        top_B: [B] int64, first row of the crop.
        left_B: [B] int64, first column of the crop.
        turn_deg_B: [B] float32, degrees; positive turns the image counter-clockwise.
        brightness_B: [B] float32, factor.
        contrast_B: [B] float32, factor about the image's mean.
        saturation_B: [B] float32, factor about each pixel's mean.
    """

    top_B: Tensor
    left_B: Tensor
    turn_deg_B: Tensor
    brightness_B: Tensor
    contrast_B: Tensor
    saturation_B: Tensor

    def __post_init__(self) -> None:
        """Refuse draws for batches of different sizes.

        Raises:
            ValueError: Not one number an image each.
        """
        shapes = {item.name: tuple(getattr(self, item.name).shape) for item in fields(self)}
        if len(set(shapes.values())) != 1 or len(shapes["top_B"]) != 1:
            raise ValueError(f"draws are one number an image each, [B], not {shapes}")


def draw(batch: int, *, height: int, width: int, generator: torch.Generator, shared: bool = False) -> Draws:
    """Random draws for the images of one camera.

    Args:
        batch: B.
        height: Of the images, in pixels.
        width: Of the images, in pixels.
        generator: Where the randomness comes from; the draws are made on its device.
        shared: One draw for the whole batch, as in openpi's PyTorch trainer.

    Returns:
        [B] of each.
    """
    drawn = 1 if shared else batch
    device = generator.device

    def whole(most: int) -> Tensor:
        return torch.randint(most + 1, (drawn,), generator=generator, device=device).expand(batch)

    def uniform(low: float, high: float) -> Tensor:
        return (low + (high - low) * torch.rand(drawn, generator=generator, device=device)).expand(batch)

    return Draws(
        top_B=whole(height - int(height * CROP)),
        left_B=whole(width - int(width * CROP)),
        turn_deg_B=uniform(-MAX_TURN_DEG, MAX_TURN_DEG),
        brightness_B=uniform(*BRIGHTNESS),
        contrast_B=uniform(*CONTRAST),
        saturation_B=uniform(*SATURATION),
    )


def augment(images_BCYX: Tensor, draws: Draws, *, geometric: bool) -> Tensor:
    """Images changed as drawn.

    Args:
        images_BCYX: [B, 3, Y, X] float in [-1, 1].
        draws: One for each image.
        geometric: Crop and turn as well; False for cameras on a wrist, see `is_on_wrist`.

    Returns:
        As `images_BCYX`, new memory, in [-1, 1].

    Raises:
        ValueError: Not such images, or another number of draws, or a crop that leaves the image.
    """
    if images_BCYX.ndim != 4 or images_BCYX.shape[1] != 3 or not images_BCYX.is_floating_point():
        message = (
            f"images to augment are [B, 3, Y, X] floats, not {list(images_BCYX.shape)} {images_BCYX.dtype}"
        )
        raise ValueError(message)
    if len(draws.top_B) != len(images_BCYX):
        raise ValueError(
            f"{len(images_BCYX)} images and {len(draws.top_B)} draws; there must be one for each"
        )
    images_BCYX = images_BCYX / 2.0 + 0.5
    if geometric:
        images_BCYX = _cropped(images_BCYX, draws.top_B, draws.left_B)
        images_BCYX = _turned(images_BCYX, draws.turn_deg_B)
    return _recoloured(images_BCYX, draws).clamp(0.0, 1.0) * 2.0 - 1.0


def is_on_wrist(camera: str) -> bool:
    """Whether one of the model's cameras is on a wrist: by its name, as in openpi."""
    return "wrist" in camera


def _cropped(images_BCYX: Tensor, top_B: Tensor, left_B: Tensor) -> Tensor:
    """Each image's crop of 95 %, resized back (bilinear)."""
    batch, colours, height, width = images_BCYX.shape
    crop_height, crop_width = int(height * CROP), int(width * CROP)
    device = images_BCYX.device
    rows_BY = top_B.to(device)[:, None] + torch.arange(crop_height, device=device)
    columns_BX = left_B.to(device)[:, None] + torch.arange(crop_width, device=device)
    if batch and not (
        rows_BY.min() >= 0 and rows_BY.max() < height and columns_BX.min() >= 0 and columns_BX.max() < width
    ):
        message = f"a crop of {crop_width} × {crop_height} pixels leaves the image of {width} × {height}"
        raise ValueError(f"{message}; draw it with the images' own size")
    crops_BCYX = images_BCYX.gather(2, rows_BY[:, None, :, None].expand(-1, colours, -1, width))
    crops_BCYX = crops_BCYX.gather(3, columns_BX[:, None, None, :].expand(-1, colours, crop_height, -1))
    return functional.interpolate(crops_BCYX, size=(height, width), mode="bilinear", align_corners=False)


def _turned(images_BCYX: Tensor, turn_deg_B: Tensor) -> Tensor:
    """Each image turned about its middle, black outside.

    As in openpi, the grid's ends are the image's outer edges and not the middles of its outer pixels, so a turned
    image is also shrunk by a pixel.
    """
    turn_deg_B = turn_deg_B.to(images_BCYX)
    sine_B, cosine_B = torch.sin(turn_deg_B * math.pi / 180.0), torch.cos(turn_deg_B * math.pi / 180.0)
    height, width = images_BCYX.shape[2:]
    y_YX, x_YX = torch.meshgrid(
        torch.linspace(-1, 1, height, device=images_BCYX.device, dtype=images_BCYX.dtype),
        torch.linspace(-1, 1, width, device=images_BCYX.device, dtype=images_BCYX.dtype),
        indexing="ij",
    )
    sine, cosine = sine_B[:, None, None], cosine_B[:, None, None]
    grid = torch.stack([x_YX * cosine - y_YX * sine, x_YX * sine + y_YX * cosine], dim=-1)
    turned_BCYX = functional.grid_sample(
        images_BCYX, grid, mode="bilinear", padding_mode="zeros", align_corners=False
    )
    enough_B = turn_deg_B.abs() > LEAST_TURN_DEG
    return torch.where(enough_B[:, None, None, None], turned_BCYX, images_BCYX)


def _recoloured(images_BCYX: Tensor, draws: Draws) -> Tensor:
    brightness, contrast, saturation = (
        factor_B.to(images_BCYX)[:, None, None, None]
        for factor_B in (draws.brightness_B, draws.contrast_B, draws.saturation_B)
    )
    images_BCYX = images_BCYX * brightness
    mean = images_BCYX.mean(dim=(1, 2, 3), keepdim=True)
    images_BCYX = (images_BCYX - mean) * contrast + mean
    grey = images_BCYX.mean(dim=1, keepdim=True)
    return grey + (images_BCYX - grey) * saturation
