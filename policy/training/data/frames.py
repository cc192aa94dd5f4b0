"""A recorded frame as the model sees it: the pixels that inference makes of the same picture, by the same functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from policy.training.samples import SampleForm
from policy.transforms.embodiments.understudy import CAMERA_SLOTS
from policy.transforms.images import CropShares, fit
from recordings import CameraFrames


def picture(camera: CameraFrames, index: int, *, shares: CropShares | None, size: int) -> NDArray[np.uint8]:
    """Decode, crop and resize a frame.

    libjpeg could decode at a fraction of the size in half the time; it averages otherwise than the resizing does, and
    inference gets its pictures whole.

    Args:
        camera: Whose.
        index: Of the frame.
        shares: What is looked at; None for all of it.
        size: Side of the model's square images.

    Returns:
        [size, size, 3].

    Raises:
        FrameMissing: It was lost.
        DamagedData: Its bytes are not those that were written, or no picture.
    """
    return fit(camera.frame(index), height=size, width=size, shares=shares)


def cameras_of(slots: Iterable[str], names: Iterable[str]) -> Mapping[str, str]:
    """The model's camera to the robot's, of those that an episode has, in the model's order."""
    by_slot = {CAMERA_SLOTS.get(name): name for name in names}
    return {slot: by_slot[slot] for slot in slots if slot in by_slot}


def wanted_cameras(form: SampleForm) -> tuple[str, ...]:
    """The robot's cameras that either level looks through."""
    slots = {*form.cameras_low, *form.cameras_high}
    return tuple(name for name, slot in CAMERA_SLOTS.items() if slot in slots)
