"""In which order cameras are shown, live and recorded: the main one first."""

from __future__ import annotations

MAIN = "front"
_ORDER = (MAIN, "left_wrist", "right_wrist", "back")


def camera_rank(name: str) -> int:
    """Where a camera stands among the others; those of other names come last, in their own order."""
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)
