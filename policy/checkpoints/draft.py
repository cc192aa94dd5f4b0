"""A folder that takes another's place whole, or not at all.

What is new is written to a hidden folder beside the old one, a draft, and brought to the disk; then the two swap names.
Where the file system cannot swap (see `exchange`), the old folder is renamed first: a power cut between the two renames
leaves both, hidden, as `.NAME.old-…` and `.NAME.draft-…`. At any other moment what it leaves hidden is in the way only.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from policy.checkpoints.errors import CheckpointError, NoRoom

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says of a disk that is full."""

AT_FDCWD, RENAME_EXCHANGE = -100, 2
"""Of Linux's `fcntl.h` and `stdio.h`."""

_DRAFT, _OLD = ".draft-", ".old-"
"""Between a folder's name and eight hexadecimal digits, in the names of hidden ones."""


@contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """A new folder beside `path` that takes its place at the end, or goes. The folder above is made if need be.

    Raises:
        NoRoom: The disk is full.
        CheckpointError: The system refused something else.
    """
    draft = path.with_name(f".{path.name}{_DRAFT}{uuid.uuid4().hex[:8]}")
    try:
        draft.mkdir(parents=True)
        with _held(draft):
            yield draft
            _sync_tree(draft)
            _replace(path, draft)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise NoRoom(
                f"the disk of {path.parent} is full: {path} was not saved; delete old checkpoints, or save to another"
                " disk"
            ) from error
        raise CheckpointError(f"{path} was not saved: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def delete_leftovers(path: Path) -> None:
    """Delete the hidden folders that a power cut, or a killed process, has left of checkpoints of this name.

    To be called when `path` is whole: until then one of them may be the only copy. Those in use are let be.
    """
    hidden = re.compile(re.escape(f".{path.name}") + f"({re.escape(_DRAFT)}|{re.escape(_OLD)})[0-9a-f]{{8}}")
    with suppress(OSError):  # they are only in the way
        for folder in path.parent.iterdir():
            if hidden.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink():
                with _held(folder) as ours:
                    if ours:
                        shutil.rmtree(folder, ignore_errors=True)


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


def _replace(path: Path, draft: Path) -> None:
    """Give `draft` the name `path`; what was there has the draft's name afterwards, or is gone."""
    if not path.exists():
        draft.rename(path)
    elif not exchange(path, draft):
        aside = draft.with_name(f".{path.name}{_OLD}{draft.name[-8:]}")
        path.rename(aside)
        try:
            draft.rename(path)
        except OSError:
            aside.rename(path)
            raise
        shutil.rmtree(aside, ignore_errors=True)
    _sync(path.parent)


@contextmanager
def _held(draft: Path) -> Iterator[bool]:
    """Mark a draft as in use, and say whether that could be; the mark goes when a process ends, however it ends."""
    file = os.open(draft, os.O_RDONLY)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held = True
    except OSError:  # somebody else's, or a file system without marks
        held = False
    try:
        yield held
    finally:
        os.close(file)


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
