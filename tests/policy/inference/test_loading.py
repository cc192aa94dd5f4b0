"""`load_policy` reads what people type: a device's name, and a path from the home folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from policy.checkpoints.infer_config import Known
from policy.checkpoints.manifest import Manifest
from policy.checkpoints.save import save
from policy.inference.loading import CannotBeLoaded, load_policy
from policy.inference.policy import Pi05Policy
from policy.inference.untrained import TEXTS, random_model, random_vocabulary
from policy.presets import BASE, HIGH_LEVEL_CAMERAS, PI05_SMALL
from policy.transforms.norm_stats import NormStats
from policy.types import Observation
from tests.policy.inference.golden import GOLDEN


@pytest.mark.parametrize("device", ["gpu", "", "cuda:x"])
def test_a_device_that_there_is_not_is_said_before_anything_is_read(tmp_path: Path, device: str) -> None:
    with pytest.raises(ValueError, match=f"no device '{device}'; choose cpu, cuda or auto"):
        load_policy(tmp_path / "missing", device=device)


def test_the_home_folder_may_be_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(GOLDEN))
    policy = load_policy(
        "~/ckpt/aloha_pi05",
        config="pi05_aloha",
        tokenizer="~/tiny_sp.model",
        device="cpu",
        known=Known(vision_heads=4),
    )
    assert isinstance(policy, Pi05Policy)
    assert policy.metadata["name"] == "aloha_pi05"


def saved(path: Path, camera: str) -> Path:
    """A checkpoint that looks at a camera's lower half only."""
    one = np.ones(18)
    stats = NormStats(mean=0 * one, std=one, q01=-one, q99=one)
    manifest = Manifest(
        embodiment="sim-kitchen",
        asset_id="sim-kitchen",
        normalization="quantile",
        prompt_low="openpi-pi05",
        prompt_high="subtask",
        cameras_low=(BASE,),
        cameras_high=HIGH_LEVEL_CAMERAS,
        crops={camera: (0.5, 0.0, 1.0, 1.0)},
        rate_hz=50.0,
        execute_steps=25,
    )
    vocabulary = path.with_suffix(".model")
    random_vocabulary(PI05_SMALL).save(vocabulary)
    save(
        path,
        random_model(PI05_SMALL, seed=0),
        manifest,
        config=PI05_SMALL,
        stats={"state": stats, "actions": stats},
        tokenizer=vocabulary,
    )
    return path


def test_both_levels_look_at_what_the_checkpoint_says_and_at_no_more(tmp_path: Path) -> None:
    policy = load_policy(saved(tmp_path / "ours", "front"), device="cpu")

    def answers(picture: NDArray[np.uint8]) -> tuple[NDArray[np.float64], float]:
        seen = Observation({"front": picture}, np.zeros(18))
        noise = np.zeros((50, 32), np.float32)
        return policy.actions(seen, "pick up the cup", noise=noise).actions, policy.subtask(
            seen, "set the table", allowed=TEXTS
        ).probability

    picture = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    above, below = picture.copy(), picture.copy()
    above[:20], below[20:] = 0, 0
    first, second, third = answers(picture), answers(above), answers(below)
    np.testing.assert_array_equal(first[0], second[0])
    assert first[1] == second[1]
    assert np.abs(first[0] - third[0]).max() > 1e-6
    assert first[1] != third[1]


def test_a_crop_of_a_camera_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotBeLoaded, match="a crop of camera 'ceiling', which no model looks at"):
        load_policy(saved(tmp_path / "ours", "ceiling"), device="cpu")
