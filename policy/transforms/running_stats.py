"""Statistics of more vectors than fit into memory: one pass, in as many workers as there are, merged at the end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from policy.transforms.norm_stats import NormStats, NormStatsError

BINS = 5000
MARGIN = 1e-10
LARGEST = 1e100
"""What is larger is damaged, and its square would overflow."""
BLOCK = 2048
"""Rows counted at once: so few that what is computed of them stays in the processor's cache."""


class RunningStats:
    """Mean, deviation, extremes and quantiles of a stream of vectors.

    Mean and deviation are exact to rounding. Quantiles are the lower edge of a bin of a histogram of 5000 between the
    extremes seen so far, as in openpi: within one bin of the true quantile, and one more for each time that new
    extremes moved the bins. What memory it takes does not depend on how much it is given.
    """

    def __init__(self) -> None:
        self._count = 0
        self._mean = np.empty(0)
        self._squares = np.empty(0)  # sum of squared deviations from the mean
        self._min = np.empty(0)
        self._max = np.empty(0)
        self._edges = np.empty((0, BINS + 1))  # [D, BINS + 1]
        self._counts = np.empty((0, BINS))  # [D, BINS]

    @property
    def count(self) -> int:
        """Vectors seen."""
        return self._count

    @property
    def min(self) -> NDArray[np.float64]:
        """[D], empty before the first vector."""
        return self._min.copy()

    @property
    def max(self) -> NDArray[np.float64]:
        """[D], empty before the first vector."""
        return self._max.copy()

    def update(self, batch: NDArray[np.floating]) -> None:
        """Takes more vectors into account.

        Args:
            batch: [..., D]; every axis but the last is a batch axis. No vectors at all change nothing.

        Raises:
            NormStatsError: Another D than before, or numbers that are not finite or absurd; nothing has changed then.
        """
        if batch.ndim < 1:
            raise NormStatsError("statistics are taken of vectors, not of a single number")
        rows = np.asarray(batch, dtype=np.float64).reshape(-1, batch.shape[-1])
        if not rows.size:
            return
        self._check_width(rows.shape[1])
        low, high = rows.min(axis=0), rows.max(axis=0)
        bad = ~((low > -LARGEST) & (high < LARGEST))  # the extremes of a column with NaN are NaN
        if bad.any():
            dimension = int(np.flatnonzero(bad)[0])
            message = f"dimension {dimension} holds NaN, infinity or a number past {LARGEST:g}"
            raise NormStatsError(f"{message}; leave such rows out or repair the recording")
        self._grow(low, high)
        for start in range(0, len(rows), BLOCK):
            columns = np.ascontiguousarray(rows[start : start + BLOCK].T)
            mean = columns.mean(axis=1)
            deviations = columns - mean[:, None]
            self._combine(columns.shape[1], mean, np.einsum("dr,dr->d", deviations, deviations))
            _count(columns, self._edges, into=self._counts)

    def merge(self, other: RunningStats) -> None:
        """Takes what `other` saw into account, as if it had been seen here.

        Raises:
            NormStatsError: The vectors differ in length.
        """
        if not other._count:
            return
        self._check_width(len(other._mean))
        self._grow(other._min, other._max)
        self._combine(other._count, other._mean, other._squares)
        self._counts += _rebinned(other._counts, other._edges, self._edges)

    def statistics(self, *, min_range: float = 0.0) -> NormStats:
        """The statistics so far.

        Args:
            min_range: Widens nearly constant dimensions, see `NormStats.widened`; 0 gives openpi's numbers.

        Raises:
            NormStatsError: Fewer than two vectors were seen.
        """
        if self._count < 2:
            raise NormStatsError(f"statistics need two vectors or more, and there were {self._count}")
        std = np.sqrt(self._squares / self._count)
        return NormStats(self._mean, std, self.quantile(0.01), self.quantile(0.99)).widened(min_range)

    def quantile(self, fraction: float) -> NDArray[np.float64]:
        """[D], the lower edge of the bin in which `fraction` of the vectors is reached.

        Args:
            fraction: 0 to 1.

        Raises:
            NormStatsError: No vectors were seen, or `fraction` is out of range.
        """
        if not 0 <= fraction <= 1:
            raise NormStatsError(f"a quantile is a fraction from 0 to 1, not {fraction}")
        if not self._count:
            raise NormStatsError("there are no quantiles of no vectors")
        reached = np.cumsum(self._counts, axis=1) >= fraction * self._count
        return self._edges[np.arange(len(self._edges)), reached.argmax(axis=1)]

    def _check_width(self, width: int) -> None:
        if self._count and width != len(self._mean):
            raise NormStatsError(f"vectors of {width} numbers after vectors of {len(self._mean)}")

    def _grow(self, low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
        """Make the bins reach from the lowest to the highest value, and keep what they hold."""
        if not self._count:
            self._min, self._max = low.copy(), high.copy()
            self._edges = _edges(low - MARGIN, high + MARGIN)
            self._counts = np.zeros((len(low), BINS))
            return
        if (low >= self._min).all() and (high <= self._max).all():
            return
        self._min, self._max = np.minimum(self._min, low), np.maximum(self._max, high)
        moved = (self._edges[:, 0] != self._min) | (self._edges[:, -1] != self._max)
        edges = _edges(self._min[moved], self._max[moved])
        self._counts[moved] = _rebinned(self._counts[moved], self._edges[moved], edges)
        self._edges[moved] = edges

    def _combine(self, count: int, mean: NDArray[np.float64], squares: NDArray[np.float64]) -> None:
        """Mean and squared deviations of two sets together, without the cancellation of E[x²] - E[x]² (Chan 1983)."""
        if not self._count:
            self._mean, self._squares = np.zeros_like(mean), np.zeros_like(mean)
        total = self._count + count
        shift = mean - self._mean
        self._mean = self._mean + shift * (count / total)
        self._squares = self._squares + squares + shift**2 * (self._count * count / total)
        self._count = total


def _edges(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.ascontiguousarray(np.linspace(low, high, BINS + 1, axis=1))


def _rebinned(
    counts: NDArray[np.float64], old: NDArray[np.float64], new: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Each old bin's count in the new bin that its lower edge lies in."""
    # The first edges carry a margin that later ones do not: clipped, so that no count falls out at the ends.
    lower = np.clip(old[:, :-1], new[:, :1], new[:, -1:])
    moved = np.zeros_like(counts)
    _count(lower, new, into=moved, weights=counts)
    return moved


def _count(
    values: NDArray[np.float64],
    edges: NDArray[np.float64],
    *,
    into: NDArray[np.float64],
    weights: NDArray[np.float64] | None = None,
) -> None:
    """Adds a histogram of [D, N] values to [D, BINS]; bins are half open, the last one closed.

    A division finds each value's bin and the true edges correct it by one, for all dimensions at once: faster than
    `np.histogram`, which sorts, and the same counts.
    """
    low, high = edges[:, :1], edges[:, -1:]
    with np.errstate(divide="ignore", over="ignore"):
        scale = np.where(high > low, BINS / (high - low), 0.0)
    scale[~np.isfinite(scale)] = 0.0  # the extremes are as good as equal, and every bin says the same
    bins = ((values - low) * scale).astype(np.intp)
    np.clip(bins, 0, BINS - 1, out=bins)
    first_edge = np.arange(len(edges), dtype=np.intp)[:, None] * (BINS + 1)
    flat = edges.ravel()
    bins -= (values < flat.take(bins + first_edge)) & (bins > 0)
    bins += (values >= flat.take(bins + (first_edge + 1))) & (bins < BINS - 1)
    bins += np.arange(len(edges), dtype=np.intp)[:, None] * BINS
    np.add.at(into.reshape(-1), bins.ravel(), 1.0 if weights is None else weights.ravel())
