"""The bindings on disk: one small JSON file, replaced whole. A spoilt one is set aside, and said so."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from app.inputs.bindings import Overrides
from app.inputs.trigger import TriggerError, parse_trigger

FILE_NAME = "inputs.json"
VERSION = 1


class _Stored(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: int
    triggers: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read: triggers by action where they differ from the defaults, and what to tell the operator, if any."""

    overrides: Overrides
    trouble: str = ""


def load_overrides(path: Path) -> Loaded:
    """Read what was bound; nothing is not an error. A file that cannot be used is set aside beside itself."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Loaded({})
    except OSError as error:
        return Loaded(
            {}, f"The input bindings cannot be read ({error.strerror}: {path}); the defaults are used"
        )
    try:
        return Loaded(_parse(content))
    except (msgspec.MsgspecError, TriggerError, UnicodeDecodeError) as error:
        aside = path.with_suffix(".spoilt.json")
        try:
            path.replace(aside)
            kept = f"it is kept as {aside}"
        except OSError as failure:
            kept = f"it cannot be moved away ({failure.strerror})"
        return Loaded({}, f"The input bindings cannot be used: {error}; the defaults are used, {kept}")


def save_overrides(path: Path, overrides: Overrides) -> None:
    """Write what was bound so that a reader sees the old file or the new one, never half of it.

    Raises:
        OSError: when it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    content = msgspec.json.format(msgspec.json.encode(_Stored(version=VERSION, triggers=overrides)), indent=2)
    draft = path.with_name(f".{path.name}.new")
    with draft.open("wb") as file:
        file.write(content + b"\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _parse(content: bytes) -> Overrides:
    stored = msgspec.json.decode(content, type=_Stored)
    if stored.version != VERSION:
        raise TriggerError(f"its version is {stored.version}, this app knows {VERSION}")
    return {
        action_id: tuple(dict.fromkeys(parse_trigger(trigger) for trigger in triggers))
        for action_id, triggers in stored.triggers.items()
    }
