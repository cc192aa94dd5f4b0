"""What came of a file: for each output, how far it is from what was expected, and whether that is near enough."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = Tensor | NDArray[np.generic]


@dataclass(frozen=True)
class Tolerance:
    """|got - expected| ≤ absolute + relative · |expected|, for every element."""

    absolute: float
    relative: float

    def __str__(self) -> str:
        if not self.absolute and not self.relative:
            return "exact"
        if self.absolute == self.relative:
            return f"{self.absolute:.0e}"
        if not self.relative:
            return f"{self.absolute:.2g} absolute"
        return f"{self.absolute:.1e} + {self.relative:.0e}·|x|"


EXACT = Tolerance(0.0, 0.0)
FLOAT32 = Tolerance(1e-4, 1e-4)
FLOAT64 = Tolerance(1e-9, 1e-9)
"""Of what is computed in float64 from end to end: statistics, normalisation, time embeddings."""


@dataclass(frozen=True)
class Row:
    """One output of a file.

    Attributes:
        output: Name of the tensor or item, and by which path it was computed where there are several.
        absolute: Largest |got - expected|.
        relative: `absolute` divided by the largest |expected|.
        tolerance: What was allowed.
        of_tolerance: Largest share of the tolerance that an element takes up; above 1 is a failure.
        problem: What is wrong, in words; empty where all is well.
    """

    output: str
    absolute: float
    relative: float
    tolerance: Tolerance
    of_tolerance: float
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Within tolerance."""
        return not self.problem


@dataclass
class Report:
    """Everything that was found out about one file."""

    file: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Something was checked, or is known to hold nothing to check, and nothing failed."""
        return all(row.ok for row in self.rows) and bool(self.rows or self.notes)

    @property
    def worst(self) -> Row | None:
        """The failure or, where there is none, the row that takes up most of its tolerance."""
        return max(self.rows, key=lambda row: (not row.ok, row.of_tolerance), default=None)

    def close(self, output: str, got: Array, expected: Array, *, tolerance: Tolerance = FLOAT32) -> None:
        """Compare numbers; their shapes and dtypes must be the same."""
        self.rows.append(compare(output, got, expected, tolerance))

    def equal(self, output: str, got: object, expected: object) -> None:
        """Compare anything exactly."""
        if isinstance(expected, Tensor | np.ndarray) and isinstance(got, Tensor | np.ndarray):
            self.close(output, got, expected, tolerance=EXACT)
        else:
            self.holds(output, got == expected, f"got {_short(got)}, expected {_short(expected)}")

    def holds(self, output: str, condition: bool, problem: str) -> None:
        """Something is as it should be, or else `problem` says what is wrong."""
        self.rows.append(_yes_or_no(output, "" if condition else problem))

    def fail(self, output: str, problem: str) -> None:
        """Something could not even be compared."""
        self.rows.append(_yes_or_no(output, problem))

    def note(self, text: str) -> None:
        """Something a reader should know that is no failure."""
        self.notes.append(text)


def compare(output: str, got: Array, expected: Array, tolerance: Tolerance) -> Row:
    """How far two arrays are apart."""
    a, b = _as_numpy(got), _as_numpy(expected)
    if a.shape != b.shape or a.dtype != b.dtype:
        return _yes_or_no(
            output, f"got {a.dtype} of shape {list(a.shape)}, expected {b.dtype} of {list(b.shape)}"
        )
    if not a.size:
        return _yes_or_no(output, "")
    if a.dtype.kind not in "biuf":
        return _yes_or_no(output, "" if np.array_equal(a, b) else f"got {_short(a)}, expected {_short(b)}")
    a64, b64 = a.astype(np.float64), b.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = np.where(a64 == b64, 0.0, np.abs(a64 - b64))
        share = np.where(
            difference == 0, 0.0, difference / (tolerance.absolute + tolerance.relative * np.abs(b64))
        )
    absolute, of_tolerance = float(difference.max()), float(share.max())
    largest = float(np.abs(b64).max())
    problem = ""
    if not of_tolerance <= 1:  # true for NaN as well
        place = tuple(int(i) for i in np.unravel_index(int(np.nanargmax(_ranked(share))), share.shape))
        wrong = int((~(share <= 1)).sum())
        values = f"got {a[place]:.9g}, expected {b[place]:.9g}"
        problem = f"{wrong} of {share.size} elements are off; at {list(place)} {values}"
    return Row(
        output, absolute, absolute / largest if largest else absolute, tolerance, of_tolerance, problem
    )


def _ranked(share: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isnan(share), math.inf, share)


def _yes_or_no(output: str, problem: str) -> Row:
    if not problem:
        return Row(output, 0.0, 0.0, EXACT, 0.0)
    return Row(output, math.inf, math.inf, EXACT, math.inf, problem)


def _as_numpy(array: Array) -> NDArray[np.generic]:
    if isinstance(array, Tensor):
        array = array.detach().cpu()
        return array.float().numpy() if array.dtype == torch.bfloat16 else array.numpy()
    return array


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 160 else f"{text[:157]}..."


class _Used(Protocol):
    @property
    def unused(self) -> list[str]: ...


def report_unused(vectors: _Used, report: Report) -> None:
    """Fail for each tensor that was neither an input nor compared."""
    for name in vectors.unused:
        report.fail(name, "nothing here understands this tensor")
