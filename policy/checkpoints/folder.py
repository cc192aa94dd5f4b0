"""A checkpoint that can be loaded, and the model built from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from policy.checkpoints.errors import CheckpointError, SizesNotInFile
from policy.checkpoints.infer_config import Known, Sizes
from policy.checkpoints.kinds import ModelConfig, kind_of
from policy.checkpoints.manifest import Manifest
from policy.checkpoints.survey import Layout, survey
from policy.checkpoints.weights import Weights
from policy.presets import Pi0Config
from policy.transforms.norm_stats import NormStats
from policy.transforms.normalize import Normalization

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose files were found to be whole and to fit each other; no weight has been read.

    Attributes:
        path: The folder, or the file of weights.
        layout: Who wrote it.
        config: Kind and sizes.
        weights: Where the tensors are.
        normalization: How statistics are used.
        manifest: What this software wrote of the policy; None for others' checkpoints.
        stats: Asset id to the statistics of `state` and `actions`; LeRobot's one set is called `lerobot`.
        tokenizer: The text tokenizer's file, where the folder has one.
        fast: The FAST tokenizer's folder, where there is one.
    """

    path: Path
    layout: Layout
    config: ModelConfig
    weights: Weights
    normalization: Normalization
    manifest: Manifest | None
    stats: dict[str, dict[str, NormStats]]
    tokenizer: Path | None
    fast: Path | None

    def stats_of(self, asset_id: str | None = None) -> dict[str, NormStats]:
        """Statistics of `state` and `actions`.

        Args:
            asset_id: Whose; None: the manifest's, or the only ones.

        Raises:
            CheckpointError: There are none of this id, or several and none was chosen.
        """
        if asset_id is None and self.manifest is not None:
            asset_id = self.manifest.asset_id
        if asset_id is None and len(self.stats) == 1:
            return next(iter(self.stats.values()))
        if asset_id is None or asset_id not in self.stats:
            there = ", ".join(self.stats) or "none"
            wanted = "no asset id was given" if asset_id is None else f"there is no asset id {asset_id!r}"
            raise CheckpointError(
                f"{self.path}: {wanted}, and the checkpoint has statistics of: {there}; choose one"
            )
        return self.stats[asset_id]


def load(path: Path, *, known: Known | None = None, kind: str | None = None) -> Checkpoint:
    """Find out what a checkpoint is, and that its files are whole and fit each other.

    Reads headers and small files only; `build_model` reads the weights.

    Args:
        path: A folder of openpi's, LeRobot's or this software's; a weights file; or the index of several.
        known: What openpi's files do not say; goes before what a `config.json` says.
        kind: The kind that it must be; None takes any.

    Raises:
        CheckpointError: It cannot be loaded; the subclass and the message say why.
    """
    found = survey(path, known=known, kind=kind)
    if found.problems:
        raise found.problems[0]
    if found.config is None or found.weights is None or found.normalization is None:
        raise SizesNotInFile(f"{path}: the kind of its model cannot be told")
    if isinstance(found.config, Pi0Config):
        Sizes(found.config, found.unknown).check(path)
    manifest = found.manifest
    return Checkpoint(
        path=path,
        layout=found.layout,
        config=found.config,
        weights=found.weights,
        normalization=found.normalization,
        manifest=manifest,
        stats=found.stats,
        tokenizer=None if manifest is None or manifest.tokenizer is None else path / manifest.tokenizer,
        fast=None if manifest is None or manifest.fast is None else path / manifest.fast,
    )


def build_model(
    checkpoint: Checkpoint,
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype | None = None,
    check_finite: bool = False,
) -> nn.Module:
    """The model with the checkpoint's weights, ready to infer.

    Args:
        checkpoint: From `load`.
        device: Where it goes. On the processor, weights stay mapped from the file where their dtype is the file's.
        dtype: `torch.bfloat16`, in openpi's models with norms and heads in float32 as there; or `torch.float32`, the
            default.
        check_finite: Refuse NaN and infinite weights; reads every one.

    Raises:
        CheckpointError: As `load_into`.
    """
    import torch

    from policy.checkpoints.cast import cast_for_inference
    from policy.checkpoints.loading import load_into

    model = kind_of(checkpoint.config).build_on_meta(checkpoint.config)
    cast_for_inference(model, torch.float32 if dtype is None else dtype)
    load_into(model, checkpoint.weights, device=device, check_finite=check_finite)
    return model.eval()
