"""Moves the joints of a kitchen world as servos would, without lines: for tests of the world alone."""

from __future__ import annotations

import numpy as np

from drivers.profile import RobotProfile, load_profile
from drivers.sim.interface import Drive, DriveKind, SimJoint
from drivers.sim.world import KitchenWorld

TICK_S = 0.02


def profile() -> RobotProfile:
    return load_profile("sim-kitchen")


class Driver:
    """All servos of a world's followers and lift powered, holding where they are."""

    def __init__(self, world: KitchenWorld) -> None:
        self.world = world
        self.arms = {
            side: [world.joint(arm.bus, joint.name) for joint in arm.joints]
            for side, arm in world.profile.arms.items()
        }
        self.grippers = {side: world.joint(g.bus, "gripper") for side, g in world.profile.grippers.items()}
        self.lift = world.joint("body", "lift")
        self.wheels = [world.joint("body", f"wheel_{number}") for number in (1, 2, 3)]
        for joint in (*self.arms["left"], *self.arms["right"], *self.grippers.values(), self.lift):
            hold(joint, joint.position_rad)

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / self.world.step_s)):
            self.world.step()

    def move(self, joint: SimJoint, to_rad: float, *, seconds: float) -> None:
        """A straight line in 50 Hz targets."""
        start = joint.position_rad
        ticks = max(1, round(seconds / TICK_S))
        for tick in range(ticks):
            hold(joint, start + (to_rad - start) * (tick + 1) / ticks)
            self.run(TICK_S)

    def roll(self, wheel_rad_s: np.ndarray) -> None:
        for wheel, speed in zip(self.wheels, wheel_rad_s, strict=True):
            wheel.drive(Drive(DriveKind.VELOCITY, float(speed)))


def hold(joint: SimJoint, angle_rad: float, *, limit_nm: float = float("inf")) -> None:
    joint.drive(Drive(DriveKind.POSITION, angle_rad, limit_nm))


def let_go(joint: SimJoint) -> None:
    joint.drive(Drive())
