"""A set of pictures with what is said of them, kept block by block, and as files in COCO's and VQA's formats.

FOLDER/set.json                 what it is made by: a set goes on only as it was begun
FOLDER/blocks/000003.json       what is said of some scenes' pictures; there once the pictures are
FOLDER/front/images/…           the pictures of each camera
FOLDER/front/instances.json     boxes, captions.json, questions.json, annotations.json: written at the end, from blocks
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from app.demonstrations.recognisable import LEAST_SHARE
from drivers.sim.kitchen.geometry import OBJECTS

NAMES: Final = (*OBJECTS, *LEAST_SHARE)
"""What boxes are drawn round, in the order of their categories, which are counted from 1."""

SUBTYPE: Final = "kitchen"
"""Part of the pictures' names where VQA's have `train2014`."""

_PEOPLE = 10
"""Answers to each question in VQA: here all the same."""
_FORMAT = 2
_T = TypeVar("_T")


class SetError(Exception):
    """The folder cannot take these pictures; the message says why and what to do."""


class Making(msgspec.Struct, frozen=True, kw_only=True):
    """What a set is made by.

    Attributes:
        seed: Of all that is drawn.
        profile: Of the robot.
        cameras: Whose pictures are taken.
        within: By camera: top, left, bottom and right of what is looked at, as shares of its picture.
        format: Of the blocks.
    """

    seed: int
    profile: str
    cameras: tuple[str, ...]
    within: dict[str, tuple[float, float, float, float]] = {}
    format: int = _FORMAT


class BoxSaid(msgspec.Struct, frozen=True):
    """A box in a picture: left, top, right and bottom in pixels, and how many pixels show the thing."""

    name: str
    edges_px: tuple[float, float, float, float]
    pixels: int


class PictureSaid(msgspec.Struct, frozen=True, kw_only=True):
    """A picture and what is said of it.

    Attributes:
        camera: That took it.
        number: Of its scene; picture and scene have the same in every camera's files.
        width_px: Of the picture.
        height_px: Likewise.
        boxes: Round what is recognisable.
        captions: Of the whole.
        questions: With their answers.
    """

    camera: str
    number: int
    width_px: int
    height_px: int
    boxes: tuple[BoxSaid, ...]
    captions: tuple[str, ...]
    questions: tuple[tuple[str, str], ...]


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of the pictures of some scenes.

    Attributes:
        pictures: By scene, then by camera.
        left_out: Numbers of scenes that could not be drawn.
    """

    pictures: tuple[PictureSaid, ...]
    left_out: tuple[int, ...] = ()


class PictureSet:
    """The folder of a set, begun or gone on with.

    Args:
        folder: Made where it is not there.
        making: What the set is made by.

    Raises:
        SetError: The folder holds a set that is made otherwise, or something else, or cannot be written.
    """

    def __init__(self, folder: Path, making: Making) -> None:
        self.folder = folder
        path = folder / "set.json"
        try:
            if path.exists():
                begun = _decoded(path, Making, remedy="choose another folder")
                if begun != making:
                    raise SetError(
                        f"{folder} holds pictures made by {_told(begun)}, not by {_told(making)};"
                        " choose another folder, or ask for the same"
                    )
            elif folder.exists() and any(there.suffix != ".part" for there in folder.iterdir()):
                raise SetError(f"{folder} holds something else; choose a folder that is empty or new")
            else:
                folder.mkdir(parents=True, exist_ok=True)
                _write(path, making)
            # Last, and every time: whoever was killed in between finds the folder begun, and goes on.
            (folder / "blocks").mkdir(exist_ok=True)
            for camera in making.cameras:
                (folder / camera / "images").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SetError(
                f"cannot write {folder}: {error.strerror or error}; choose another folder"
            ) from error

    def picture_path(self, camera: str, number: int) -> Path:
        """Where a camera's picture of a scene lies."""
        return self.folder / camera / "images" / file_name(number)

    def has(self, block: int) -> bool:
        """Whether a block is done."""
        return self._block_path(block).exists()

    def keep(self, block: int, said: Block) -> None:
        """Keep what is said of a block's pictures, which lie there already: from now on it is done."""
        _write(self._block_path(block), said)

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        """Blocks that are done, in this order.

        Raises:
            SetError: One cannot be read.
        """
        remedy = "take it away, and it is made again"
        return [_decoded(self._block_path(number), Block, remedy=remedy) for number in numbers]

    def write_files(self, pictures: Sequence[PictureSaid], making: Making) -> None:
        """Write each camera's files in COCO's and VQA's formats, in place of those there may be."""
        for camera in making.cameras:
            own = [picture for picture in pictures if picture.camera == camera]
            for name, document in documents(own, making).items():
                _write(self.folder / camera / name, document)

    def _block_path(self, block: int) -> Path:
        return self.folder / "blocks" / f"{block:06d}.json"


