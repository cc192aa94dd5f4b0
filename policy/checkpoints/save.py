"""A policy to a folder that openpi can load, that needs nothing outside of itself, and that is never half there."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor, nn

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

AT_FDCWD, RENAME_EXCHANGE = -100, 2
"""Of Linux's `fcntl.h` and `stdio.h`."""

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


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

    All is written to a folder beside `path` and brought to the disk before that takes its name. Whatever goes wrong,
    `path` holds what it held, or the whole new checkpoint. What a power cut leaves is a hidden folder beside it.

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
    manifest = msgspec.structs.replace(
        manifest,
        tokenizer=None if tokenizer is None else f"{TOKENIZER_FOLDER}/{tokenizer.name}",
        fast=None if fast is None else FAST_FOLDER,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    text = format_manifest(config, manifest)
    tensors, metadata = stored_tensors(model)
    _check_finite(tensors, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _check_room(path.parent, sum(tensor.numel() * tensor.element_size() for tensor in tensors.values()))
    with _draft_of(path) as draft:
        _write_weights(draft / WEIGHTS_FILE, tensors, metadata)
        save_norm_stats(draft / ASSETS, manifest.asset_id, stats)
        if tokenizer is not None:
            (draft / TOKENIZER_FOLDER).mkdir()
            shutil.copyfile(tokenizer, draft / TOKENIZER_FOLDER / tokenizer.name)
        if fast is not None:
            shutil.copytree(fast, draft / FAST_FOLDER)
        (draft / MANIFEST_FILE).write_bytes(text)
        load(draft)  # what cannot be loaded must not take the place of anything
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


def _write_weights(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    try:
        save_file(tensors, path, metadata=metadata or None)
    except SafetensorError as error:  # its own error for what the system said; the text has the number
        if any(f"os error {number}" in str(error) for number in _NO_ROOM):
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


def _check_room(folder: Path, wanted_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < wanted_bytes + SPARE_BYTES:
        raise NoRoom(
            f"a checkpoint needs {wanted_bytes + SPARE_BYTES} bytes, and the disk of {folder} has {free} free;"
            " delete old checkpoints, or save to another disk"
        )


def _check_finite(tensors: Mapping[str, Tensor], path: Path) -> None:
    wrong = [name for name, tensor in tensors.items() if not torch.isfinite(tensor).all()]
    if wrong:
        raise NotFinite(
            f"{path} was not saved: {len(wrong)} tensors hold NaN or infinite weights; training has diverged:\n"
            + "\n".join(wrong)
        )


@contextmanager
def _draft_of(path: Path) -> Iterator[Path]:
    """A folder beside `path` that takes its place at the end, or goes."""
    draft = path.with_name(f".{path.name}.draft-{uuid.uuid4().hex[:8]}")
    try:
        draft.mkdir()
        yield draft
        _sync_tree(draft)
        _replace(path, draft)
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise NoRoom(
                f"the disk of {path.parent} is full: {path} was not saved; delete old checkpoints, or save to another"
                " disk"
            ) from error
        raise CheckpointError(f"{path} was not saved: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _replace(path: Path, draft: Path) -> None:
    """Give `draft` the name `path`; what was there has the draft's name afterwards, or is gone."""
    if not path.exists():
        draft.rename(path)
    elif not exchange(path, draft):
        aside = draft.with_name(draft.name.replace(".draft-", ".old-"))
        path.rename(aside)
        try:
            draft.rename(path)
        except OSError:
            aside.rename(path)
            raise
        shutil.rmtree(aside, ignore_errors=True)
    _sync(path.parent)


def exchange(one: Path, other: Path) -> bool:
    """Let two folders swap their names in one step, so that no power cut finds either name without its folder.

    Returns:
        Whether they did: not every system and file system can (Linux's `renameat2`).
    """
    libc = ctypes.CDLL(None, use_errno=True)
    renameat2 = getattr(libc, "renameat2", None)
    if renameat2 is None:
        return False
    refused = renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE)
    return int(refused) == 0


def _sync_tree(folder: Path) -> None:
    for place, _, names in os.walk(folder):
        for name in names:
            _sync(Path(place) / name)
        _sync(Path(place))


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
