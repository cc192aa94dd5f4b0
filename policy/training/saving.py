"""A run's averaged weights as a checkpoint that the rest of this software loads, and what it says of its making."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Any

from policy.checkpoints.manifest import Manifest
from policy.checkpoints.save import save
from policy.model.pi0 import Pi0
from policy.text.prompts import OPENPI_PI05, SUBTASK
from policy.training.batches import CLIP
from policy.training.parts import FAST, VOCABULARY, Parts
from policy.training.recipe import Recipe


def checkpoint_path(run: Path, step: int) -> Path:
    """Where the checkpoint of a step lies."""
    return run / "checkpoints" / f"{step:06d}"


def save_checkpoint(
    path: Path,
    model: Pi0,
    *,
    recipe: Recipe,
    parts: Parts,
    speaks: bool,
    rtc_trained: bool,
    training: dict[str, Any],
) -> None:
    """Save a policy, over one that is there.

    Args:
        path: The folder to be.
        model: With the averaged weights.
        recipe: What it is trained by.
        parts: Its tokenizers and robots.
        speaks: Whether it was taught to name subtasks.
        rtc_trained: Whether it was given first steps of chunks.
        training: What is said of its making, plain values.

    Raises:
        CheckpointError: It cannot be saved, or has NaN or infinite weights.
    """
    robot = parts.robot
    manifest = Manifest(
        embodiment=robot.name,
        asset_id=robot.name,
        normalization="quantile",
        prompt_low=OPENPI_PI05.name,
        prompt_high=SUBTASK.name if speaks else None,
        cameras_low=recipe.robot.cameras_low,
        cameras_high=recipe.robot.cameras_high if speaks else (),
        crops=recipe.robot.crops,
        vector_names=robot.vector_names,
        delta_mask=robot.delta,
        control_mode=recipe.robot.control_mode,
        clip=CLIP,
        rate_hz=robot.rate_hz,
        execute_steps=min(recipe.robot.execute_steps, model.config.action_horizon),
        rtc_trained=rtc_trained,
        training={**training, "software": importlib.metadata.version("understudy")},
    )
    save(
        path,
        model,
        manifest,
        config=model.config,
        stats=robot.stats,
        tokenizer=parts.folder / VOCABULARY,
        fast=None if parts.fast is None else parts.folder / FAST,
        overwrite=path.exists(),
    )
