"""Finding the episodes that a command line names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.outcome import CommandError

if TYPE_CHECKING:
    from recordings import Dataset

LAST = "last"


def open_dataset(path: Path) -> Dataset:
    """Open a folder of recordings that must be there.

    Raises:
        CommandError: when nothing was recorded there yet.
        NotADataset: when the folder holds something else.
    """
    from recordings import Dataset

    if not (path / "zarr.json").exists():
        raise CommandError(
            f"no recordings in {path}; record an episode first, or name another folder with --data"
        )
    return Dataset.open(path)


def find(asked: str, ids: Iterable[str], *, where: str) -> str:
    """The one id that is meant: `last`, or an id, its beginning or its end.

    Raises:
        CommandError: when no id or more than one fits.
    """
    known = sorted(ids)
    if not known:
        raise CommandError(f"no episode {asked!r}: {where} is empty")
    if asked == LAST:
        return known[-1]
    if asked in known:
        return asked
    fitting = [name for name in known if name.startswith(asked) or name.endswith(asked)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise CommandError(
            f"{asked!r} fits {len(fitting)} episodes, {fitting[0]} to {fitting[-1]}; name more of the id"
        )
    raise CommandError(
        f"no episode {asked!r} in {where}; `understudy data ls` lists them, the newest is {known[-1]}"
    )


def find_all(asked: list[str], ids: Iterable[str], *, where: str) -> list[str]:
    """Every id that is meant, in order and once; all of them when none is named."""
    known = sorted(ids)
    return list(dict.fromkeys(find(one, known, where=where) for one in asked)) if asked else known
