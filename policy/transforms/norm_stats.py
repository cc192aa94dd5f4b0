"""Statistics that normalise states and actions, and the file they are kept in: openpi's `norm_stats.json`.

They lie beside a checkpoint, at `assets/<asset_id>/norm_stats.json`; an asset id names a robot or a dataset and may
contain `/`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

FILE_NAME = "norm_stats.json"
NORMAL_QUANTILE_RANGE = 4.652695748081682
"""q99 - q01 of a normal distribution with standard deviation 1."""


class NormStatsError(ValueError):
    """Statistics that are missing, damaged or do not fit; the message names the file and the remedy."""


@dataclass(frozen=True)
class NormStats:
    """Statistics of one vector: of `state`, or of `actions`.

    Attributes:
        mean: [D] float64.
        std: [D] float64, not negative.
        q01: [D] float64, the 1st percentile; None where it was not taken.
        q99: [D] float64, the 99th percentile; None where it was not taken.
    """

    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    q01: NDArray[np.float64] | None = None
    q99: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        """Keep read-only float64 copies.

        Raises:
            NormStatsError: Not vectors of one length of finite numbers, a negative deviation, or q99 below q01.
        """
        for item in fields(self):
            value = getattr(self, item.name)
            if value is None and item.name in ("q01", "q99"):
                continue
            vector = np.array(value, dtype=np.float64)
            if vector.ndim != 1 or not vector.size:
                raise NormStatsError(
                    f"{item.name} is a vector of one number or more, not {list(vector.shape)}"
                )
            if vector.size != np.size(self.mean):
                raise NormStatsError(f"{item.name} has {vector.size} numbers and mean {np.size(self.mean)}")
            if not np.isfinite(vector).all():
                raise NormStatsError(f"{item.name} of dimension {_first(~np.isfinite(vector))} is not finite")
            vector.flags.writeable = False
            object.__setattr__(self, item.name, vector)
        if (self.std < 0).any():
            raise NormStatsError(f"std of dimension {_first(self.std < 0)} is negative")
        if (self.q01 is None) != (self.q99 is None):
            raise NormStatsError("q01 and q99 come together; one of them is null")
        if self.q01 is not None and self.q99 is not None and (self.q99 < self.q01).any():
            raise NormStatsError(f"q99 of dimension {_first(self.q99 < self.q01)} is below its q01")

    @property
    def width(self) -> int:
        """D, the length of each vector."""
        return self.mean.size

    def quantiles(self, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(q01, q99).

        Args:
            name: Of the vector, for the message.

        Raises:
            NormStatsError: They were not taken.
        """
        if self.q01 is None or self.q99 is None:
            raise NormStatsError(
                f"the statistics of {name!r} have no q01 and q99, which quantile normalisation needs; "
                "compute them again, or use a checkpoint that normalises by mean and deviation"
            )
        return self.q01, self.q99

    def widened(self, min_range: float) -> NormStats:
        """These statistics with nearly constant dimensions widened, so that noise in them is not blown up.

        A dimension that hardly moved has a q99 close to its q01. Divided by that range, a value a little outside
        becomes enormous (openpi issue 814: -3200). Widening the statistics, before they are written, keeps the
        formula and so the file right for every reader. Those of others' checkpoints are used as they are.

        Args:
            min_range: Least q99 - q01, in the vector's units; grown about the middle. The deviation is raised to that
                of a normal distribution with this range.

        Raises:
            ValueError: `min_range` is negative or not finite.
        """
        if not (math.isfinite(min_range) and min_range >= 0):
            raise ValueError(f"min_range is a finite number that is not negative, not {min_range}")
        wide = replace(self, std=np.maximum(self.std, min_range / NORMAL_QUANTILE_RANGE))
        if self.q01 is None or self.q99 is None:
            return wide
        missing = np.maximum(min_range - (self.q99 - self.q01), 0) / 2
        return replace(wide, q01=self.q01 - missing, q99=self.q99 + missing)


