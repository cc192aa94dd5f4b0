"""What recordings say of the robots they are of: the numbers of state and action, their units, and the rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policy.transforms.deltas import DeltaMask
from policy.transforms.embodiments.understudy import delta_mask_of_units
from recordings import EpisodeSpec

SPEEDS = frozenset({"m/s", "rad/s"})
"""Past the end of a chunk these are 0: a base that should stay must not go on."""


class RobotsDiffer(ValueError):
    """Episodes of one robot's name have different numbers; they cannot be learned from together."""


@dataclass(frozen=True)
class RobotNumbers:
    """The numbers of a robot.

    Attributes:
        name: Of its profile.
        names: Of each of the D numbers, in order.
        units: Of each.
        rate_hz: Rows in a second.
    """

    name: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    rate_hz: float

    @classmethod
    def of(cls, spec: EpisodeSpec) -> RobotNumbers:
        """As an episode says them."""
        return cls(spec.robot_profile, spec.vector_names, spec.vector_units, spec.control_rate_hz)

    @property
    def delta_mask(self) -> DeltaMask:
        """[D], True where actions become relative to the state; raises `ValueError` for an unknown unit."""
        return delta_mask_of_units(self.units)

    @property
    def is_speed(self) -> NDArray[np.bool_]:
        """[D], True for speeds."""
        return np.array([unit in SPEEDS for unit in self.units])

    def check_same(self, other: RobotNumbers, *, where: str) -> None:
        """Refuse an episode that says otherwise.

        Raises:
            RobotsDiffer: The message names what differs.
        """
        for field in ("names", "units", "rate_hz"):
            mine, its = getattr(self, field), getattr(other, field)
            if mine != its:
                raise RobotsDiffer(
                    f"{where} is of robot {other.name!r} with {field} {its}, and others of that robot have {mine};"
                    " leave it out by a tag, or keep them in different datasets"
                )
