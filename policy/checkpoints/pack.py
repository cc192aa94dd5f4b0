"""A checkpoint at half its size, to be passed on."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from safetensors import safe_open

from policy.checkpoints.draft import delete_leftovers, draft_of
from policy.checkpoints.errors import CheckpointError, CheckpointExists, NotFinite
from policy.checkpoints.folder import Checkpoint, load
from policy.checkpoints.save import check_room, write_weights
from policy.checkpoints.weights import WEIGHTS_FILE


def pack(source: Path, target: Path) -> Checkpoint:
    """Copy a checkpoint of this software's own layout with its weights in half precision (IEEE float16).

    Args:
        source: The checkpoint's folder.
        target: The folder to be; it must not be there, nor within `source`.

    Returns:
        The copy.

    Raises:
        CheckpointExists: `target` is there.
        NotFinite: A weight is too large for half precision.
        NoRoom: The disk is too small.
        CheckpointError: `source` cannot be loaded, or has another layout; `target` is within it; or the copy cannot be
            written.
    """
    checkpoint = load(source)
    if checkpoint.manifest is None:
        raise CheckpointError(f"{source} is not in understudy's own layout, the only one that is packed")
    if target.exists() or target.is_symlink():
        raise CheckpointExists(f"{target} is there already; choose another folder")
    if target.resolve().is_relative_to(source.resolve()):  # the copy would hold a part of itself
        raise CheckpointError(
            f"{target} is within {source}, which is to be copied; choose a folder beside it"
        )
    tensors = {}
    with safe_open(source / WEIGHTS_FILE, framework="pt") as weights:
        metadata = weights.metadata() or {}
        for name in weights.keys():  # noqa: SIM118 - it is no mapping
            tensors[name] = weights.get_tensor(name).to(torch.float16)
            if not tensors[name].isfinite().all():
                raise NotFinite(
                    f"{source}: {name} holds a number that half precision does not; keep it as it is"
                )
    with draft_of(target) as draft:
        check_room(target.parent, sum(tensor.nbytes for tensor in tensors.values()))
        shutil.copytree(source, draft, ignore=shutil.ignore_patterns(WEIGHTS_FILE), dirs_exist_ok=True)
        write_weights(draft / WEIGHTS_FILE, tensors, metadata)
        load(draft)
    delete_leftovers(target)
    return load(target)
