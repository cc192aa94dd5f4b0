"""Camera images to what the model's image encoder was trained on, the same pixels as openpi's client makes.

Resizing keeps the aspect ratio and pads with black. It is Pillow's bilinear filter, which widens its support when it
shrinks (antialiasing); other libraries' "bilinear" does not, and differs by up to 0.59 of the model's [-1, 1] range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from policy.transforms.compose import Sample
from policy.types import RequestError

COLOURS = 3

CropShares = tuple[float, float, float, float]
"""Top, left, bottom and right of what is looked at, as shares of a picture from its top left."""


class ImageTooThin(RequestError):
    """An image so long and thin that it would be resized to nothing."""


@dataclass(frozen=True)
class ResizeImages:
    """Brings every image of a sample to the model's size.

    Attributes:
        height: In pixels.
        width: In pixels.
        crops: The model's camera to what is looked at of its picture; the whole of the others'.
    """

    height: int
    width: int
    crops: Mapping[str, CropShares] = field(default_factory=lambda: MappingProxyType({}))

    def __call__(self, sample: Sample) -> Sample:
        """`sample` with images of [height, width, 3]; a camera that is masked stays black."""
        masks = sample.get("image_mask", {})
        changed = sample.copy()
        changed["image"] = {
            name: fit(image, height=self.height, width=self.width, shares=self.crops.get(name))
            if masks.get(name, True)
            else np.zeros((self.height, self.width, COLOURS), np.uint8)
            for name, image in sample["image"].items()
        }
        return changed


def fit(
    image_YXC: NDArray[np.uint8], *, height: int, width: int, shares: CropShares | None = None
) -> NDArray[np.uint8]:
    """A camera's picture as the model sees it, in training as at inference.

    A whole picture keeps its sides' ratio (`resize_with_pad`). What is cut out fills the model's picture: it was chosen
    to be looked at, and black bars would waste some of the few pixels.

    Args:
        image_YXC: [Y, X, 3] uint8.
        height: Of the result, in pixels.
        width: Of the result, in pixels.
        shares: What is looked at; None for the whole picture.

    Returns:
        [height, width, 3] uint8.

    Raises:
        RequestError: Not such an image, or nothing would be left of it.
    """
    if shares is None:
        return resize_with_pad(image_YXC, height=height, width=width)
    view = crop(image_YXC, shares)
    if view.shape[:2] == (height, width):
        return np.ascontiguousarray(view)
    pixels = Image.fromarray(np.ascontiguousarray(view))
    return np.asarray(pixels.resize((width, height), resample=Image.Resampling.BILINEAR))


def resize_with_pad(images: NDArray[np.uint8], *, height: int, width: int) -> NDArray[np.uint8]:
    """Resizes to fit into `height` × `width` and fills the rest with black.

    The remainder is split in half, the odd pixel right or below. Images that have the size already are returned as
    they are.

    Args:
        images: [..., Y, X, 3] uint8, one image or a stack of any shape.
        height: Of the result, in pixels.
        width: Of the result, in pixels.

    Returns:
        [..., height, width, 3] uint8.

    Raises:
        RequestError: Not uint8, or not of that shape.
        ImageTooThin: One side would be less than a pixel.
    """
    if images.dtype != np.uint8:
        raise RequestError(
            f"images to resize are uint8, not {images.dtype}; convert them with `as_image` first"
        )
    if images.ndim < 3 or images.shape[-1] != COLOURS:
        raise RequestError(f"images to resize are [..., Y, X, 3], not {list(images.shape)}")
    if images.shape[-3:-1] == (height, width):
        return images

    image_height, image_width = images.shape[-3:-1]
    if not image_height or not image_width:
        raise ImageTooThin(f"an image of {image_width} × {image_height} pixels has nothing to resize")
    ratio = max(image_width / width, image_height / height)
    new_height, new_width = int(image_height / ratio), int(image_width / ratio)
    if not new_height or not new_width:
        raise ImageTooThin(
            f"an image of {image_width} × {image_height} pixels would be {new_width} × {new_height} when made to fit "
            f"{width} × {height}; crop it so that its sides differ less"
        )
    top, left = (height - new_height) // 2, (width - new_width) // 2
    stack = images.reshape(-1, image_height, image_width, COLOURS)
    padded = np.zeros((len(stack), height, width, COLOURS), np.uint8)
    for target, image in zip(padded, stack, strict=True):
        pixels = Image.fromarray(image).resize((new_width, new_height), resample=Image.Resampling.BILINEAR)
        target[top : top + new_height, left : left + new_width] = np.asarray(pixels)
    return padded.reshape(*images.shape[:-3], height, width, COLOURS)


def crop(image_YXC: NDArray[np.uint8], shares: CropShares) -> NDArray[np.uint8]:
    """What is looked at of a camera's picture, before it is resized: a view, nothing is copied.

    Edges fall on the nearest pixel border, so that shares that are no multiple of a pixel mean the same everywhere.

    Args:
        image_YXC: [Y, X, 3].
        shares: Top, left, bottom and right, 0 to 1 from the picture's top left.

    Raises:
        RequestError: Less than a pixel would be left.
    """
    height, width = image_YXC.shape[:2]
    top, left, bottom, right = shares
    rows, columns = (
        slice(round(first * size), round(last * size))
        for first, last, size in ((top, bottom, height), (left, right, width))
    )
    view = image_YXC[rows, columns]
    if not view.size:
        raise RequestError(f"a crop to {shares} leaves nothing of an image of {width} × {height} pixels")
    return view


def as_image(value: object, *, name: str) -> NDArray[np.uint8]:
    """An image as a robot or a dataset may give it, as [Y, X, 3] uint8.

    Args:
        value: [Y, X, 3] or [3, Y, X] (three rows count as colours); uint8, or floats from 0 to 1.
        name: Of the camera, for messages.

    Returns:
        RGB; floats are multiplied by 255 and cut, not rounded, as openpi does.

    Raises:
        RequestError: Another shape or type, or floats that are not finite or outside of 0 to 1.
    """
    try:
        image = np.asarray(value)
    except ValueError as error:  # lists of different lengths
        raise RequestError(f"image {name!r} is no array: {error}") from error
    if image.ndim != 3 or COLOURS not in (image.shape[0], image.shape[-1]):
        raise RequestError(
            f"image {name!r} is [Y, X, 3] or [3, Y, X], not {list(image.shape)} of {image.dtype}"
        )
    if np.issubdtype(image.dtype, np.floating):
        with np.errstate(over="ignore"):  # of half precision; infinity is refused below
            scaled = 255 * image
        # What would be cut to 0 or 255 is let through: resized images overshoot by a rounding error.
        if not np.all((scaled > -1) & (scaled < 256)):  # false for NaN too
            message = f"image {name!r} of floats reaches from {image.min():.6g} to {image.max():.6g}"
            raise RequestError(f"{message}; it must lie in 0 to 1, or be uint8 from 0 to 255")
        image = scaled.astype(np.uint8)
    elif image.dtype != np.uint8:
        raise RequestError(f"image {name!r} is uint8, or floats from 0 to 1, not {image.dtype}")
    return image.transpose(1, 2, 0) if image.shape[0] == COLOURS else image
