"""`understudy train` on recordings, as a process: to the end, and killed at any moment and gone on with."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from app.cli.main import main
from policy.checkpoints.folder import load
from policy.inference.loading import load_policy
from policy.training.curves import read_lines
from policy.training.state import states
from policy.types import Observation
from tests.policy.training import recorded, synthetic

ROOT = Path(__file__).parents[3]
RECIPE = """
name = "toy"
seed = 3
[model]
start = "start"
[robot]
execute_steps = 4
cameras_low = ["base_0_rgb", "right_wrist_0_rgb"]
cameras_high = ["base_0_rgb"]
[robot.crops]
front = [0.0, 0.0, 1.0, 0.75]
[[data]]
dataset = "demos"
source = "MM"
[[stage]]
name = "pre-training"
steps = 4
batch = 4
flow = 0.0
[[stage]]
name = "post-training"
steps = 4
batch = 4
fast = 0.0
committed = 2
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe with two short episodes, that goes on from a very small model."""
    folder = tmp_path_factory.mktemp("recipe")
    recorded.record(folder / "demos", recorded.Plan(number=0), recorded.Plan(number=1))
    synthetic.start_checkpoint(
        folder / "start", names=recorded.NAMES, units=recorded.UNITS, robot="two-joints"
    )
    (folder / "toy.toml").write_text(RECIPE)
    return folder / "toy.toml"


def weights(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / "checkpoints" / "000008" / "model.safetensors")


@pytest.fixture(scope="module")
def whole(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing broke off."""
    run = tmp_path_factory.mktemp("whole") / "run"
    assert (
        main(["train", str(recipe), "--run", str(run), "--workers", "0", "--threads", "1", "--device", "cpu"])
        == 0
    )
    return run


def test_recordings_become_a_policy_that_says_how_it_was_made(whole: Path) -> None:
    policy = load_policy(whole / "checkpoints" / "000008", device="cpu")
    rng = np.random.default_rng(0)
    images = {name: rng.integers(0, 256, (48, 64, 3), np.uint8) for name in ("front", "right_wrist")}
    chunk = policy.actions(Observation(images=images, state=np.zeros(3)), "pick up the cup")
    assert chunk.actions.shape == (synthetic.HORIZON, 3)
    assert policy.metadata["real_time_chunking"] == "trained"
    manifest = load(whole / "checkpoints" / "000008").manifest
    assert manifest is not None
    assert manifest.crops == {"front": (0.0, 0.0, 1.0, 0.75)}
    assert manifest.vector_names == recorded.NAMES
    assert manifest.delta_mask == (True, False, False)
    assert manifest.training["recipe"] == RECIPE
    (facts,) = manifest.training["data"]
    assert (facts["name"], facts["source"], facts["episodes"]) == ("demos", "MM", 2)
    assert [line["stage"] for line in read_lines(whole / "curves.jsonl")] == ["post-training"]


@pytest.mark.timeout(400)
def test_killed_and_told_to_stop_it_goes_on_to_the_same_bits(
    whole: Path, recipe: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    for end, step in ((signal.SIGKILL, 2), (signal.SIGTERM, 5)):
        process = started(recipe, run)
        until = time.monotonic() + 150
        while max((int(path.stem) for path in states(run / "resume")), default=0) < step:
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.005)
        process.send_signal(end)
        assert process.wait(100) in (-signal.SIGKILL, 130, 0)
    process = started(recipe, run)
    assert process.wait(150) == 0
    one, other = weights(whole), weights(run)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_recordings_that_came_since_are_an_error_that_says_so(
    whole: Path, recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(recipe.parent, tmp_path / "copy")
    command = ["train", str(tmp_path / "copy" / "toy.toml"), "--run", str(whole), "--workers", "0"]
    assert main([*command, "--threads", "1", "--device", "cpu"]) == 0, "the same recordings elsewhere"
    recorded.record(tmp_path / "copy" / "demos", recorded.Plan(number=2))
    assert main([*command, "--threads", "1", "--device", "cpu"]) == 1
    assert "was begun on demos (2 episodes, 80 samples), now demos (3 episodes" in capsys.readouterr().err


def started(recipe: Path, run: Path) -> subprocess.Popen[bytes]:
    command = [
        "train",
        str(recipe),
        "--run",
        str(run),
        "--threads",
        "1",
        "--save-every",
        "1",
        "--device",
        "cpu",
    ]
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli.main", *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_a_recipe_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(tmp_path / "none.toml")]) == 1
    assert "none.toml" in capsys.readouterr().err


@pytest.mark.parametrize("workers", ["-1", "two", "1.5"])
def test_a_number_of_workers_that_is_none_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], workers: str
) -> None:
    with pytest.raises(SystemExit):
        main(["train", str(tmp_path / "toy.toml"), "--workers", workers])
    assert f"'{workers}' is not an integer from 0 on" in capsys.readouterr().err
