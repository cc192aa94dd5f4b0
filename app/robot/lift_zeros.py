"""The lifts' zeros, left in the session's directory for a robot process that follows one that was killed."""

from __future__ import annotations

from pathlib import Path

import msgspec

from app.runtime_files import leave

ZEROS_NAME = "lift_zeros.json"


def read_zeros(runtime_dir: Path) -> dict[str, float] | None:
    """The lifts' zeros that an earlier robot process of this session has left; None when this is the first."""
    path = runtime_dir / ZEROS_NAME
    return msgspec.json.decode(path.read_bytes(), type=dict[str, float]) if path.exists() else None


def save_zeros(runtime_dir: Path, zeros: dict[str, float]) -> None:
    """Write the lifts' zeros so that a reader sees the old ones or the new ones, never half of them."""
    leave(runtime_dir / ZEROS_NAME, zeros)
