"""Boxes and captions in COCO's format: what becomes of them, and what is said of files that are wrong."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from policy.text.boxes import parse_answer
from policy.training.data.coco import CocoBoxes, CocoCaptions
from policy.training.data.documents import PicturesError
from policy.training.data.pictures import View
from policy.training.samples import SampleUnreadable, Source
from policy.types import Box
from tests.policy.training.data.picture_files import (
    BOTTOM_RIGHT,
    GREEN,
    RED,
    TOP_LEFT,
    instance,
    picture,
    write_instances,
    write_json,
    write_picture,
)

CUP, SPOON, TABLE = 47, 50, 67
VIEW = View("base_0_rgb", 64)


def opened(path: Path, *, view: View = VIEW, seed: int = 0) -> CocoBoxes:
    return CocoBoxes(path, path.parent / "images", view=view, seed=seed)


def all_samples(source: CocoBoxes | CocoCaptions) -> list[tuple[str, str | None]]:
    samples = [source.sample(0, index) for index in range(source.groups[0].count)]
    return [(sample.prompt, sample.answer) for sample in samples]


@pytest.fixture
def two_things(tmp_path: Path) -> Path:
    write_picture(tmp_path / "images" / f"{1:012d}.jpg", boxes=[(*TOP_LEFT, RED), (*BOTTOM_RIGHT, GREEN)])
    boxes = [instance(1, CUP, [0.0, 0.0, 40.0, 30.0]), instance(1, SPOON, [40.0, 30.0, 40.0, 30.0])]
    return write_instances(tmp_path, [picture(1)], boxes)


def test_each_name_of_a_picture_is_asked_for_and_its_boxes_are_the_answer(two_things: Path) -> None:
    source = opened(two_things)
    assert source.groups[0].count == 2
    cup = Box("cup", 0.0, 0.0, 0.5, 0.5)
    spoon = Box("spoon", 0.5, 0.5, 1023 / 1024, 1023 / 1024)
    answered = {"detect cup": {cup}, "detect spoon": {spoon}}
    answered |= {prompt: {cup, spoon} for prompt in ("detect cup ; spoon", "detect spoon ; cup")}
    for index, name in enumerate(("cup", "spoon")):
        sample = source.sample(0, index)
        assert name in sample.prompt
        boxes, rest = parse_answer(sample.answer or "")
        assert set(boxes) == answered[sample.prompt]
        assert rest == ""
        assert (sample.source, sample.level, sample.state) == (Source.WD, "question", None)
        assert sample.episode_id == "000000000001.jpg"


def test_pictures_are_padded_as_the_policy_pads_them_and_what_boxes_say_is_of_the_picture(
    two_things: Path,
) -> None:
    image = opened(two_things).sample(0, 0).images["base_0_rgb"]
    assert image.shape == (64, 64, 3)
    assert not image[:8].any()  # 80 × 60 in a square
    assert not image[-8:].any()
    np.testing.assert_allclose(image[20, 16], RED, atol=12)
    np.testing.assert_allclose(image[44, 48], GREEN, atol=12)


def test_what_a_crop_leaves_fills_the_picture_and_boxes_are_still_of_the_whole(two_things: Path) -> None:
    below = opened(two_things, view=View("base_0_rgb", 64, (0.5, 0.0, 1.0, 1.0)))
    assert below.left_out["boxes cut off by the crop"] == 1
    sample = below.sample(0, 0)
    assert sample.prompt == "detect spoon"
    assert sample.answer == "<loc0512><loc0512><loc1023><loc1023> spoon ;"
    image = sample.images["base_0_rgb"]
    np.testing.assert_allclose(image[32, 48], GREEN, atol=12)
    assert image[0].any()


def test_the_same_seed_asks_the_same_and_another_asks_otherwise(tmp_path: Path) -> None:
    names = range(8)
    images, boxes = [], []
    for number in names:
        write_picture(tmp_path / "images" / f"{number:012d}.jpg")
        images.append(picture(number))
        boxes += [
            instance(number, name, [1.0 * at, 2.0, 9.0, 9.0]) for at, name in enumerate((CUP, SPOON, TABLE))
        ]
    path = write_instances(tmp_path, images, boxes)
    first = all_samples(opened(path))
    assert all_samples(opened(path)) == first
    assert all_samples(pickle.loads(pickle.dumps(opened(path)))) == first
    assert all_samples(opened(path, seed=1)) != first
    assert {prompt.count(" ; ") for prompt, _ in first} == {0, 1, 2}


def test_crowds_and_boxes_without_an_inside_are_left_out_and_counted(tmp_path: Path) -> None:
    write_picture(tmp_path / "images" / f"{1:012d}.jpg")
    boxes = [
        instance(1, CUP, [10.0, 10.0, 20.0, 20.0]),
        instance(1, CUP, [0.0, 0.0, 80.0, 60.0], crowd=1),
        instance(1, CUP, [5.0, 5.0, 0.0, 10.0]),
        instance(1, CUP, [5.0, 5.0, 10.0, -3.0]),
        instance(1, CUP, [90.0, 5.0, 10.0, 10.0]),  # beside the picture
        instance(7, CUP, [1.0, 1.0, 9.0, 9.0]),
        *[instance(1, SPOON, [float(at), 1.0, 5.0, 5.0]) for at in range(9)],
    ]
    source = opened(write_instances(tmp_path, [picture(1)], boxes))
    assert source.left_out == {
        "crowds": 1,
        "degenerate boxes": 3,
        "boxes of pictures that are not listed": 1,
        "names with more than 8 boxes in a picture": 1,
    }
    assert all_samples(source) == [("detect cup", "<loc0170><loc0128><loc0512><loc0384> cup ;")]


def test_a_box_over_the_edge_of_a_crop_ends_there(two_things: Path) -> None:
    source = opened(two_things, view=View("base_0_rgb", 64, (0.25, 0.25, 1.0, 1.0)))
    assert {sample for sample in all_samples(source) if " ; " not in sample[0]} <= {
        ("detect cup", "<loc0256><loc0256><loc0512><loc0512> cup ;"),
        ("detect spoon", "<loc0512><loc0512><loc1023><loc1023> spoon ;"),
    }
    assert any(
        "<loc0256><loc0256><loc0512><loc0512> cup ;" in (answer or "") for _, answer in all_samples(source)
    )


def test_a_box_over_the_edge_ends_at_the_edge(tmp_path: Path) -> None:
    write_picture(tmp_path / "images" / f"{1:012d}.jpg")
    path = write_instances(tmp_path, [picture(1)], [instance(1, CUP, [-4.0, 30.0, 44.0, 99.0])])
    assert all_samples(opened(path)) == [("detect cup", "<loc0512><loc0000><loc1023><loc0512> cup ;")]


@pytest.mark.expects_log("lacks 1 of the 2 pictures")
def test_missing_pictures_are_named_and_the_others_are_used(tmp_path: Path) -> None:
    write_picture(tmp_path / "images" / f"{2:012d}.jpg")
    boxes = [instance(number, CUP, [1.0, 1.0, 9.0, 9.0]) for number in (1, 2)]
    source = opened(write_instances(tmp_path, [picture(1), picture(2)], boxes))
    assert source.left_out["missing pictures"] == 1
    assert source.groups[0].count == 1
    assert source.sample(0, 0).episode_id == "000000000002.jpg"


def test_a_broken_picture_and_one_of_another_size_are_unreadable_by_name(two_things: Path) -> None:
    source = opened(two_things)
    file = two_things.parent / "images" / "000000000001.jpg"
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(SampleUnreadable, match=r"000000000001\.jpg: no picture"):
        source.sample(0, 0)
    write_picture(file, width=40, height=30)
    with pytest.raises(
        SampleUnreadable, match=r"is 40 × 30 pixels, and .*instances\.json speaks of one of 80 × 60"
    ):
        source.sample(0, 0)


def test_every_caption_of_a_picture_is_heard(tmp_path: Path) -> None:
    write_picture(tmp_path / "images" / f"{1:012d}.jpg")
    words = ["A red cup.", "A cup\non a table ", "  "]
    said = [{"image_id": 1, "id": at, "caption": caption} for at, caption in enumerate(words)]
    said.append({"image_id": 3, "id": 9, "caption": "Nothing."})
    path = write_json(tmp_path / "captions.json", images=[picture(1)], annotations=said)
    source = CocoCaptions(path, tmp_path / "images", view=VIEW)
    assert all_samples(source) == [("caption en", "A red cup."), ("caption en", "A cup on a table")]
    assert source.left_out == {"empty captions": 1, "captions of pictures that are not listed": 1}
    assert source.texts() == {"caption en", "A red cup.", "A cup on a table"}


def test_texts_are_names_as_they_are_asked_for_and_answered(two_things: Path) -> None:
    assert opened(two_things).texts() == {"detect cup", "detect spoon", "cup ; cup ;", "spoon ; spoon ;"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"annotations": [instance(1, "47", [1, 1, 9, 9])]}, r'annotations\[0\]\.category_id is "47": Expected `int`'),
        ({"annotations": [{"image_id": 1, "category_id": 47}]}, r'annotations\[0\] is .* it lacks the key `bbox`'),
        ({"annotations": [instance(1, 99, [1, 1, 9, 9])]}, r"annotations\[0\]\.category_id is 99, which is none of"),
        ({"categories": [{"id": 47, "name": "cup;"}]}, r"categories\[0\]\.name is 'cup;'"),
        ({"images": [picture(1), picture(1)]}, r"images\[\]\.id is 1 more than once"),
        ({"images": [{"id": 1, "file_name": "a.jpg"}]}, r"a\.jpg is None × None pixels; boxes need"),
        ({"annotations": []}, r"no box that can be asked for"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_named_with_key_and_value(
    two_things: Path, change: dict[str, Any], message: str
) -> None:
    whole = {"images": [picture(1)], "annotations": [instance(1, CUP, [1, 1, 9, 9])]} | change
    if whole["images"][0]["file_name"] == "a.jpg":
        write_picture(two_things.parent / "images" / "a.jpg")
    path = write_instances(two_things.parent, **whole)
    with pytest.raises(PicturesError, match=message) as raised:
        opened(path)
    assert str(path) in str(raised.value)


def test_a_file_that_is_none_and_a_folder_without_the_pictures_are_told(two_things: Path) -> None:
    with pytest.raises(PicturesError, match=r"cannot read .*absent\.json: No such file"):
        opened(two_things.with_name("absent.json"))
    broken = two_things.with_name("broken.json")
    broken.write_text('{"images": [')
    with pytest.raises(PicturesError, match=r"broken\.json is no JSON"):
        opened(broken)
    with pytest.raises(PicturesError, match="is no folder"):
        CocoBoxes(two_things, two_things.parent / "elsewhere", view=VIEW, seed=0)
    (two_things.parent / "empty").mkdir()
    with pytest.raises(PicturesError, match=r"has none of the 1 pictures .* such as 000000000001\.jpg"):
        CocoBoxes(two_things, two_things.parent / "empty", view=VIEW, seed=0)