def file_name(number: int) -> str:
    """Of a picture, by the rule of VQA."""
    return f"COCO_{SUBTYPE}_{number:012d}.jpg"


def documents(pictures: Sequence[PictureSaid], making: Making) -> dict[str, Any]:
    """By file name, what is said of one camera's pictures in the public formats.

    `instances.json` and `captions.json` are COCO's, `questions.json` and `annotations.json` VQA's. Boxes are x, y,
    width and height in pixels; an area is the number of pixels that show the thing; no outlines are given.
    """
    about = {
        "info": {"description": f"the simulated kitchen, seed {making.seed}", "version": str(making.format)},
        "licenses": [],
    }
    images = [
        {
            "id": picture.number,
            "file_name": file_name(picture.number),
            "width": picture.width_px,
            "height": picture.height_px,
        }
        for picture in pictures
    ]
    boxes = [(picture.number, box) for picture in pictures for box in picture.boxes]
    captions = [(picture.number, words) for picture in pictures for words in picture.captions]
    asked = [
        (picture.number, 100 * picture.number + at, question, answer)
        for picture in pictures
        for at, (question, answer) in enumerate(picture.questions)
    ]
    vqa = {**about, "data_type": "simulation", "data_subtype": SUBTYPE}
    return {
        "instances.json": {
            **about,
            "images": images,
            "annotations": [_instance(at, number, box) for at, (number, box) in enumerate(boxes, start=1)],
            "categories": [
                {"id": at, "name": name, "supercategory": "object" if name in OBJECTS else "furniture"}
                for at, name in enumerate(NAMES, start=1)
            ],
        },
        "captions.json": {
            **about,
            "images": images,
            "annotations": [
                {"id": at, "image_id": number, "caption": words}
                for at, (number, words) in enumerate(captions, start=1)
            ],
        },
        "questions.json": {
            **vqa,
            "task_type": "Open-Ended",
            "questions": [
                {"question_id": id_, "image_id": number, "question": words} for number, id_, words, _ in asked
            ],
        },
        "annotations.json": {
            **vqa,
            "annotations": [_answered(number, id_, words, answer) for number, id_, words, answer in asked],
        },
    }


def _instance(id_: int, number: int, box: BoxSaid) -> dict[str, Any]:
    left, top, right, bottom = box.edges_px
    return {
        "id": id_,
        "image_id": number,
        "category_id": NAMES.index(box.name) + 1,
        "bbox": [left, top, right - left, bottom - top],
        "area": box.pixels,
        "iscrowd": 0,
        "segmentation": [],
    }


def _answered(number: int, question_id: int, question: str, answer: str) -> dict[str, Any]:
    kind = "yes/no" if answer in ("yes", "no") else "number" if answer.isdecimal() else "other"
    return {
        "question_id": question_id,
        "image_id": number,
        "question_type": " ".join(question.split()[:2]),
        "answer_type": kind,
        "multiple_choice_answer": answer,
        "answers": [
            {"answer_id": person, "answer": answer, "answer_confidence": "yes"}
            for person in range(1, _PEOPLE + 1)
        ],
    }


def _told(making: Making) -> str:
    within = "".join(f", {camera} within {shares}" for camera, shares in sorted(making.within.items()))
    cameras = ", ".join(making.cameras)
    return f"seed {making.seed} of {making.profile} with {cameras}{within} in format {making.format}"


def _decoded(path: Path, kind: type[_T], *, remedy: str) -> _T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError) as error:
        raise SetError(f"cannot read {path} ({error}); {remedy}") from error


def _write(path: Path, value: object) -> None:
    """Write a JSON file so that it is there whole or not at all."""
    beginning = path.with_name(f"{path.name}.part")
    beginning.write_bytes(msgspec.json.encode(value))
    os.replace(beginning, path)
