"""A recipe's file: what it says, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.training.recipe_file import RecipeError, load_recipe
from policy.training.samples import Source
from recordings import Outcome

WHOLE = """
name = "kitchen"
seed = 3
[model]
preset = "pi05-small"
[robot]
execute_steps = 20
cameras_low = ["base_0_rgb", "right_wrist_0_rgb"]
control_mode = "joint"
[robot.crops]
front = [0, 0.125, 1.0, 0.875]
[[data]]
dataset = "demos"
source = "MM"
where = { outcome = ["success"], longest_s = 40, control = ["teleop"] }
[[data]]
vqa = "web/questions.json"
images = "web/images"
source = "WD"
weight = 0.5
[images]
move = true
[[stage]]
name = "pre-training"
steps = 4000
sources = ["MM", "WD"]
flow = 0.0
[[stage]]
name = "post-training"
steps = 1000
sources = ["MM"]
where = { longest_s = 10 }
freeze = ["vision tower"]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text(text)
    return path


def test_says_all_that_its_file_says_and_paths_are_taken_from_its_folder(tmp_path: Path) -> None:
    recipe = load_recipe(written(tmp_path, WHOLE))

    assert recipe.name == "kitchen"
    assert recipe.seed == 3
    assert recipe.robot.crops == {"front": (0.0, 0.125, 1.0, 0.875)}
    assert recipe.data[0].dataset == tmp_path / "demos"
    assert recipe.data[0].where.outcome == (Outcome.SUCCESS,)
    assert recipe.data[0].levels == ("low", "high")
    assert recipe.data[1].path == tmp_path / "web/questions.json"
    assert recipe.images.move
    assert [stage.name for stage in recipe.stages] == ["pre-training", "post-training"]
    assert recipe.data_of(recipe.stages[1]) == recipe.data[:1]
    form = recipe.form(image_size=96, horizon=50)
    assert form.cameras("low") == ("base_0_rgb", "right_wrist_0_rgb")
    assert form.control_mode == "joint"


def test_spoken_subtasks_teach_the_high_level_and_rows_that_followed_them_count(tmp_path: Path) -> None:
    recipe = load_recipe(
        written(tmp_path, WHOLE.replace('source = "MM"\nwhere', 'source = "VI"\n#').replace('"MM"', '"VI"'))
    )
    assert recipe.data[0].source is Source.VI
    assert recipe.data[0].levels == ("high",)
    assert recipe.data[0].controls == ("verbal", "intervention")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("execute_steps", "execute_step", r'robot\.execute_step is unknown; did you mean "execute_steps"'),
        ("seed = 3", "sede = 3", r'sede is unknown; did you mean "seed"'),
        ("seed = 3", "seed = -3", r"seed is -3: .*>= 0"),
        ("longest_s = 40", "longest = 40", r"data\[0\]\.where\.longest is unknown.*longest_s"),
        ("steps = 1000", "steps = 0", r"stage\[1\]\.steps is 0: .*>= 1"),
        ("steps = 1000\n", "", r"stage\[1\]: it misses required field `steps`"),
        ('["success"]', '["sucess"]', r"data\[0\]\.where\.outcome.*sucess"),
        ('"pi05-small"', '"pi05-smal"', r"model\.preset is 'pi05-smal'.*did you mean \"pi05-small\""),
        ("front = [0,", "font = [0,", r"robot\.crops is 'font'.*front"),
        ("[0, 0.125, 1.0, 0.875]", "[0, 0.9, 1.0, 0.875]", r"robot: .*leaves nothing"),
        ('images = "web/images"\n', "", r"data\[1\]: `images` is the folder"),
        ('dataset = "demos"\n', "", r"data\[0\]: say one of `dataset`, `coco`, `captions`, `vqa`"),
        ('vqa = "web', 'level = ["low"]\nvqa = "web', r"data\[1\]: `level` and `where` choose among the moments"),
        ('vqa = "web', 'answers = "a.json"\ncoco = "web', r"data\[1\]: `answers` is the file that answers `vqa`"),
        ('dataset = "demos"\n', 'dataset = "demos"\ncamera = "front"\n', r"data\[0\]: `camera` says whose"),
        ('["MM", "WD"]', '["MM", "CE"]', r"stage\[0\]\.sources has CE, which no \[\[data\]\] is"),
        ('["vision tower"]', '["vision"]', r"stage\[1\]\.freeze.*vision"),
        ('"base_0_rgb", ', '"base_rgb", ', r'robot\.cameras_low is .*did you mean "base_0_rgb"'),
        ("[[data]]", "[data]", r"no TOML|begin each with"),
        ("flow = 0.0", "flow = 0\ntext = 0\nfast = 0", r"stage\[0\]: .*nothing would be learned"),
        ('preset = "pi05-small"', "", r"model: say either `preset`"),
    ],
)  # fmt: skip
def test_a_wrong_recipe_is_refused_with_file_key_value_and_remedy(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in WHOLE
    path = written(tmp_path, WHOLE.replace(old, new, 1))
    with pytest.raises(RecipeError, match=said) as caught:
        load_recipe(path)
    assert str(path) in str(caught.value)


def test_a_recipe_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"gone\.toml: No such file"):
        load_recipe(tmp_path / "gone.toml")
