"""A profile's text with some of its values changed; every comment, blank line and order stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import tomlkit
from tomlkit.items import Table

from drivers.calibration.change import Change, Key
from drivers.profile.schema import RobotProfile


def rewritten(
    text: str,
    profile: RobotProfile,
    changes: Sequence[Change],
    *,
    calibrated: Mapping[str, str],
    robot: str = "",
) -> str:
    """The text with the changes in it.

    Args:
        text: of the file that the profile was read from.
        profile: what it says, for arrays that the file leaves at their default.
        changes: those that change nothing are left out.
        calibrated: for each procedure's id its date, ISO.
        robot: what `[simulation]` shall name as the robot of its world; empty to leave that alone.
    """
    document = tomlkit.parse(text)
    defaults = msgspec.to_builtins(profile)
    for change in changes:
        if change.changes:
            _put(document, change.key, change.new, defaults)
    for procedure_id, date in calibrated.items():
        _put(document, ("calibrated", procedure_id), date, defaults)
    if robot:
        _put(document, ("simulation", "robot"), robot, defaults)
    return tomlkit.dumps(document)


def _put(document: Any, key: Key, value: object, defaults: Any) -> None:
    """Set one value; tables and arrays on the way that the file lacks are made, arrays as the profile has them."""
    at, default = document, defaults
    *way, last = key
    for place, part in enumerate(way):
        default = default[part] if isinstance(part, int) else default.get(part, {})
        if isinstance(part, str) and part not in at:
            following = key[place + 1]
            _add(at, part, list(default) if isinstance(following, int) else tomlkit.table())
        at = at[part]
    if isinstance(last, str) and last not in at:
        _add(at, last, value)
    else:
        at[last] = value


def _add(at: Any, key: str, value: object) -> None:
    """Add a key after a table's last one, before the comment that stands there already for the table to come.

    tomlkit's own way puts it after that comment; the method that takes a place is not public (0.15.2).
    """
    own = [name for name, item in at.items() if not isinstance(item, Table)]
    if isinstance(at, Table) and own and not isinstance(value, Table):
        at.value._insert_after(own[-1], key, tomlkit.item(value))
    else:
        at[key] = value
