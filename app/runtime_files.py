"""Values that are left in a session's directory for whichever process comes to read them."""

from __future__ import annotations

from pathlib import Path

import msgspec


def leave(path: Path, value: object) -> None:
    """Write a value as JSON in one step: a reader finds the old one or the new one, never half of either."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_bytes(msgspec.json.encode(value))
    draft.replace(path)
