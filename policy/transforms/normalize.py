"""Numbers of a robot to numbers about 0, and back: π0 by mean and deviation, π0.5 and π0-FAST by quantiles.

The formulas, with the 1e-6 that keeps a constant dimension from dividing by zero, are openpi's. Nothing is clipped
unless asked for: a value outside of q01 to q99 is a value outside of [-1, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from policy.transforms.compose import Floats, Sample
from policy.transforms.norm_stats import NormStats, NormStatsError

Normalization = Literal["z-score", "quantile"]
NORMALIZATIONS: tuple[Normalization, ...] = ("z-score", "quantile")
EPSILON = 1e-6


def normalize(
    values: Floats,
    stats: NormStats,
    *,
    method: Normalization,
    name: str = "values",
) -> NDArray[np.float64]:
    """Raw to normalised.

    Args:
        values: [..., D] in the robot's units.
        stats: Of D dimensions or more; those past D are not used.
        method: `z-score`: (x - mean) / (std + 1e-6). `quantile`: q01 becomes -1, q99 becomes nearly 1.
        name: Of the vector, for messages.

    Returns:
        [..., D].

    Raises:
        NormStatsError: `values` is wider than the statistics, or they have no quantiles.
    """
    width = values.shape[-1]
    if width > stats.width:
        raise NormStatsError(
            f"{name!r} has {width} numbers and its statistics only {stats.width}; they do not fit"
        )
    if method == "z-score":
        return (values - stats.mean[:width]) / (stats.std[:width] + EPSILON)
    q01, q99 = (quantile[:width] for quantile in stats.quantiles(name))
    return (values - q01) / (q99 - q01 + EPSILON) * 2.0 - 1.0


def unnormalize(
    values: Floats, stats: NormStats, *, method: Normalization, name: str = "values"
) -> NDArray[np.float64]:
    """Normalised to raw: the inverse of `normalize`.

    Args:
        values: [..., W], usually padded to the model's width.
        stats: Of W dimensions or fewer. Past them, `quantile` leaves values as they are, and `z-score` multiplies
            them by 1 + 1e-6: openpi pads with mean 0 and deviation 1.
        method: As it was normalised.
        name: Of the vector, for messages.

    Returns:
        [..., W] float64.

    Raises:
        NormStatsError: `values` is narrower than the statistics, or they have no quantiles.
    """
    width, known = values.shape[-1], stats.width
    if width < known:
        raise NormStatsError(f"{name!r} has {width} numbers and its statistics {known}; they do not fit")
    if method == "z-score":
        mean = np.pad(stats.mean, (0, width - known))
        std = np.pad(stats.std, (0, width - known), constant_values=1.0)
        return values * (std + EPSILON) + mean
    q01, q99 = stats.quantiles(name)
    raw = (values[..., :known] + 1.0) / 2.0 * (q99 - q01 + EPSILON) + q01
    return raw if width == known else np.concatenate([raw, values[..., known:]], axis=-1)


@dataclass(frozen=True)
class Normalize:
    """Normalises the state of a sample, and its actions in training.

    Attributes:
        stats: Of `state` and `actions`.
        method: See `normalize`.
        clip: Largest magnitude of a normalised value. None for openpi's checkpoints, which were trained without.
    """

    stats: Mapping[str, NormStats]
    method: Normalization
    clip: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be used, before the first sample comes.

        Raises:
            NormStatsError: As `check_stats` says.
            ValueError: `clip` is not above 0.
        """
        check_stats(self.stats, self.method)
        if self.clip is not None and not self.clip > 0:  # NaN included
            raise ValueError(f"clip is a number above 0, or None to clip nothing, not {self.clip}")

    def __call__(self, sample: Sample) -> Sample:
        """`sample` with normalised state and actions."""
        normalized = _each(
            sample, lambda name, values: normalize(values, self.stats[name], method=self.method, name=name)
        )
        if self.clip is None:
            return normalized
        limit = self.clip
        clipped = _each(normalized, lambda _, values: np.clip(values, -limit, limit))
        if "state" in normalized:
            # Relative actions are added to where the robot is. From a clipped state it would jump there first.
            clipped["unclipped_state"] = normalized["state"]
        return clipped


@dataclass(frozen=True)
class Unnormalize:
    """Puts the state and actions of a model's answer back into the robot's units.

    Attributes:
        stats: Of `state` and `actions`.
        method: See `normalize`.
    """

    stats: Mapping[str, NormStats]
    method: Normalization

    def __post_init__(self) -> None:
        """Refuse statistics that cannot be used, before the first sample comes; raises as `check_stats` does."""
        check_stats(self.stats, self.method)

    def __call__(self, sample: Sample) -> Sample:
        """`sample` with raw state and actions."""
        return _each(
            sample, lambda name, values: unnormalize(values, self.stats[name], method=self.method, name=name)
        )


def check_stats(stats: Mapping[str, NormStats], method: Normalization) -> None:
    """Refuse statistics that `method` cannot use.

    Raises:
        NormStatsError: Those of `state` or `actions` are missing, or have no quantiles where they are needed.
        ValueError: There is no such method.
    """
    if method not in NORMALIZATIONS:
        raise ValueError(f"no normalisation {method!r}; there are {', '.join(NORMALIZATIONS)}")
    for name in ("state", "actions"):
        if name not in stats:
            message = f"no statistics of {name!r}; there are those of {', '.join(sorted(stats)) or 'nothing'}"
            raise NormStatsError(message)
        if method == "quantile":
            stats[name].quantiles(name)


def _each(sample: Sample, change: Callable[[str, Floats], Floats]) -> Sample:
    changed = sample.copy()
    if "state" in sample:
        changed["state"] = change("state", sample["state"])
    if "actions" in sample:
        changed["actions"] = change("actions", sample["actions"])
    return changed
