"""From where a trial starts: a kitchen and a robot for each subtask or task, drawn from a seed."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable

import numpy as np

from drivers.profile import RobotProfile
from drivers.sim.direct import DirectRobot
from drivers.sim.kitchen.geometry import DRAWER_TRAVEL_M, OBJECTS
from drivers.sim.operator.body import Body
from drivers.sim.operator.motions import GaveUpError
from drivers.sim.operator.places import (
    COUNTER_LIFT_M,
    DRAWER_LIFT_M,
    HAND_Y_M,
    HANDLE_AHEAD_M,
    handle_at,
    holds,
    standing_x_m,
)
from drivers.sim.operator.subtasks import SUBTASKS
from drivers.sim.world import START_BASE_POSE, START_LIFT_M, KitchenWorld

VARIED_M, VARIED_RAD, VARIED_LIFT_M = 0.03, math.radians(3.0), 0.03
"""How far from its place the base stands at most, each way, how far it is turned, and how far off the lift is."""
TRIES = 20

_Draw = np.random.Generator


class NoStart(RuntimeError):
    """No kitchen could be found in which a subtask can begin."""


def begin(profile: RobotProfile, words: str, *, seed: int) -> DirectRobot:
    """A robot in a kitchen of its own, ready to be told `words`, which are a subtask or a task.

    Args:
        profile: a simulated robot.
        words: what is to be done.
        seed: of the objects' places and of where the robot stands.

    Raises:
        NoStart: when the operator cannot bring it about, such as an object in the hand.
    """
    for turn in range(TRIES):
        rng = np.random.default_rng([seed, zlib.crc32(words.encode()), turn])
        world = KitchenWorld(profile, seed=int(rng.integers(2**31)))
        name = next((name for name in OBJECTS if f" the {name}" in words), "")
        if words.startswith("pick up "):
            _before_object(world, name, rng)
        elif words.startswith("put ") and name:
            _before_object(world, name, rng)
            robot = DirectRobot(world)
            if not _picked_up(robot, name, rng):
                continue
            return robot
        else:
            _STARTS.get(words, _anywhere)(world, rng)
        return DirectRobot(world)
    raise NoStart(f"{words!r}: in {TRIES} kitchens the {name} could not be picked up (seed {seed})")


def _stand(world: KitchenWorld, x_m: float, y_m: float, lift_m: float, rng: _Draw) -> None:
    dx, dy = rng.uniform(-VARIED_M, VARIED_M, 2)
    yaw = rng.uniform(-VARIED_RAD, VARIED_RAD)
    lift = max(START_LIFT_M, lift_m + rng.uniform(-VARIED_LIFT_M, VARIED_LIFT_M))
    world.arrange(base_pose=(x_m + dx, y_m + dy, yaw), lift_m=lift)


def _before_object(world: KitchenWorld, name: str, rng: _Draw) -> None:
    y_m = float(world.truth().objects[name][1]) - HAND_Y_M
    _stand(world, standing_x_m(name), y_m, COUNTER_LIFT_M, rng)


def _picked_up(robot: DirectRobot, name: str, rng: _Draw) -> bool:
    """Let the operator take an object; whether it is in the hand."""
    body = Body(robot.world.profile, rng, robot.world.truth())
    try:
        for _ in SUBTASKS[f"pick up the {name}"].motion(body):
            body.truth = robot.tick(body.hands())
    except GaveUpError:
        return False
    return holds(robot.world.truth(), name)


def _at_drawer(world: KitchenWorld, rng: _Draw) -> None:
    handle = handle_at(world.truth())
    _stand(world, float(handle[0]) - HANDLE_AHEAD_M, float(handle[1]) - HAND_Y_M, DRAWER_LIFT_M, rng)


def _at_open_drawer(world: KitchenWorld, rng: _Draw) -> None:
    world.arrange(drawer_m=rng.uniform(0.20, DRAWER_TRAVEL_M - 0.02))
    _at_drawer(world, rng)


def _back(world: KitchenWorld, rng: _Draw) -> None:
    lift_m = rng.uniform(START_LIFT_M, COUNTER_LIFT_M)
    _stand(world, rng.uniform(-0.45, START_BASE_POSE[0]), rng.uniform(-0.2, 0.2), lift_m, rng)


def _low(world: KitchenWorld, rng: _Draw) -> None:
    _stand(world, START_BASE_POSE[0], START_BASE_POSE[1], rng.uniform(START_LIFT_M, 0.25), rng)


def _anywhere(world: KitchenWorld, rng: _Draw) -> None:
    _stand(world, START_BASE_POSE[0], START_BASE_POSE[1], START_LIFT_M + VARIED_LIFT_M, rng)


_STARTS: dict[str, Callable[[KitchenWorld, _Draw], None]] = {
    "open the drawer": _at_drawer,
    "close the drawer": _at_open_drawer,
    "drive to the counter": _back,
    "raise the lift": _low,
}
