"""Rates, differences and means with 95 % intervals. Pure functions of counts and numbers.

Sources:
    Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference, JASA 22, 209-212.
    Newcombe, R. G. (1998), Improved confidence intervals for the difference between binomial proportions based on
    paired data, Statistics in Medicine 17, 2635-2650: method 10.
    Zou, G. Y., Huang, W. and Zhang, X. (2009), A note on confidence interval estimation for a linear function of
    binomial proportions, Computational Statistics & Data Analysis 53, 1080-1085.
    McNemar, Q. (1947), Note on the sampling error of the difference between correlated proportions or percentages,
    Psychometrika 12, 153-157; exact, by the binomial distribution.
    Student (1908), The probable error of a mean, Biometrika 6, 1-25.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Z_95 = 1.959963984540054
"""Of the normal distribution, for a two-sided interval of 95 %."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the ends of its interval."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Paired:
    """Two variants in the same trials: how often both succeeded, one alone, the other alone, neither."""

    both: int
    first_only: int
    second_only: int
    neither: int

    @property
    def pairs(self) -> int:
        """How many there are."""
        return self.both + self.first_only + self.second_only + self.neither


def wilson(successes: float, trials: int, *, z: float = Z_95) -> Interval:
    """Wilson's score interval for a probability.

    `successes` need not be whole: for the mean of numbers between 0 and 1 the interval of the same sum is a cautious
    one, for no such number varies more than one that is only 0 or 1 with the same mean.

    Args:
        successes: how often, or the sum of the numbers, in [0, trials].
        trials: how many; at least 1.
        z: of the normal distribution.

    Raises:
        ValueError: when there are no trials, or successes are not among them.
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(
            f"{successes} successes in {trials} trials; there must be at least one trial, and no more"
        )
    share, spread = successes / trials, z * z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    # At the ends rounding would leave the estimate outside of its own interval.
    return Interval(share, min(max(0.0, middle - half), share), max(min(1.0, middle + half), share))


def mean_of_rates(counts: Sequence[tuple[float, int]], *, z: float = Z_95) -> Interval:
    """The plain mean of several independent rates, such as those of the tasks, each with the same weight.

    Wilson's intervals of the rates are combined by their distances from the estimates (Zou, Huang and Zhang 2009).

    Args:
        counts: successes and trials of each rate.
        z: of the normal distribution.

    Raises:
        ValueError: when there is no rate.
    """
    if not counts:
        raise ValueError("the mean of no rates; give at least one")
    parts = [wilson(successes, trials, z=z) for successes, trials in counts]
    mean = math.fsum(part.estimate for part in parts) / len(parts)
    below = math.sqrt(math.fsum((part.estimate - part.low) ** 2 for part in parts)) / len(parts)
    above = math.sqrt(math.fsum((part.high - part.estimate) ** 2 for part in parts)) / len(parts)
    return Interval(mean, min(max(0.0, mean - below), mean), max(min(1.0, mean + above), mean))


def paired_difference(pairs: Paired, *, z: float = Z_95) -> Interval:
    """The first's rate less the second's, both in the same trials, by Newcombe's method 10.

    Pairing matters: a kitchen that is easy for one is easy for the other, and a difference between rates that vary
    together is known better than one between strangers.

    Raises:
        ValueError: when there are no pairs.
    """
    n = pairs.pairs
    first = wilson(pairs.both + pairs.first_only, n, z=z)
    second = wilson(pairs.both + pairs.second_only, n, z=z)
    difference = (pairs.first_only - pairs.second_only) / n
    phi = _phi(pairs)
    below = _combined(first.estimate - first.low, second.high - second.estimate, phi)
    above = _combined(second.estimate - second.low, first.high - first.estimate, phi)
    return Interval(difference, max(-1.0, difference - below), min(1.0, difference + above))


def _phi(pairs: Paired) -> float:
    """How much the two go together; corrected for continuity where positive, as method 10 has it."""
    both, first, second, neither, n = (
        pairs.both,
        pairs.first_only,
        pairs.second_only,
        pairs.neither,
        pairs.pairs,
    )
    margins = (both + first) * (second + neither) * (both + second) * (first + neither)
    if not margins:
        return 0.0
    cross = both * neither - first * second
    corrected = max(cross - n / 2, 0.0) if cross > 0 else float(cross)
    return corrected / math.sqrt(margins)


def _combined(one: float, other: float, phi: float) -> float:
    return math.sqrt(max(0.0, one * one - 2 * phi * one * other + other * other))


def mcnemar_exact(first_only: int, second_only: int) -> float:
    """How often chance alone would part two equal variants at least as far: the two-sided exact p of McNemar's test."""
    n, least = first_only + second_only, min(first_only, second_only)
    if not n:
        return 1.0
    tail = sum(math.comb(n, k) for k in range(least + 1))
    return min(1.0, tail / (1 << (n - 1)))


def mean(values: Sequence[float]) -> Interval:
    """The mean of measured numbers with Student's interval; its ends are NaN for fewer than two.

    Raises:
        ValueError: when there are none.
    """
    if not values:
        raise ValueError("the mean of no numbers; give at least one")
    middle = math.fsum(values) / len(values)
    if len(values) < 2:
        return Interval(middle, math.nan, math.nan)
    from scipy.special import stdtrit  # takes a while to import, and most commands need no figures

    variance = math.fsum((value - middle) ** 2 for value in values) / (len(values) - 1)
    half = float(stdtrit(len(values) - 1, 0.975)) * math.sqrt(variance / len(values))
    return Interval(middle, middle - half, middle + half)
