"""One number of a profile as a calibration would have it."""

from __future__ import annotations

from dataclasses import dataclass

Key = tuple[str | int, ...]
"""The way to a value in a profile's file: `("arms", "left", "joints", 2, "zero_ticks")`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a calibration makes of one value.

    Attributes:
        key: where it stands in the file.
        label: what a person calls it.
        old, new: the value before and after.
        unit: `ticks`, `rad`, or empty for a direction, which is true where it is inverted.
        doubt: why the new value is questionable, in words; empty when it is plausible.
    """

    key: Key
    label: str
    old: float | bool
    new: float | bool
    unit: str = ""
    doubt: str = ""

    @property
    def changes(self) -> bool:
        """Whether the file has to be changed for it."""
        return self.old != self.new
