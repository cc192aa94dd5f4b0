"""What training must know of a robot to read its numbers as the policy will."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policy.transforms.deltas import DeltaMask
from policy.transforms.embodiments.understudy import delta_mask_of_units
from policy.transforms.norm_stats import NormStats
from policy.transforms.normalize import check_stats


@dataclass(frozen=True)
class TrainedRobot:
    """A robot in the data.

    Attributes:
        name: Of its profile.
        vector_names: Of the D numbers of state and action, in order.
        vector_units: Of each; actions in some of them are relative to the state in the model.
        rate_hz: Steps of a chunk in a second.
        stats: Of `state` and of `actions`, relative where they are so in the model.
    """

    name: str
    vector_names: tuple[str, ...]
    vector_units: tuple[str, ...]
    rate_hz: float
    stats: Mapping[str, NormStats]

    def __post_init__(self) -> None:
        """Refuse statistics that are another robot's.

        Raises:
            ValueError: Their width, or that of the units, is not the robot's.
            NormStatsError: Some are missing, or have no quantiles.
        """
        check_stats(self.stats, "quantile")
        widths = [len(self.vector_units), *(self.stats[name].width for name in ("state", "actions"))]
        if set(widths) != {self.dim}:
            message = (
                f"robot {self.name!r} has {self.dim} numbers, and units and statistics have"
                f" {', '.join(map(str, widths))}; compute the statistics again"
            )
            raise ValueError(message)

    @property
    def dim(self) -> int:
        """D, its own numbers of state and action."""
        return len(self.vector_names)

    @property
    def delta(self) -> DeltaMask:
        """True where an action is relative to the state in the model."""
        return delta_mask_of_units(self.vector_units)
