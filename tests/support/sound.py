"""A sound system of the test's own: see `app.bench.room`, which measures with the same."""

from __future__ import annotations

from app.bench.room import Room, room

__all__ = ["Room", "room"]
