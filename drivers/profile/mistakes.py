"""What can be wrong with a profile file, and how it is told."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong with a profile.

    Attributes:
        key: where, as a dotted key such as `arms.left.joints[2].ids`; empty for the file as a whole.
        problem: the value seen and what is allowed, in one sentence.
        line: line of the file, from 1; None where it cannot be known.
    """

    key: str
    problem: str
    line: int | None = None

    def __str__(self) -> str:
        place = "" if self.line is None else f"line {self.line}: "
        return f"{place}{self.key}: {self.problem}" if self.key else f"{place}{self.problem}"


class ProfileError(Exception):
    """A profile that cannot be used; the message lists every mistake found.

    Attributes:
        source: the file, or the name that was asked for.
        mistakes: all that is wrong, in the order of the file.
    """

    def __init__(self, source: str, mistakes: Iterable[Mistake]) -> None:
        self.source = source
        self.mistakes = tuple(mistakes)
        if len(self.mistakes) == 1:
            text = f"{source}: {self.mistakes[0]}"
        else:
            text = f"{source}: {len(self.mistakes)} mistakes"
            text += "".join(f"\n  {mistake}" for mistake in self.mistakes)
        super().__init__(text)


def did_you_mean(seen: str, valid: Iterable[str]) -> str:
    """`; did you mean "x"?` for the nearest valid name, or nothing when none is near."""
    near = difflib.get_close_matches(seen, list(valid), n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""


def listed(names: Iterable[str]) -> str:
    """Names for a message: `left, right`, or `none`."""
    return ", ".join(names) or "none"
