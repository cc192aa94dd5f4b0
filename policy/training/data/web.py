"""Opens the pictures that a recipe names: boxes and captions in COCO's format, questions in VQA's."""

from __future__ import annotations

import logging
from pathlib import Path

from policy.training.data.coco import CocoBoxes, CocoCaptions
from policy.training.data.documents import PicturesError
from policy.training.data.pictures import View, told
from policy.training.data.vqa import VqaQuestions
from policy.training.recipe import Data
from policy.training.samples import SampleForm
from policy.transforms.embodiments.understudy import CAMERA_SLOTS

_log = logging.getLogger(__name__)

PictureSource = CocoBoxes | CocoCaptions | VqaQuestions


def open_pictures(data: Data, form: SampleForm, *, seed: int) -> PictureSource:
    """The samples of a `[[data]]` with `coco`, `captions` or `vqa`; what is left out of it is logged.

    Args:
        data: Of the recipe.
        form: What its samples have to fit.
        seed: Of what is chosen by chance.

    Raises:
        PicturesError: Its files are not as they should be, or its camera is none that the model looks through.
    """
    view, images = view_of(data, form), _images_of(data)
    source: PictureSource
    if data.coco is not None:
        source = CocoBoxes(data.coco, images, view=view, seed=seed)
    elif data.captions is not None:
        source = CocoCaptions(data.captions, images, view=view)
    elif data.vqa is not None:
        source = VqaQuestions(data.vqa, images, view=view, seed=seed, answers=data.answers)
    else:
        raise PicturesError(f"{data.path} is a dataset of episodes, and no pictures with questions")
    if words := told(source.left_out):
        _log.info("left out of %s: %s", data.path, words)
    return source


def view_of(data: Data, form: SampleForm) -> View:
    """How the pictures of a `[[data]]` are shown: in the place and with the crop of the robot's camera that took them.

    Pictures of no camera of the robot stand in the first place, and are shown whole.

    Raises:
        PicturesError: The model does not look through that camera.
    """
    if data.camera is None:
        return View(form.cameras_high[0], form.image_size)
    slot = CAMERA_SLOTS.get(data.camera)
    if slot is None or slot not in form.cameras_high:
        seen = [camera for camera, place in CAMERA_SLOTS.items() if place in form.cameras_high]
        raise PicturesError(
            f"camera = {data.camera!r} of {data.path}: at the high level the model looks through {', '.join(seen)};"
            " name one of those, or add its place to robot.cameras_high"
        )
    return View(slot, form.image_size, form.crops.get(data.camera))


def _images_of(data: Data) -> Path:
    if data.images is None:
        raise PicturesError(f"{data.path} has no `images`, the folder of its pictures; say it beside")
    return data.images
