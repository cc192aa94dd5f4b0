"""Sets of pictures: read again by the readers of the public formats, gone on with, and the same for the same seed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.demonstrations.picture_set import Making, PictureSet, SetError
from app.demonstrations.picturing import CAPTIONS, SCENES_IN_BLOCK, Made, make_set
from policy.text.boxes import parse_answer
from policy.training.data.coco import CocoBoxes, CocoCaptions
from policy.training.data.pictures import View
from policy.training.data.vqa import VqaQuestions

pytestmark = pytest.mark.timeout(240)  # drawing takes what the machine has to spare

SCENES = SCENES_IN_BLOCK + 3
MAKING = Making(seed=4, profile="sim-kitchen", cameras=("front", "right_wrist"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Made]:
    folder = tmp_path_factory.mktemp("pictures") / "set"
    return folder, make_set(folder, MAKING, scenes=SCENES, jobs=2)


def test_the_readers_of_the_public_formats_read_all_that_was_made(made: tuple[Path, Made]) -> None:
    folder, counts = made
    assert counts.pictures == {"front": SCENES, "right_wrist": SCENES}
    captions = questions = 0
    for camera, size in (("front", (320, 240)), ("right_wrist", (128, 128))):
        here, view = folder / camera, View("base_0_rgb", 64)
        boxes = CocoBoxes(here / "instances.json", here / "images", view=view, seed=0)
        said = CocoCaptions(here / "captions.json", here / "images", view=view)
        asked = VqaQuestions(here / "questions.json", here / "images", view=view, seed=0)
        assert not any((*boxes.left_out.values(), *said.left_out.values(), *asked.left_out.values()))
        captions += said.groups[0].count
        questions += asked.groups[0].count
        for source in (boxes, said, asked):
            for index in range(0, source.groups[0].count, 7):
                assert source.sample(0, index).images["base_0_rgb"].std() > 10
        for index in range(boxes.groups[0].count):
            found, rest = parse_answer(boxes.sample(0, index).answer or "")
            assert found
            assert rest == ""
        first = json.loads((here / "instances.json").read_text())["images"][0]
        assert (first["width"], first["height"]) == size
        with Image.open(here / "images" / first["file_name"]) as image:
            assert image.size == size
    assert captions == counts.captions == 2 * SCENES * CAPTIONS
    assert questions == counts.questions > 6 * SCENES


def test_the_cup_is_red_where_its_box_says(made: tuple[Path, Made]) -> None:
    here = made[0] / "front"
    document = json.loads((here / "instances.json").read_text())
    cup = next(category["id"] for category in document["categories"] if category["name"] == "cup")
    boxes = [box for box in document["annotations"] if box["category_id"] == cup]
    assert len(boxes) > 5
    for box in boxes:
        x, y, wide, high = map(round, box["bbox"])
        with Image.open(here / "images" / f"COCO_kitchen_{box['image_id']:012d}.jpg") as image:
            pixels = np.asarray(image).astype(int)
        red, green, blue = pixels[y : y + high, x : x + wide].transpose(2, 0, 1)
        reddish = int(((red > 1.6 * green) & (red > 1.6 * blue)).sum())
        assert 0.5 * box["area"] < reddish < 1.5 * box["area"]


def test_each_scene_has_a_light_of_its_own(made: tuple[Path, Made]) -> None:
    walls = []
    for number in range(1, SCENES + 1):
        with Image.open(made[0] / "front" / "images" / f"COCO_kitchen_{number:012d}.jpg") as image:
            walls.append(np.asarray(image)[:10].mean())
    assert np.std(walls) > 5


def test_a_set_that_was_interrupted_goes_on_and_comes_out_the_same(
    made: tuple[Path, Made], tmp_path: Path
) -> None:
    class Enough(Exception):
        pass

    def stop(done: int) -> None:
        if done:
            raise Enough

    with pytest.raises(Enough):
        make_set(tmp_path / "set", MAKING, scenes=SCENES, jobs=1, tell=stop)
    first = tmp_path / "set" / "blocks" / "000000.json"
    written_ns = first.stat().st_mtime_ns
    assert not (tmp_path / "set" / "front" / "questions.json").exists()
    told: list[int] = []
    assert make_set(tmp_path / "set", MAKING, scenes=SCENES, jobs=1, tell=told.append) == made[1]
    assert told == [SCENES_IN_BLOCK, SCENES]
    assert first.stat().st_mtime_ns == written_ns
    files = sorted(path.relative_to(made[0]) for path in made[0].rglob("*") if path.is_file())
    assert len(files) > 4 * SCENES_IN_BLOCK
    for file in files:
        assert (tmp_path / "set" / file).read_bytes() == (made[0] / file).read_bytes(), file


def test_a_folder_made_otherwise_or_of_something_else_is_refused(
    made: tuple[Path, Made], tmp_path: Path
) -> None:
    other = Making(seed=5, profile="sim-kitchen", cameras=("front", "right_wrist"))
    with pytest.raises(
        SetError, match=r"made by seed 4 of sim-kitchen .* not by seed 5 .* choose another folder"
    ):
        make_set(made[0], other, scenes=1, jobs=1)
    (tmp_path / "set.json.part").touch()  # begun, and killed right away
    (tmp_path / "thesis.tex").touch()
    begun = json.loads((made[0] / "set.json").read_text())
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "set.json").write_text(json.dumps(begun | {"format": 1}))
    with pytest.raises(SetError, match=r"in format 1, not by .* in format 2; choose another folder"):
        make_set(tmp_path / "old", MAKING, scenes=1, jobs=1)
    with pytest.raises(SetError, match="holds something else"):
        make_set(tmp_path, MAKING, scenes=1, jobs=1)


def test_only_a_block_that_cannot_be_read_is_to_be_taken_away(tmp_path: Path) -> None:
    pictures = PictureSet(tmp_path, MAKING)
    (tmp_path / "blocks" / "000000.json").write_text("{")
    with pytest.raises(SetError, match=r"cannot read .*000000\.json .*; take it away, and it is made again"):
        pictures.blocks([0])
    (tmp_path / "set.json").write_text("{")
    with pytest.raises(SetError, match=r"cannot read .*set\.json .*; choose another folder"):
        PictureSet(tmp_path, MAKING)
