"""What the parts of the simulated world say to one another.

A servo sees a degree of freedom of the world through `SimJoint`. Hands move the leader arms through `Hands`. Tests,
evaluation and the scripted operator see the world through `Truth`, which drivers never do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class DriveKind(Enum):
    """What a powered servo is trying to hold."""

    OFF = 0
    POSITION = 1
    VELOCITY = 2
    EFFORT = 3


@dataclass(frozen=True, slots=True)
class Drive:
    """A servo's wish for its joint: a target in rad, rad/s or N·m by kind, and the effort it may spend, in N·m."""

    kind: DriveKind = DriveKind.OFF
    target: float = 0.0
    effort_limit_nm: float = float("inf")


class SimJoint(Protocol):
    """One degree of freedom of the world as the servo on it sees it: radians at the servo's output shaft."""

    @property
    def position_rad(self) -> float:
        """Angle of the output shaft; for a wheel or the lift it counts turns without wrapping."""
        ...

    @property
    def velocity_rad_s(self) -> float:
        """Angular velocity of the output shaft."""
        ...

    @property
    def effort_nm(self) -> float:
        """Torque the servo now exerts, with sign."""
        ...

    def drive(self, drive: Drive) -> None:
        """Take over the wish of the servo, until the next one."""
        ...


class ServoWorld(Protocol):
    """The physics behind the servos."""

    def joint(self, bus: str, name: str) -> SimJoint:
        """The degree of freedom on a bus: a profile joint's name, `gripper`, `handle`, `wheel_1`…`wheel_3` or `lift`.

        Raises:
            KeyError: when the world has no such joint; the message lists those it has.
        """
        ...

    def step(self) -> None:
        """Advance by one physics step (`step_s`)."""
        ...

    @property
    def step_s(self) -> float:
        """Length of a physics step in seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Hands:
    """What the hands on the leaders and the operator's feet want now.

    Attributes:
        leader_rad: for each leader by name, its joint angles, shape (6,), rad; a leader left out stays where it is.
        leader_opening: for each leader by name, its handle's opening in [0, 1].
        base_twist: vx, vy in m/s and wz in rad/s, wanted in the base's frame.
        lift_m_s: wanted lift speed.
        moving_base: whether the dead man for base and lift is held.
    """

    leader_rad: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    leader_opening: dict[str, float] = field(default_factory=dict)
    base_twist: tuple[float, float, float] = (0.0, 0.0, 0.0)
    lift_m_s: float = 0.0
    moving_base: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """The state of the world, for tests, evaluation and the scripted operator.

    Attributes:
        time_ns: `time.monotonic_ns()` of the physics step it was taken after.
        sim_time_s: MuJoCo's own time.
        objects: pose of each movable object by name, (7,) x y z qw qx qy qz, m, in the world frame.
        drawer_m: how far the drawer is open.
        base_pose: x, y in m and yaw in rad in the world frame.
        lift_m: height of the lift.
        arm_rad: joint angles of each follower arm, (6,).
        gripper_opening: opening of each follower gripper in [0, 1].
    """

    time_ns: int
    sim_time_s: float
    objects: dict[str, NDArray[np.float64]]
    drawer_m: float
    base_pose: tuple[float, float, float]
    lift_m: float
    arm_rad: dict[str, NDArray[np.float64]]
    gripper_opening: dict[str, float]