class _Vectors(msgspec.Struct, kw_only=True):
    mean: list[float]
    std: list[float]
    q01: list[float] | None = None
    q99: list[float] | None = None


class _File(msgspec.Struct, kw_only=True):
    norm_stats: dict[str, _Vectors]


def load_norm_stats(assets: Path, asset_id: str) -> dict[str, NormStats]:
    """Reads `assets/<asset_id>/norm_stats.json`.

    Args:
        assets: The `assets` folder of a checkpoint.
        asset_id: Such as `trossen`, `droid`, `physical-intelligence/libero`.

    Returns:
        `state` and `actions`, and whatever else the file holds.

    Raises:
        NormStatsError: No such file, not such a file, or numbers that are no statistics.
    """
    path = norm_stats_path(assets, asset_id)
    try:
        return parse_norm_stats(path.read_bytes())
    except FileNotFoundError:
        there = sorted(str(found.parent.relative_to(assets)) for found in assets.rglob(FILE_NAME))
        message = f"no statistics at {path}; {assets} has those of {', '.join(there) or 'nothing'}"
        raise NormStatsError(
            f"{message}; copy the checkpoint's assets there, or ask for another asset id"
        ) from None
    except OSError as error:
        raise NormStatsError(f"cannot read {path}: {error.strerror}") from error
    except NormStatsError as error:
        raise NormStatsError(f"{path}: {error}") from error


def parse_norm_stats(text: bytes | str) -> dict[str, NormStats]:
    """The statistics in the text of a `norm_stats.json`; keys that openpi does not write are passed over.

    Raises:
        NormStatsError: Not JSON (which has no NaN), other keys or types, or numbers that are no statistics.
    """
    try:
        content = msgspec.json.decode(text, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NormStatsError(f"not a file of statistics: {error}") from error
    stats = {}
    for name, vectors in content.norm_stats.items():
        try:
            stats[name] = NormStats(
                mean=np.array(vectors.mean),
                std=np.array(vectors.std),
                q01=None if vectors.q01 is None else np.array(vectors.q01),
                q99=None if vectors.q99 is None else np.array(vectors.q99),
            )
        except NormStatsError as error:
            raise NormStatsError(f"{name}: {error}") from error
    return stats


def save_norm_stats(assets: Path, asset_id: str, stats: Mapping[str, NormStats]) -> Path:
    """Writes `assets/<asset_id>/norm_stats.json`, whole or not at all.

    Returns:
        Where.

    Raises:
        NormStatsError: An id that would lead out of `assets`.
    """
    path = norm_stats_path(assets, asset_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{FILE_NAME}.{os.getpid()}")
    try:
        temporary.write_text(format_norm_stats(stats), encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def format_norm_stats(stats: Mapping[str, NormStats]) -> str:
    """The text of a `norm_stats.json`, laid out byte for byte as openpi's writer does."""
    content = _File(
        norm_stats={
            name: _Vectors(
                mean=value.mean.tolist(),
                std=value.std.tolist(),
                q01=None if value.q01 is None else value.q01.tolist(),
                q99=None if value.q99 is None else value.q99.tolist(),
            )
            for name, value in stats.items()
        }
    )
    return msgspec.json.format(msgspec.json.encode(content), indent=2).decode()


def norm_stats_path(assets: Path, asset_id: str) -> Path:
    """Where the statistics of `asset_id` are kept.

    Raises:
        NormStatsError: An id that would lead out of `assets`.
    """
    parts = asset_id.split("/")
    if not all(parts) or any(part in (".", "..") or "\\" in part or "\0" in part for part in parts):
        raise NormStatsError(f"an asset id is names joined by '/', such as 'droid', not {asset_id!r}")
    return assets.joinpath(*parts, FILE_NAME)


def _first(where: NDArray[np.bool_]) -> int:
    return int(np.flatnonzero(where)[0])
