"""Directions that only a person can see: which way each wheel turns the robot, and which way a lift moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivers.base import KiwiBase
from drivers.calibration.change import Change
from drivers.calibration.procedure import Answer, CalibrationError, HomeStep, MoveStep, Sample, Step
from drivers.profile.schema import Base, RobotProfile

WHEEL_M_S = 0.10
"""Speed of the one wheel on the ground: slow enough to stop in time, fast enough to see the robot turn."""
TURN_S = 1.6
LEAST_TURN = 0.05
"""The least part of a wheel's speed that must turn the robot for a person to see which way."""
LIFT_M = 0.02

_DID_NOT = "It did not move"


def wheel_twists(base: Base) -> NDArray[np.float64]:
    """(3, 3): for each wheel the twist (vx, vy, wz) that turns it forward, by the profile, and leaves the others alone.

    The wheels' speeds are the rows of the wheel matrix times the twist, so these are the columns of its inverse.
    Whatever a wheel's sign should be, its own twist turns that wheel and no other.
    """
    kiwi = KiwiBase(base)
    speed_rad_s = WHEEL_M_S / base.wheel_radius_m
    return np.stack([kiwi.twist(row * speed_rad_s) for row in np.eye(3)])


def can_be_seen(base: Base) -> bool:
    """Whether each wheel alone turns the robot, so that its direction shows; so it does on every usual base."""
    turning = np.abs(wheel_twists(base)[:, 2]) * base.base_radius_m
    return bool((turning > LEAST_TURN * WHEEL_M_S).all())


@dataclass(frozen=True, slots=True)
class WheelDirections:
    """Whether each wheel turns the way that the profile thinks.

    One wheel that rolls forward turns a kiwi base about its upright, always the same way round. So each wheel is turned
    alone, and the only question is whether the robot turned to its left or to its right.
    """

    profile: RobotProfile
    base: Base

    @property
    def id(self) -> str:
        """See `Procedure`."""
        return "wheels"

    @property
    def title(self) -> str:
        """See `Procedure`."""
        return "Wheels: which way each turns"

    @property
    def summary(self) -> str:
        """See `Procedure`."""
        return "Each wheel turns slowly by itself, and you say which way the robot went."

    @property
    def steps(self) -> tuple[Step, ...]:
        """See `Procedure`."""
        answers = (
            Answer(value="left", words="To its left ↺"),
            Answer(value="right", words="To its right ↻"),
            Answer(
                value="",
                words=_DID_NOT,
                advice="Is something in its way, or the wheel off the ground? Move it again when that is mended.",
            ),
        )
        return tuple(
            MoveStep(
                id=f"wheel_{wheel + 1}",
                title=f"Turn wheel {wheel + 1}",
                instruction="Half a metre must be free around the robot. It turns by about 12° and moves a little.",
                question="Seen from above, which way did the robot turn?",
                answers=answers,
                wheel=wheel,
                twist=(float(twist[0]), float(twist[1]), float(twist[2])),
                for_s=TURN_S,
            )
            for wheel, twist in enumerate(wheel_twists(self.base))
        )

    def solve(self, samples: Mapping[str, Sample], earlier: Sequence[Change]) -> tuple[Change, ...]:
        """See `Procedure`."""
        changes = []
        for wheel, twist in enumerate(wheel_twists(self.base)):
            answer = samples.get(f"wheel_{wheel + 1}")
            if answer not in ("left", "right"):
                raise CalibrationError(f"nobody said which way wheel {wheel + 1} went; turn it again")
            as_thought = (answer == "left") == (twist[2] > 0)
            old = self.base.inverted[wheel]
            changes.append(
                Change(
                    key=("base", "inverted", wheel),
                    label=f"wheel {wheel + 1}, direction",
                    old=old,
                    new=old if as_thought else not old,
                )
            )
        return tuple(changes)


@dataclass(frozen=True, slots=True)
class LiftDirection:
    """Whether a lift goes up where the profile says that up is; then its zero, by the search that every start makes."""

    profile: RobotProfile
    name: str

    @property
    def id(self) -> str:
        """See `Procedure`."""
        return f"lift.{self.name}"

    @property
    def title(self) -> str:
        """See `Procedure`."""
        return f"{self.name} lift: which way is up, and its zero".replace("_", " ").capitalize()

    @property
    def summary(self) -> str:
        """See `Procedure`."""
        return "It moves by two centimetres; you say which way. Then it looks for its lower stop."

    @property
    def steps(self) -> tuple[Step, ...]:
        """See `Procedure`."""
        answers = (
            Answer(value="up", words="Up ↑"),
            Answer(value="down", words="Down ↓"),
            Answer(
                value="",
                words=_DID_NOT,
                advice="It may stand on a stop; the next try goes the other way. Move it again.",
            ),
        )
        return (
            MoveStep(
                id="up",
                title=f"Move the {self.name} lift".replace("_", " "),
                instruction="Keep hands and cables clear. It moves by two centimetres and stops.",
                question="Which way did it go?",
                answers=answers,
                lift=self.name,
                distance_m=LIFT_M,
            ),
            HomeStep(
                id="home",
                title="Find the lift's zero",
                instruction="It goes down slowly onto its stop, then up a little. Nothing may be under it.",
            ),
        )

    def solve(self, samples: Mapping[str, Sample], earlier: Sequence[Change]) -> tuple[Change, ...]:
        """See `Procedure`."""
        answer = samples.get("up")
        if answer not in ("up", "down"):
            raise CalibrationError(f"nobody said which way the {self.name} lift went; move it again")
        old = self.profile.lifts[self.name].inverted
        return (
            Change(
                key=("lifts", self.name, "inverted"),
                label=f"{self.name} lift, direction".replace("_", " "),
                old=old,
                new=old if answer == "up" else not old,
            ),
        )
