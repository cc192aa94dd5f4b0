"""What a run must remember to go on as if it had not been broken: weights, averages, the optimiser's moments, the step.

It is one file a time, written beside and renamed when it is on the disk: the newest is always whole. Random numbers
are not among it, see `policy.training.seeds`.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from policy.checkpoints.draft import NO_ROOM
from policy.checkpoints.errors import NoRoom
from policy.model.pi0 import Pi0
from policy.training.optimiser import Optimiser, trained_parameters

KEPT = 2
"""Files, should the disk have damaged the newest."""
_SUFFIX = ".safetensors"
_MOMENTS = ("step", "exp_avg", "exp_avg_sq", "momentum_buffer")
"""AdamW's, and Muon's."""

_log = logging.getLogger(__name__)


class CannotGoOn(ValueError):
    """A run's state does not fit what is to be trained; the message says what to do."""


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is.

    Attributes:
        stage: Counted from 0.
        step: Steps done of this stage.
        total: Steps done in all.
        recipe: Hash of the recipe's text.
    """

    stage: int
    step: int
    total: int
    recipe: str


@dataclass(frozen=True)
class Learner:
    """What training changes.

    Attributes:
        model: The weights that learn.
        averaged: Their running average.
        optimiser: Of the model's weights.
    """

    model: Pi0
    averaged: Pi0
    optimiser: Optimiser

    def tensors(self) -> dict[str, Tensor]:
        """All of it by name, not copied."""
        found: dict[str, Tensor] = {}
        for name, parameter in self.model.named_parameters():
            found[f"weights/{name}"] = parameter.detach()
            for moment, value in self.optimiser.moments(parameter).items():
                found[f"{moment}/{name}"] = value
        for name, parameter in self.averaged.named_parameters():
            found[f"averaged/{name}"] = parameter.detach()
        return found

    @torch.no_grad()
    def take(self, tensors: dict[str, Tensor]) -> None:
        """Become what `tensors` says.

        Raises:
            CannotGoOn: They are another model's.
        """
        own = {f"weights/{name}": weight for name, weight in self.model.named_parameters()}
        own |= {f"averaged/{name}": weight for name, weight in self.averaged.named_parameters()}
        wrong = [
            name for name, weight in own.items() if name not in tensors or tensors[name].shape != weight.shape
        ]
        if wrong:
            raise CannotGoOn(f"{len(wrong)} weights are of another model, {wrong[0]!r} among them")
        for name, weight in own.items():
            weight.copy_(tensors[name])
        for name, parameter in trained_parameters(self.model):
            moments = {
                moment: tensors[f"{moment}/{name}"].to(parameter.device, copy=True)
                for moment in _MOMENTS
                if f"{moment}/{name}" in tensors
            }
            self.optimiser.remember(parameter, moments)


def save_state(folder: Path, learner: Learner, position: Position) -> Path:
    """Write a run's state; older ones are deleted once it is on the disk.

    Raises:
        NoRoom: The disk is full; what was there is still there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{position.total:08d}{_SUFFIX}"
    draft = path.with_suffix(".draft")
    try:
        tensors = {name: tensor.contiguous() for name, tensor in learner.tensors().items()}
        save_file(tensors, draft, metadata={"position": msgspec.json.encode(position).decode()})
        _sync(draft)
        draft.replace(path)
        _sync(folder)
    except (OSError, SafetensorError) as error:
        draft.unlink(missing_ok=True)
        full = isinstance(error, OSError) and error.errno in NO_ROOM
        if full or any(f"os error {number}" in str(error) for number in NO_ROOM):
            raise NoRoom(
                f"the disk of {folder} is full; delete old checkpoints: the run goes on from its last state"
            ) from error
        raise
    for old in states(folder)[KEPT:]:
        old.unlink(missing_ok=True)
    return path


def load_state(folder: Path, learner: Learner, *, recipe: str) -> Position | None:
    """Make `learner` what it was when the newest whole state was written.

    Args:
        folder: Of the states.
        learner: Filled.
        recipe: Hash of the recipe's text, which must be the run's.

    Returns:
        How far the run is; None where nothing was ever written.

    Raises:
        CannotGoOn: The run is of another recipe or model, or all of its states are damaged.
    """
    found = states(folder)
    for path in found:
        try:
            with safe_open(path, framework="pt") as file:
                position = msgspec.json.decode(file.metadata()["position"], type=Position)
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        except (SafetensorError, OSError, KeyError, TypeError, msgspec.DecodeError) as error:
            _log.warning("%s is damaged (%s); going on from the state before it", path, error)
            continue
        if position.recipe != recipe:
            raise CannotGoOn(
                f"the run in {folder.parent} was begun with another recipe; choose another folder with --run, or give"
                " the recipe back its text, which is in the run's folder"
            )
        try:
            learner.take(tensors)
        except CannotGoOn as error:
            raise CannotGoOn(f"{path}: {error}; choose another folder with --run") from error
        return position
    if found:
        raise CannotGoOn(f"every state in {folder} is damaged; choose another folder with --run")
    return None


def states(folder: Path) -> list[Path]:
    """The states in a folder, the newest first."""
    return sorted(folder.glob(f"*{_SUFFIX}"), reverse=True)


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
