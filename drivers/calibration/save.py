"""Writing a calibration down: all of it at once, or nothing.

The new text is parsed and checked as a profile before anything is written. It then goes into a file beside the old one,
is on the disk before the name changes hands, and takes the old one's place in one step. The old file stays beside it
under a dated name. Whoever is killed at any moment leaves the old profile or the new one, whole.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from drivers.calibration.change import Change
from drivers.calibration.rewrite import rewritten
from drivers.profile import RobotProfile, parse_profile, profile_names, profile_path


class ProfileChangedError(Exception):
    """The profile's file is not the one that was calibrated any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """Where a calibration was written.

    Attributes:
        path: the profile.
        backup: what it was before; None when it is a new file.
    """

    path: Path
    backup: Path | None


def save_profile(
    source: str,
    profile: RobotProfile,
    changes: Sequence[Change],
    *,
    done: Sequence[str],
    profiles_dir: Path,
    now: datetime,
) -> Saved:
    """Write the changes into the profile's file, or into a copy when it came with the package.

    Args:
        source: what the profile was read from: a shipped one's name, or a path.
        profile: as it was read.
        changes: what to change.
        done: ids of the procedures that were gone through; their date is kept in the file.
        profiles_dir: where the copy of a shipped profile goes.
        now: the date and time.

    Raises:
        ProfileError: when the result would be no valid profile; nothing is written.
        ProfileChangedError: when the file was changed since it was read; nothing is written.
        OSError: when it cannot be written; the old file is as it was.
    """
    old = profile_path(source).resolve()
    data = old.read_bytes()
    if profile.sha256 and hashlib.sha256(data).hexdigest() != profile.sha256:
        raise ProfileChangedError(
            f"{old} was changed since this session read it; open it anew and calibrate again"
        )
    shipped = old == _shipped(source)
    target = _free(profiles_dir / f"{source}.toml") if shipped else old
    backup = None if shipped else _free(old.with_name(f"{old.stem}.{now:%Y%m%d-%H%M%S}.toml"))
    robot = ""
    if profile.simulation is not None and not profile.simulation.robot:
        # Without it the simulated world would go by the new numbers, and be miscalibrated the other way.
        robot = source if backup is None else str(backup)
    text = rewritten(
        data.decode("utf-8"),
        profile,
        changes,
        calibrated=dict.fromkeys(done, f"{now:%Y-%m-%d}"),
        robot=robot,
    )
    new = text.encode("utf-8")
    parse_profile(new, target)
    target.parent.mkdir(parents=True, exist_ok=True)
    if backup is not None:
        _write_whole(backup, data, like=old)
    _write_whole(target, new, like=None if shipped else old)
    return Saved(path=target, backup=backup)


def _shipped(source: str) -> Path | None:
    return profile_path(source).resolve() if source in profile_names() else None


def _free(path: Path) -> Path:
    """The path, or with a number where that is taken: nothing that is there is written over."""
    number, free = 2, path
    while free.exists():
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return free


def _write_whole(path: Path, data: bytes, *, like: Path | None) -> None:
    """Put a file in place in one step, with the permissions of another, and make sure that it lasts."""
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=".new", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if like is not None:
            shutil.copymode(like, draft)
        else:
            Path(draft).chmod(0o644)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
