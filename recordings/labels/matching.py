"""Pairs from two sequences, in order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def matched_in_order(weights: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The pairs of greatest summed weight of which none cross, each item in at most one; by dynamic programming.

    Of spans that do not overlap within either sequence, pairs that overlap cannot cross: then this is the best of all
    assignments, what the Hungarian method would find.

    Args:
        weights: (N, M) what a pair is worth; 0 or less where two items do not belong together.
    """
    rows, columns = weights.shape
    best = np.zeros((rows + 1, columns + 1))
    for row in range(rows):
        taken = best[row, :-1] + np.maximum(weights[row], 0.0)
        best[row + 1, 1:] = np.maximum.accumulate(np.maximum(taken, best[row, 1:]))
    pairs: list[tuple[int, int]] = []
    row, column = rows, columns
    while row and column:
        if best[row, column] == best[row - 1, column]:
            row -= 1
        elif best[row, column] == best[row, column - 1]:
            column -= 1
        else:
            row, column = row - 1, column - 1
            pairs.append((row, column))
    return pairs[::-1]
