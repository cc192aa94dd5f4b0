"""From where a trial starts: a kitchen and a robot for each subtask or task, drawn from a seed."""

from __future__ import annotations

import math
import zlib
from contextlib import suppress
from typing import Final

import numpy as np

from app.demonstrations.starts import NoStart, begin
from drivers.profile import RobotProfile
from drivers.sim.direct import DirectRobot
from drivers.sim.kitchen.geometry import DRAWER_TRAVEL_M, OBJECTS
from drivers.sim.world import START_BASE_POSE, START_LIFT_M, KitchenWorld

VARIED_M: Final = 0.05
VARIED_RAD: Final = math.radians(5.0)
LIFT_M: Final = (START_LIFT_M, START_LIFT_M + 0.10)
OPEN_M: Final = (0.20, DRAWER_TRAVEL_M - 0.02)
"""How far off its place the base stands at most as a task begins, each way, and how far it is turned; how high the lift
is; and how far the drawer is open that is to be closed."""

REDRAWN: Final = 4
REDRAWN_FROM: Final = 100_000_000
"""So many kitchens are tried for a trial, each from a seed so much greater than the one before."""

_PUT: Final = {f"put the {name} in the sink": f"carry the {name} to the sink" for name in OBJECTS}


def told_start(profile: RobotProfile, subtask: str, *, seed: int) -> DirectRobot:
    """A robot that can be told a subtask: where demonstrations of it begin, off its place by centimetres and degrees.

    What is to be put in the sink is in the hand, and the robot still stands where it was picked up.

    Args:
        profile: a simulated robot.
        subtask: its words.
        seed: of the things' places and of where the robot stands.

    Raises:
        UnknownSubtask: there is none of these words.
        NoStart: no kitchen was found in which it can begin.
    """
    words = _PUT.get(subtask, subtask)
    *seeds, last = (seed + number * REDRAWN_FROM for number in range(REDRAWN))
    for drawn in seeds:
        with suppress(NoStart):
            return begin(profile, words, seed=drawn)
    return begin(profile, words, seed=last)


def alone_start(profile: RobotProfile, task: str, *, seed: int) -> DirectRobot:
    """A robot that stands back from the counter, with everything on it.

    Args:
        profile: a simulated robot.
        task: what it is to do.
        seed: of the things' places and of where the robot stands.
    """
    world = KitchenWorld(profile, seed=seed)
    rng = np.random.default_rng([seed, zlib.crc32(task.encode())])
    x_m, y_m, yaw_rad = START_BASE_POSE
    dx, dy = rng.uniform(-VARIED_M, VARIED_M, 2)
    world.arrange(
        base_pose=(x_m + dx, y_m + dy, yaw_rad + rng.uniform(-VARIED_RAD, VARIED_RAD)),
        lift_m=rng.uniform(*LIFT_M),
        drawer_m=rng.uniform(*OPEN_M) if task == "close the drawer" else 0.0,
    )
    return DirectRobot(world)
