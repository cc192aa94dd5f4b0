"""How well the follower follows: worst joint's RMS error, and the delay between leader and follower."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LONGEST_DELAY_S = 0.3
MOVING_RAD = 0.02
"""A joint whose leader moved less than this (standard deviation) says nothing about delay."""


def rms_error(leader: NDArray[np.float32], follower: NDArray[np.float32]) -> float:
    """Worst column's root mean square of `leader - follower`; (T, J) each, NaN rows left out."""
    error = np.asarray(leader, np.float64) - follower
    return float(np.sqrt(np.nanmean(error**2, axis=0)).max())


def delay_s(leader: NDArray[np.float32], follower: NDArray[np.float32], *, rate_hz: float) -> float:
    """Median over the moving joints of the delay at which leader and follower correlate best.

    The peak of the cross-correlation is refined by a parabola through its neighbours.

    Args:
        leader: (T, J) joint angles.
        follower: (T, J) joint angles.
        rate_hz: of the rows.
    """
    delays = []
    for lead, follow in zip(leader.T, follower.T, strict=True):
        known = np.isfinite(lead) & np.isfinite(follow)
        if known.sum() < 2 * rate_hz * LONGEST_DELAY_S or np.std(lead[known]) < MOVING_RAD:
            continue
        lag = best_lag(_filled(lead), _filled(follow), round(LONGEST_DELAY_S * rate_hz))
        delays.append(lag / rate_hz)
    return float(np.median(delays)) if delays else float("nan")


def best_lag(first: NDArray[np.float64], second: NDArray[np.float64], most: int) -> float:
    """By how many samples `second` comes after `first`, in [-most, most], where their correlation is highest."""
    lags = range(-most, most + 1)
    scores = np.array([_correlation(first, second, lag) for lag in lags])
    peak = int(scores.argmax())
    if 0 < peak < len(scores) - 1:
        before, at, after = scores[peak - 1 : peak + 2]
        curve = before - 2 * at + after
        return float(lags[peak] + (0.5 * (before - after) / curve if curve else 0.0))
    return float(lags[peak])


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64], lag: int) -> float:
    """Pearson's, of the parts that overlap: with the means of the whole, a drift would pull the lag towards none."""
    x, y = (a[: len(a) - lag], b[lag:]) if lag >= 0 else (a[-lag:], b[:lag])
    x, y = x - x.mean(), y - y.mean()
    norm = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / norm if norm else 0.0


def _filled(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """The values with gaps bridged by straight lines."""
    known = np.isfinite(values)
    index = np.arange(len(values))
    return np.interp(index, index[known], np.asarray(values[known], np.float64))
