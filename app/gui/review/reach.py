"""From where to where numbers go, and how far; free of Qt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def reach(*curves: NDArray[np.float32], least: float) -> tuple[float, float]:
    """From where to where the curves go, and never less than `least`: a joint at rest is not drawn as if it shook."""
    known = [curve[np.isfinite(curve)] for curve in curves]
    some = [curve for curve in known if len(curve)]
    if not some:
        return -least / 2, least / 2
    low, high = min(float(curve.min()) for curve in some), max(float(curve.max()) for curve in some)
    middle, half = (low + high) / 2, max(high - low, least) / 2
    return middle - half, middle + half


def travel(values: NDArray[np.float32], limits: tuple[tuple[float | None, float | None], ...]) -> Floats:
    """How far each number went, as a share of its range where that is known.

    Args:
        values: (T, D).
        limits: lowest and highest of each of the D.
    """
    if not len(values):
        return np.zeros(values.shape[1])
    filled = np.where(np.isfinite(values), values, np.nan)
    known = np.isfinite(filled).any(axis=0)
    went = np.zeros(values.shape[1])
    went[known] = np.nanmax(filled[:, known], axis=0) - np.nanmin(filled[:, known], axis=0)
    ranges = [high - low if low is not None and high is not None else 1.0 for low, high in limits]
    share: Floats = went / np.array([width if width > 0 else 1.0 for width in ranges])
    return share
