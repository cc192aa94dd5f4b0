"""Small files in the public formats, with every key that the real ones have, and pictures to go with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

RED, GREEN, BLUE = (220, 30, 30), (30, 200, 30), (30, 30, 220)

TOP_LEFT = [0, 0, 40, 30]
BOTTOM_RIGHT = [40, 30, 40, 30]


def write_picture(path: Path, *, width: int = 80, height: int = 60, boxes: Any = ()) -> None:
    """A grey JPEG with boxes (x, y, width, height, colour) painted in."""
    pixels = np.full((height, width, 3), 128, np.uint8)
    for x, y, wide, high, colour in boxes:
        pixels[y : y + high, x : x + wide] = colour
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, quality=95)


def picture(number: int, *, width: int = 80, height: int = 60) -> dict[str, Any]:
    return {
        "license": 4,
        "file_name": f"{number:012d}.jpg",
        "coco_url": f"http://images.example/{number:012d}.jpg",
        "height": height,
        "width": width,
        "date_captured": "2013-11-14 17:02:52",
        "flickr_url": "",
        "id": number,
    }


def instance(number: int, category: Any, bbox: list[float], *, crowd: int = 0) -> dict[str, Any]:
    x, y, wide, high = bbox
    outline: Any = (
        {"counts": [10, 5], "size": [60, 80]} if crowd else [[x, y, x + wide, y, x + wide, y + high]]
    )
    return {
        "segmentation": outline,
        "area": wide * high,
        "iscrowd": crowd,
        "image_id": number,
        "bbox": bbox,
        "category_id": category,
        "id": 900_000 + number,
    }


CATEGORIES = [
    {"supercategory": "kitchen", "id": 47, "name": "cup"},
    {"supercategory": "kitchen", "id": 50, "name": "spoon"},
    {"supercategory": "furniture", "id": 67, "name": "dining table"},
]


def write_json(path: Path, **keys: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"info": {"year": 2017}, "licenses": [], **keys}))
    return path


def write_instances(folder: Path, images: list[Any], annotations: list[Any], **keys: Any) -> Path:
    whole = {"images": images, "annotations": annotations, "categories": CATEGORIES, **keys}
    return write_json(folder / "instances.json", **whole)


def question(number: int, image: int, words: str) -> dict[str, Any]:
    return {"image_id": image, "question": words, "question_id": number}


def answers(number: int, image: int, given: list[str], usual: str) -> dict[str, Any]:
    return {
        "question_type": "is the",
        "multiple_choice_answer": usual,
        "answers": [
            {"answer": answer, "answer_confidence": "yes", "answer_id": at + 1}
            for at, answer in enumerate(given)
        ],
        "image_id": image,
        "answer_type": "other",
        "question_id": number,
    }


def write_questions(folder: Path, asked: list[Any], answered: list[Any], *, subtype: str = "val2014") -> Path:
    about = {"data_type": "mscoco", "data_subtype": subtype}
    write_json(folder / "v2_mscoco_val2014_annotations.json", annotations=answered, **about)
    return write_json(
        folder / "v2_OpenEnded_mscoco_val2014_questions.json",
        questions=asked,
        task_type="Open-Ended",
        **about,
    )
