"""Poses in which an arm's joint angles are known, so that what its servos read there gives their zeros."""

from __future__ import annotations

from enum import Enum

from drivers.profile.schema import Arm


class Reference(Enum):
    """A pose that a person can bring an arm to and recognise."""

    REST = "rest"
    HOME = "home"
    STRAIGHT = "straight"

    @property
    def words(self) -> str:
        """What the pose is, as part of a sentence."""
        return {
            Reference.REST: "folded on its rest",
            Reference.HOME: "in its home pose",
            Reference.STRAIGHT: "with every joint at zero",
        }[self]

    def angles_rad(self, arm: Arm) -> tuple[float, ...]:
        """The arm's joint angles in this pose; zero is kept within the joints' limits."""
        if self is Reference.REST:
            return arm.rest_rad
        if self is Reference.HOME:
            return arm.home_rad
        return tuple(min(max(0.0, joint.min_rad), joint.max_rad) for joint in arm.joints)
