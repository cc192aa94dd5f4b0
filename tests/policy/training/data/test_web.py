"""Pictures as a recipe names them: whole, or through a camera of the robot."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from policy.training.data.coco import CocoBoxes, CocoCaptions
from policy.training.data.documents import PicturesError
from policy.training.data.loader import Loader
from policy.training.data.sources import open_sources
from policy.training.data.vqa import VqaQuestions
from policy.training.data.web import open_pictures
from policy.training.recipe import Data
from policy.training.recipe_file import load_recipe
from policy.training.samples import SampleForm, Source
from tests.policy.training.data.picture_files import (
    answers,
    instance,
    picture,
    question,
    write_instances,
    write_json,
    write_picture,
    write_questions,
)

FORM = SampleForm(
    image_size=48,
    horizon=50,
    cameras_low=("base_0_rgb", "right_wrist_0_rgb"),
    cameras_high=("base_0_rgb", "right_wrist_0_rgb"),
    crops={"front": (0.5, 0.0, 1.0, 1.0)},
)


@pytest.fixture
def instances(tmp_path: Path) -> Path:
    write_picture(tmp_path / "images" / f"{1:012d}.jpg")
    return write_instances(tmp_path, [picture(1)], [instance(1, 47, [40.0, 30.0, 20.0, 15.0])])


def test_each_key_of_a_recipe_opens_its_format(instances: Path) -> None:
    folder, images = instances.parent, instances.parent / "images"
    said = [{"image_id": 1, "id": 1, "caption": "A cup."}]
    captions = write_json(folder / "captions.json", images=[picture(1)], annotations=said)
    questions = write_questions(folder, [question(1, 1, "Is it?")], [answers(1, 1, ["yes"], "yes")])
    for data, kind, prompt in (
        (Data(source=Source.WD, coco=instances, images=images), CocoBoxes, "detect cup"),
        (Data(source=Source.WD, captions=captions, images=images), CocoCaptions, "caption en"),
        (Data(source=Source.WD, vqa=questions, images=images), VqaQuestions, "answer en Is it?"),
    ):
        source = open_pictures(data, FORM, seed=0)
        assert isinstance(source, kind)
        sample = source.sample(0, 0)
        assert sample.prompt == prompt
        assert set(sample.images) == {"base_0_rgb"}
        assert not sample.images["base_0_rgb"][0].any()  # whole, with bars: no camera of the robot took it


def test_pictures_of_a_camera_take_its_place_and_its_crop(instances: Path) -> None:
    images = instances.parent / "images"
    front = open_pictures(Data(source=Source.WD, coco=instances, images=images, camera="front"), FORM, seed=0)
    sample = front.sample(0, 0)
    assert set(sample.images) == {"base_0_rgb"}
    assert sample.images["base_0_rgb"][0].any()
    assert sample.answer == "<loc0512><loc0512><loc0768><loc0768> cup ;"
    wrist = open_pictures(
        Data(source=Source.WD, coco=instances, images=images, camera="right_wrist"), FORM, seed=0
    )
    assert set(wrist.sample(0, 0).images) == {"right_wrist_0_rgb"}


def test_a_camera_that_the_model_does_not_look_through_is_refused(instances: Path) -> None:
    for camera in ("back", "frnt"):
        data = Data(source=Source.WD, coco=instances, images=instances.parent / "images", camera=camera)
        with pytest.raises(PicturesError, match=f"camera = '{camera}' .* looks through front, right_wrist"):
            open_pictures(data, FORM, seed=0)


RECIPE = """
name = "pictures"
[model]
preset = "pi05-small"
[robot.crops]
front = [0.5, 0.0, 1.0, 1.0]
[[data]]
source = "WD"
coco = "instances.json"
images = "images"
camera = "front"
[[data]]
source = "WD"
captions = "captions.json"
images = "images"
[[data]]
source = "WD"
vqa = "questions.json"
answers = "answered.json"
images = "images"
weight = 2.0
[[stage]]
name = "pre-training"
steps = 100
batch = 24
flow = 0.0
"""


@pytest.mark.expects_log(r"000000000003\.jpg: another sample takes the place")
def test_a_recipe_of_pictures_gives_batches_and_a_broken_picture_is_replaced_by_name(tmp_path: Path) -> None:
    numbers = range(1, 6)
    for number in numbers:
        write_picture(tmp_path / "images" / f"{number:012d}.jpg")
    boxes = [instance(number, 47, [40.0, 30.0, 20.0, 15.0]) for number in numbers]
    images = [picture(number) for number in numbers]
    write_instances(tmp_path, images, boxes)
    said = [{"image_id": number, "id": number, "caption": f"Cup {number}."} for number in numbers]
    write_json(tmp_path / "captions.json", images=images, annotations=said)
    asked = [question(number, number, "Is it?") for number in numbers]
    write_json(tmp_path / "questions.json", questions=asked, data_subtype="val2014")
    answered = [answers(number, number, ["yes"] * 10, "yes") for number in numbers]
    write_json(tmp_path / "answered.json", annotations=answered)
    (tmp_path / "recipe.toml").write_text(RECIPE)

    recipe = load_recipe(tmp_path / "recipe.toml")
    sources = open_sources(recipe, recipe.form(image_size=32, horizon=10), stage=0)
    (tmp_path / "images" / f"{3:012d}.jpg").write_bytes(b"no longer")
    with Loader.of(recipe, 0, sources=sources, workers=1) as batches:
        samples = [sample for batch in islice(batches, 4) for sample in batch]
        assert list(batches.replaced) == [str(tmp_path / "images" / f"{3:012d}.jpg")]
    kinds = Counter(sample.prompt.split()[0] for sample in samples)
    assert set(kinds) == {"detect", "caption", "answer"}
    assert kinds["answer"] > 1.4 * kinds["caption"]  # twice the weight
    assert {sample.level for sample in samples} == {"question"}
    assert {sample.answer for sample in samples if sample.prompt == "detect cup"} == {
        "<loc0512><loc0512><loc0768><loc0768> cup ;"
    }
