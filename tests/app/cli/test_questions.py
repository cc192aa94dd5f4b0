"""`understudy questions`: what it makes, prints and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli.main import main

RECIPE = """
name = "kitchen"
[model]
preset = "pi05-small"
[robot.crops]
front = [0.375, 0.0, 1.0, 1.0]
[[data]]
coco = "set/front/instances.json"
images = "set/front/images"
camera = "front"
source = "WD"
[[stage]]
name = "all"
steps = 10
"""


def test_pictures_are_made_within_the_crops_of_a_recipe_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE)
    into = tmp_path / "set"
    arguments = [
        "questions",
        "--scenes",
        "5",
        "--into",
        str(into),
        "--camera",
        "front",
        "--recipe",
        str(recipe),
    ]
    assert main([*arguments, "--jobs", "1", "--json", "-"]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert counts["pictures"] == {"front": 5}
    assert counts["captions"] == 10
    document = json.loads((into / "front" / "instances.json").read_text())
    assert len(document["annotations"]) == counts["boxes"] > 0
    assert min(box["bbox"][1] for box in document["annotations"]) >= 0.375 * 240  # nothing above the crop
    assert main([*arguments[:-2], "--jobs", "1"]) == 1  # without the recipe it would be another set
    assert "front within (0.375, 0.0, 1.0, 1.0)" in capsys.readouterr().err


def test_a_seed_below_0_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["questions", "--scenes", "5", "--into", str(tmp_path / "set"), "--seed", "-3"]) == 2
    assert "--seed is -3; it is an integer from 0 on" in capsys.readouterr().err


def test_a_camera_that_the_robot_has_not_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["questions", "--scenes", "5", "--into", str(tmp_path / "set"), "--camera", "top"]) == 1
    assert "no camera 'top' on sim-kitchen; it has front, left_wrist" in capsys.readouterr().err
    assert not (tmp_path / "set").exists()
