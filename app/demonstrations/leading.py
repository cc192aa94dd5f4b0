"""Leads the simulated robot through the operator's motions without a clock: as fast as the physics computes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from drivers.sim.direct import DirectRobot
from drivers.sim.interface import Truth
from drivers.sim.operator.body import Body

Vector = NDArray[np.float64]


class Lead:
    """The operator's body at a robot, and what it asks of it.

    Args:
        robot: that is led; its hands begin where it was last sent.
        rng: where the errors of the operator's eye are drawn from.
        pace: how fast the operator moves, as a share of the usual.

    Attributes:
        robot: the same.
        body: the operator's.
    """

    def __init__(self, robot: DirectRobot, rng: np.random.Generator, *, pace: float = 1.0) -> None:
        self.robot = robot
        profile = robot.world.profile
        self.body = Body(profile, rng, robot.world.truth())
        self.body.pace = pace
        for segment in profile.segments:
            if segment.kind == "arm":
                self.body.leader_rad[segment.name] = robot.sent[segment.slice].copy()
            elif segment.kind == "gripper":
                self.body.opening[segment.name] = float(robot.sent[segment.start])

    def ask(self, motion: Iterator[None]) -> Vector | None:
        """(D,) what the next tick of a motion asks for; None when the motion has ended.

        Ticks in which the operator only thinks are spared.

        Raises:
            GaveUpError: when the motion cannot go on.
        """
        for _ in motion:
            if not self.body.thinking:
                return self.robot.request(self.body.hands())
        return None

    def rest(self) -> Vector:
        """(D,) what is asked for when the operator keeps still, feet off the pedals."""
        self.body.release_pedals()
        return self.robot.request(self.body.hands())

    def follow(self, action: Vector, *, disturbance: Vector | None = None) -> Truth:
        """Let the robot do it for one control period."""
        self.body.truth = self.robot.follow(action, disturbance=disturbance)
        return self.body.truth

    def perform(self, motion: Iterator[None]) -> Truth:
        """Do a whole motion; the world afterwards.

        Raises:
            GaveUpError: when the motion cannot go on.
        """
        while (action := self.ask(motion)) is not None:
            self.follow(action)
        return self.body.truth

    def wait(self, ticks: int) -> Truth:
        """Keep still for a while; the world afterwards."""
        for _ in range(ticks):
            self.follow(self.rest())
        return self.body.truth
