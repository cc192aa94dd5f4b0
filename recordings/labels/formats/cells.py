"""Cells of a table of labels as values; each error names the file, the line, the column and what was in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeVar

from recordings.labels.formats.clock import MS, EpisodeClock
from recordings.labels.formats.draft import FileNotUnderstood

E = TypeVar("E", bound=StrEnum)
_FREE = frozenset({"text", "comment", "source", "camera"})
_WHOLE_NS = re.compile(r"\d{1,19}", re.ASCII)
_MANGLED_NS = re.compile(r"\d+([.,]\d*)?e\+?\d+", re.ASCII | re.IGNORECASE)
_LONGEST_S = 10**6


@dataclass(frozen=True)
class Row:
    """A row of a table; a column that it lacks is empty.

    Attributes:
        file, line: Where it stands; where a text has several lines, its last.
        cells: By column.
        decimal_comma: A comma in a number is its point, as where semicolons part the cells.
    """

    file: str
    line: int
    cells: dict[str, str]
    decimal_comma: bool = False

    def __getitem__(self, column: str) -> str:
        value = self.cells.get(column, "")
        return value if column in _FREE else value.strip()

    def refused(self, column: str, why: str) -> FileNotUnderstood:
        """The error of a cell."""
        return FileNotUnderstood(self.file, self.line, f"{column} is {self[column]!r}, {why}")


def time_ns(row: Row, edge: str, clock: EpisodeClock) -> tuple[int, bool]:
    """The capture time of `start` or `end`, and whether seconds that differ from the ns were taken.

    Raises:
        FileNotUnderstood: There is none, or it is no number from 0 on.
    """
    exact, seconds = row[f"{edge}_ns"], row[f"{edge}_s"]
    exact_ns = int(exact) if _WHOLE_NS.fullmatch(exact) is not None else None
    if exact and exact_ns is None and not (seconds and _MANGLED_NS.fullmatch(exact)):
        raise row.refused(
            f"{edge}_ns", "no whole number from 0 on; put one there, or empty it and give seconds"
        )
    if not seconds:
        if exact_ns is None:
            raise row.refused(f"{edge}_s", f"so there is no time; fill it, or {edge}_ns")
        return exact_ns, False
    since = _number(row, f"{edge}_s")
    if abs(since) > _LONGEST_S:
        raise row.refused(f"{edge}_s", f"more than {_LONGEST_S} s; seconds count from the episode's start")
    since_ns = int((since * 1000 * MS).to_integral_value())
    if exact_ns is not None and abs(exact_ns - clock.start_ns - since_ns) <= MS // 2:
        return exact_ns, False
    if since_ns < 0:
        raise row.refused(f"{edge}_s", "before the episode's start; give seconds from 0 on")
    return clock.start_ns + since_ns, bool(exact)


def share(row: Row, column: str) -> float | None:
    """A number from 0 to 1; None for an empty cell."""
    if not row[column]:
        return None
    number = _number(row, column)
    if not 0 <= number <= 1:
        raise row.refused(
            column, "not from 0 to 1; edges are shares of the picture, so divide pixels by its size"
        )
    return float(number)


def whole(row: Row, column: str, least: int, most: int) -> int | None:
    """A whole number; None for an empty cell."""
    if not row[column]:
        return None
    number = _number(row, column)
    if number != number.to_integral_value() or not least <= number <= most:
        raise row.refused(column, f"no whole number from {least} to {most}; put one there or empty it")
    return int(number)


def yes(row: Row, column: str) -> bool:
    """Yes or no; an empty cell is no."""
    value = row[column].casefold()
    if value in ("yes", "true", "1"):
        return True
    if value in ("", "no", "false", "0"):
        return False
    raise row.refused(column, "neither yes nor no; put one of them there")


def choice(row: Row, column: str, kind: type[E], default: E) -> E:
    """One of some words; an empty cell is the default."""
    if not row[column]:
        return default
    try:
        return kind(row[column].casefold())
    except ValueError:
        raise row.refused(column, f"none of {', '.join(kind)}; put one of these there, or empty it") from None


def _number(row: Row, column: str) -> Decimal:
    text = row[column].replace(",", ".") if row.decimal_comma else row[column]
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise row.refused(column, "no number; put one there, such as 1.5")
    return number
