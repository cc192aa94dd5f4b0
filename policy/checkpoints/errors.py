"""Errors of checkpoints, each named for its condition, with what was seen and what to do."""

from __future__ import annotations

from pathlib import Path


class CheckpointError(Exception):
    """Base of every error that this package raises on purpose."""


class NotACheckpoint(CheckpointError):
    """There is nothing here that this software can load."""


class CorruptWeights(CheckpointError):
    """A weights file is cut short, or is not what its header says."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path}: {what}; copy or download the file again")


class WrongDtype(CheckpointError):
    """A tensor is stored in a number format that weights do not come in."""


class WrongKeys(CheckpointError):
    """Missing, unexpected or mis-shaped tensors; the message lists every one."""


class WrongKind(CheckpointError):
    """The weights are those of another kind of model than was asked for."""


class SizesNotInFile(CheckpointError):
    """The weights do not say all that the model must be built as, and nobody else did."""


class TiedWeightsDiffer(CheckpointError):
    """Two names that must be one tensor hold different numbers."""


class NotFinite(CheckpointError):
    """Weights are NaN or infinite, or would be in the precision that was asked for; the message names the tensors."""


class InvalidManifest(CheckpointError):
    """A `policy.json` or `config.json` that cannot be understood."""


class NewerFormat(CheckpointError):
    """A newer version of this software wrote it."""


class CheckpointExists(CheckpointError):
    """There is a checkpoint already where one is to be saved."""


class NoRoom(CheckpointError):
    """The disk has no room for a checkpoint; nothing was kept of it."""
