"""A policy to a folder that openpi can load, that needs nothing outside of itself, and that is never half there."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor, nn

from policy.checkpoints.draft import NO_ROOM, delete_leftovers, draft_of
from policy.checkpoints.errors import CheckpointError, CheckpointExists, NoRoom, NotFinite, TiedWeightsDiffer
from policy.checkpoints.folder import Checkpoint, load
from policy.checkpoints.keys import EMBED_TOKENS, LM_HEAD
from policy.checkpoints.kinds import ModelConfig
from policy.checkpoints.manifest import MANIFEST_FILE, Manifest, format_manifest
from policy.checkpoints.matching import TIED
from policy.checkpoints.survey import ASSETS
from policy.checkpoints.weights import WEIGHTS_FILE
from policy.transforms.norm_stats import NormStats, save_norm_stats

TOKENIZER_FOLDER, FAST_FOLDER = "tokenizer", "fast"
SPARE_BYTES = 16 << 20
"""Room that must be left beside the weights: headers, statistics, tokenizers, and the file system's own."""


def save(
    path: Path,
    model: nn.Module,
    manifest: Manifest,
    *,
    config: ModelConfig,
    stats: Mapping[str, NormStats],
    tokenizer: Path | None = None,
    fast: Path | None = None,
    overwrite: bool = False,
) -> Checkpoint:
    """Save a policy as a folder: weights, statistics, tokenizers and `policy.json`.

    Whatever goes wrong, `path` holds what it held, or the whole new checkpoint; see `policy.checkpoints.draft`.

    Args:
        path: The folder to be; its parent is made where it is not there.
        model: Its `state_dict` has openpi's names.
        manifest: What to say of it. `tokenizer`, `fast` and `created` are filled in here.
        config: Kind and sizes of the model.
        stats: Statistics of `state` and `actions`; saved for the manifest's asset id.
        tokenizer: File of the text tokenizer, to be copied.
        fast: Folder of the FAST tokenizer, to be copied.
        overwrite: Replace a checkpoint that is there.

    Returns:
        The checkpoint, loaded back from what was written.

    Raises:
        CheckpointExists: `path` is there, and `overwrite` was not said; or it is no checkpoint.
        NoRoom: The disk is too small.
        TiedWeightsDiffer: Text head and embedding have come apart.
        NotFinite: The model has NaN or infinite weights.
        CheckpointError: Something to be copied is missing, or the model and what is said of it don't fit.
    """
    _check_target(path, overwrite=overwrite)
    for source in (tokenizer, fast):
        if source is not None and not source.exists():
            raise CheckpointError(f"cannot copy {source} into the checkpoint: it is not there")
    try:
        manifest = msgspec.structs.replace(
            manifest,
            tokenizer=None if tokenizer is None else f"{TOKENIZER_FOLDER}/{tokenizer.name}",
            fast=None if fast is None else FAST_FOLDER,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )
    except ValueError as error:
        raise CheckpointError(f"cannot copy {tokenizer} into the checkpoint: {error}; rename it") from error
    text = format_manifest(config, manifest)
    tensors, metadata = stored_tensors(model)
    _check_finite(tensors, path)
    with draft_of(path) as draft:
        check_room(path.parent, sum(tensor.numel() * tensor.element_size() for tensor in tensors.values()))
        write_weights(draft / WEIGHTS_FILE, tensors, metadata)
        save_norm_stats(draft / ASSETS, manifest.asset_id, stats)
        if tokenizer is not None:
            (draft / TOKENIZER_FOLDER).mkdir()
            shutil.copyfile(tokenizer, draft / TOKENIZER_FOLDER / tokenizer.name)
        if fast is not None:
            shutil.copytree(fast, draft / FAST_FOLDER)
        (draft / MANIFEST_FILE).write_bytes(text)
        load(draft)  # what cannot be loaded must not take the place of anything
    delete_leftovers(path)
    return load(path)


def stored_tensors(model: nn.Module) -> tuple[dict[str, Tensor], dict[str, str]]:
    """A model's tensors as openpi stores them.

    A tensor with several names is stored once, under the first in the alphabet, as `save_model` of safetensors does.

    Returns:
        Name to tensor, and each name left out to the one that is stored: the file's metadata.

    Raises:
        TiedWeightsDiffer: Text head and embedding have come apart, as after `to_empty`, and hold different numbers.
    """
    first: dict[int, str] = {}
    metadata: dict[str, str] = {}
    tensors: dict[str, Tensor] = {}
    for name, tensor in sorted(model.state_dict(keep_vars=True).items()):
        stored = first.setdefault(id(tensor), name)
        if stored != name:
            metadata[name] = stored
        else:
            tensors[name] = tensor.detach().contiguous()
    if all(name in tensors for name in TIED):
        if not torch.equal(tensors[LM_HEAD], tensors[EMBED_TOKENS]):
            raise TiedWeightsDiffer(
                f"the model has two different tensors as {LM_HEAD} and {EMBED_TOKENS}, which must be one; tie them"
                " again before training"
            )
        metadata[EMBED_TOKENS] = LM_HEAD
        del tensors[EMBED_TOKENS]
    return tensors, metadata


def write_weights(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write a weights file.

    Raises:
        OSError: `ENOSPC`, where the disk is full.
        CheckpointError: The system refused something else.
    """
    try:
        save_file(tensors, path, metadata=metadata or None)
    except SafetensorError as error:  # its own error for what the system said; the text has the number
        if any(f"os error {number}" in str(error) for number in NO_ROOM):
            raise OSError(errno.ENOSPC, "No space left on device", str(path)) from error
        raise CheckpointError(f"cannot write {path}: {error}") from error


def _check_target(path: Path, *, overwrite: bool) -> None:
    if not path.exists() and not path.is_symlink():
        return
    is_checkpoint = path.is_dir() and not path.is_symlink() and (path / WEIGHTS_FILE).exists()
    if not is_checkpoint:
        raise CheckpointExists(f"{path} is there and is no checkpoint; choose another name")
    if not overwrite:
        raise CheckpointExists(
            f"there is a checkpoint at {path} already; choose another name, or ask to overwrite"
        )


def check_room(folder: Path, wanted_bytes: int) -> None:
    """Make sure that so much more fits on a folder's disk.

    Raises:
        NoRoom: It does not.
    """
    free = shutil.disk_usage(folder).free
    if free < wanted_bytes + SPARE_BYTES:
        raise NoRoom(
            f"a checkpoint needs {wanted_bytes + SPARE_BYTES} bytes, and the disk of {folder} has {free} free;"
            " delete old checkpoints, hidden drafts of a killed save among them, or save to another disk"
        )


def _check_finite(tensors: Mapping[str, Tensor], path: Path) -> None:
    wrong = [name for name, tensor in tensors.items() if not torch.isfinite(tensor).all()]
    if wrong:
        raise NotFinite(
            f"{path} was not saved: {len(wrong)} tensors hold NaN or infinite weights; training has diverged:\n"
            + "\n".join(wrong)
        )
