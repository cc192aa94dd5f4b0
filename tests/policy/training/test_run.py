"""A run from nothing to a policy that runs; broken off and gone on with, to the same bits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from policy.checkpoints.folder import load
from policy.inference.loading import load_policy
from policy.text.prompts import SUBTASK
from policy.training import run as run_module
from policy.training import sizes
from policy.training.batches import Batcher, StepBatch
from policy.training.curves import read_lines
from policy.training.loop import Diverged, Rhythm
from policy.training.recipe import Recipe, Stage, TaughtLevel
from policy.training.run import Options, train
from policy.training.samples import TrainingSample
from policy.training.seeds import Place
from policy.training.state import Position
from policy.types import Observation
from tests.policy.training import synthetic
from tests.policy.training.synthetic import Toy

pytestmark = pytest.mark.usefixtures("tiny_preset")


def go(run: Path, recipe: Recipe | None = None, toy: Toy | None = None, **rhythm: int) -> Position:
    toy = toy or Toy()
    recipe = recipe or synthetic.recipe()
    return train(
        recipe,
        f"name = {recipe.name!r} # {recipe.seed}",
        run,
        data=lambda form: toy,
        options=Options(rhythm=Rhythm(**rhythm), device="cpu"),
    )


def weights(run: Path, step: int) -> dict[str, torch.Tensor]:
    return load_file(run / "checkpoints" / f"{step:06d}" / "model.safetensors")


def test_both_stages_end_in_a_policy_that_acts_and_speaks(run_folder: Path) -> None:
    position = go(run_folder)
    assert (position.stage, position.total) == (2, 12)
    policy = load_policy(run_folder / "checkpoints" / "000012", device="cpu")
    sample = synthetic.sample(0, "low")
    images = {"front": sample.images["base_0_rgb"], "right_wrist": sample.images["right_wrist_0_rgb"]}
    assert sample.state is not None
    observation = Observation(images=images, state=sample.state)
    chunk = policy.actions(observation, "pick up the cup")
    assert chunk.actions.shape == (synthetic.HORIZON, synthetic.DIM)
    assert np.isfinite(chunk.actions).all()
    subtask = policy.subtask(observation, "tidy up", allowed=synthetic.SUBTASKS)
    assert subtask.text in synthetic.SUBTASKS
    assert policy.metadata["embodiment"] == "toy"
    lines = read_lines(run_folder / "curves.jsonl")
    assert [line["step"] for line in lines] == [12]


def test_a_run_that_is_broken_off_and_gone_on_with_has_the_same_weights_to_the_bit(tmp_path: Path) -> None:
    go(tmp_path / "whole")
    broken = tmp_path / "broken"
    for stop_at in (4, 6, 9):
        assert go(broken, stop_at=stop_at).total == stop_at
    toy = Toy()
    go(broken, toy=toy)
    assert toy.opened == [(1, 3)]
    one, other = weights(tmp_path / "whole", 12), weights(broken, 12)
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_loss_that_is_no_number_names_step_and_samples_and_leaves_what_was_saved(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go(run_folder, stop_at=7)
    kept = weights(run_folder, 7)
    right = Batcher.step_batch

    def poisoned(self: Batcher, samples: Sequence[TrainingSample], stage: Stage, place: Place) -> StepBatch:
        batch = right(self, samples, stage, place)
        if place.step == 3:
            batch.parts[0].inputs.images_BNCYX[0, 0, 0, 0, 0] = float("nan")
        return batch

    monkeypatch.setattr(Batcher, "step_batch", poisoned)
    with pytest.raises(
        Diverged, match=r"the loss of step 3 of stage 'post-training' is nan.*episode-10021 of demos"
    ):
        go(run_folder)
    assert sorted(path.name for path in (run_folder / "checkpoints").iterdir()) == ["000007"]
    assert all(torch.equal(kept[name], value) for name, value in weights(run_folder, 7).items())
    monkeypatch.undo()
    monkeypatch.setattr(sizes, "PRESETS", {"tiny": synthetic.TINY})
    assert go(run_folder).total == 12


def test_the_checkpoint_is_tried_as_often_as_asked_and_the_figures_are_among_the_curves(
    run_folder: Path,
) -> None:
    tried = []

    def evaluate(checkpoint: Path) -> dict[str, float]:
        assert (checkpoint / "policy.json").exists()
        tried.append(checkpoint.name)
        return {"success_told_mean": 0.5}

    toy = Toy()
    train(
        synthetic.recipe(),
        "toy",
        run_folder,
        data=lambda form: toy,
        options=Options(rhythm=Rhythm(evaluate_every=5), device="cpu", evaluate=evaluate),
    )
    assert tried == ["000005", "000010"]
    figures = [line for line in read_lines(run_folder / "curves.jsonl") if "success_told_mean" in line]
    assert [line["step"] for line in figures] == [5, 10]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (Toy(episodes=4, sha256="of four"), r"demos \(3 episodes, 60 samples\), now demos \(4 episodes"),
        (Toy(sha256="of others"), "with other recordings or labels"),
    ],
)
def test_a_run_is_not_gone_on_with_when_its_data_have_changed(
    run_folder: Path, changed: Toy, told: str
) -> None:
    go(run_folder, stop_at=1)
    with pytest.raises(run_module.CannotGoOn, match=told):
        go(run_folder, toy=changed)
    assert not changed.opened
    assert go(run_folder, stop_at=2).total == 2


@pytest.mark.parametrize(("levels", "form"), [(("low",), None), (("low", "high"), SUBTASK.name)])
def test_a_policy_names_subtasks_only_where_they_were_taught(
    run_folder: Path, levels: tuple[TaughtLevel, ...], form: str | None
) -> None:
    (data,) = synthetic.recipe().data
    own = msgspec.structs.replace(synthetic.recipe(), data=(msgspec.structs.replace(data, level=levels),))
    go(run_folder, own, Toy(level="low"), stop_at=1)
    manifest = load(run_folder / "checkpoints" / "000001").manifest
    assert manifest is not None
    assert manifest.prompt_high == form


def test_a_run_of_another_recipe_is_not_gone_on_with(run_folder: Path) -> None:
    go(run_folder, stop_at=1)
    with pytest.raises(run_module.CannotGoOn, match="begun with another recipe"):
        go(run_folder, synthetic.recipe(seed=1))
