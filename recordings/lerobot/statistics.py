"""Statistics of an episode's features and of all episodes, in LeRobot's shapes: what its policies normalise by.

A feature of D numbers has lists of D; one of a single number lists of one; a camera (3, 1, 1), of values from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recordings.frames import Rgb
from recordings.lerobot.records import Statistics

QUANTILES = (0.01, 0.10, 0.50, 0.90, 0.99)

PICTURES = 100
"""At most this many pictures of a camera and episode are counted, spread evenly over the rows."""

PICTURE_PX = 150
"""Of each, pixels so far apart that about this many are left along its shorter side."""

Feature = dict[str, list[Any]]


def of_values(values: NDArray[Any]) -> Feature:
    """Of (N,) or (N, D) numbers, one row each."""
    wide = np.asarray(values, np.float64).reshape(len(values), -1)
    return {"count": [len(wide)], **{name: value.tolist() for name, value in _moments(wide).items()}}


class PictureStatistics:
    """Collects the pictures that count of one camera, as they pass by in order of their rows.

    Args:
        rows: How many rows the episode has.
    """

    def __init__(self, rows: int) -> None:
        wanted = np.linspace(0, rows - 1, min(rows, PICTURES)).round().astype(int)
        self._wanted = frozenset(wanted.tolist())
        self._taken: list[NDArray[np.uint8]] = []

    def take(self, row: int, picture: Rgb) -> None:
        """Count a row's picture, if it is one of those."""
        if row in self._wanted:
            step = max(1, min(picture.shape[:2]) // PICTURE_PX)
            self._taken.append(picture[::step, ::step].reshape(-1, 3))

    def result(self) -> Feature:
        """Of all that were taken."""
        moments = _moments(np.concatenate(self._taken))
        shaped = {name: (value / 255).reshape(3, 1, 1).tolist() for name, value in moments.items()}
        return {"count": [len(self._taken)], **shaped}


def of_all(episodes: Sequence[Statistics]) -> Statistics:
    """Of several episodes: exact, but for the quantiles, which are the episodes' weighted by their counts."""
    return {feature: _together([episode[feature] for episode in episodes]) for feature in episodes[0]}


def _together(features: Sequence[Feature]) -> Feature:
    stacked = {name: np.array([feature[name] for feature in features]) for name in features[0]}
    count = stacked["count"].sum()
    per_item = (1,) * (stacked["mean"].ndim - 1)
    weight = stacked["count"].reshape(-1, *per_item) / count
    mean = (stacked["mean"] * weight).sum(axis=0)
    variance = ((stacked["std"] ** 2 + (stacked["mean"] - mean) ** 2) * weight).sum(axis=0)
    result = {
        "min": stacked["min"].min(axis=0),
        "max": stacked["max"].max(axis=0),
        "mean": mean,
        "std": np.sqrt(variance),
        **{_name(q): (stacked[_name(q)] * weight).sum(axis=0) for q in QUANTILES},
    }
    return {"count": [int(count)], **{name: value.tolist() for name, value in result.items()}}


def _moments(values: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    """Of each column."""
    quantiles = np.quantile(values, QUANTILES, axis=0)
    return {
        "min": values.min(axis=0).astype(np.float64),
        "max": values.max(axis=0).astype(np.float64),
        "mean": values.mean(axis=0, dtype=np.float64),
        "std": values.std(axis=0, dtype=np.float64),
        **{_name(q): value for q, value in zip(QUANTILES, quantiles, strict=True)},
    }


def _name(quantile: float) -> str:
    return f"q{round(quantile * 100):02d}"
