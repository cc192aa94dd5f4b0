"""Draws scenes to look at: things on the counter, in the sink or in the hand, the drawer, and the robot about them.

Scenes are for pictures. A thing in the hand lies between the fingers and is held by nothing: do not step on from here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import mujoco
import numpy as np
from numpy.typing import NDArray

from drivers.kinematics import Pose
from drivers.profile.schema import RobotProfile
from drivers.sim.interface import Truth
from drivers.sim.kitchen.geometry import (
    COUNTER,
    COUNTER_TOP_M,
    DRAWER_TRAVEL_M,
    OBJECT_RADIUS_M,
    OBJECTS,
    SINK,
    SINK_FLOOR_M,
)
from drivers.sim.kitchen.placement import upright_pose
from drivers.sim.operator.body import Body
from drivers.sim.operator.grasps import grasp_of, pointing_down
from drivers.sim.operator.places import COUNTER_LIFT_M, COUNTER_X_M, DRAWER_LIFT_M, HAND_Y_M, IN_HAND_M, SIDE
from drivers.sim.world import KitchenWorld

Array = NDArray[np.float64]
Rng = np.random.Generator

HELD_OPENING: Final[Mapping[str, float]] = {"plate": 0.05, "cup": 0.74, "sponge": 0.65, "spoon": 0.13}
"""How far the hand is open round each object."""

SHARE_HELD, SHARE_IN_SINK, SHARE_ELSEWHERE = 0.4, 0.25, 0.2
"""How many scenes have something in the hand; of the other things, how many lie in the sink or far from the row."""
SHARE_DRAWER_OPEN = 0.5
DRAWER_OPEN_M = (0.04, DRAWER_TRAVEL_M)
"""A drawer that is open is open by something between; one that is nearly shut may count as neither."""
SHARE_HAND_OUT = 0.6
"""How often the hand is out over the counter with nothing in it, where nothing is held."""

HAND_HEIGHT_M = (COUNTER_TOP_M + IN_HAND_M + 0.01, 1.16)
"""Least and greatest height of a thing in the hand; a scene whose thing is lower would say that it lies there."""
LEAST_HAND_HEIGHT_M = COUNTER_TOP_M + 0.04
_FALL_S = 0.4
_TRIES = 60
_TOUCH_M = -0.001
_FAR_M = 0.01


class NoScene(Exception):
    """No scene came of many tries; the seed says which."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A state of the kitchen to look at.

    Attributes:
        state: (N,) integration state, for a renderer.
        truth: what is where in it.
        held: what is in the hand; empty for nothing.
    """

    state: Array
    truth: Truth
    held: str


def draw_scene(profile: RobotProfile, world: KitchenWorld, seed: int) -> Scene:
    """A scene, always the same for the same seed; the world is left in it.

    Raises:
        NoScene: when things and robot are in one another's way however often they are drawn.
    """
    rng = np.random.default_rng(seed)
    for _ in range(_TRIES):
        world.reset(int(rng.integers(2**31)), robot=True)
        held = str(rng.choice(OBJECTS)) if rng.random() < SHARE_HELD else ""
        _lay_out(world, rng, held)
        world.arrange(
            drawer_m=float(rng.uniform(*DRAWER_OPEN_M)) if rng.random() < SHARE_DRAWER_OPEN else 0.0
        )
        for _ in range(_TRIES):
            placed = _place_robot(profile, world, rng, held)
            if placed and not _in_the_way(world, held):
                return Scene(world.integration_state(), world.truth(), held)
    raise NoScene(f"seed {seed} gives no scene in {_TRIES} tries of {_TRIES}; leave it out")


# -- things ------------------------------------------------------------------------------------------------------------


def _lay_out(world: KitchenWorld, rng: Rng, held: str) -> None:
    """Move some things from their row into the sink, where they settle, or anywhere else on the counter."""
    falling = 0
    for name in rng.permutation(OBJECTS).tolist():
        if name == held:
            # Out of the way, high above the floor behind the robot, until it is put into the hand.
            world.place(name, upright_pose(-2.0, 0.0, yaw_rad=0.0, z_m=1.0))
            continue
        lot = rng.random()
        if lot < SHARE_IN_SINK:
            world.place(name, _over_sink(name, rng, falling))
            falling += 1
        elif lot < SHARE_IN_SINK + SHARE_ELSEWHERE and (spot := _free_spot(world, name, rng)) is not None:
            world.place(name, upright_pose(*spot, yaw_rad=rng.uniform(-math.pi, math.pi)))
    if falling:
        # Without the world's servos, whose part costs as much again: the robot is put elsewhere afterwards.
        mujoco.mj_step(world.model, world.data, nstep=round(_FALL_S / world.step_s))


def _over_sink(name: str, rng: Rng, already: int) -> Array:
    """Pose (7,) over the sink's floor, tilted by some; the more are falling already, the higher."""
    radius = OBJECT_RADIUS_M[name] + 0.015
    x_m = rng.uniform(SINK.min_x_m + radius, SINK.max_x_m - radius)
    y_m = rng.uniform(SINK.min_y_m + radius, SINK.max_y_m - radius)
    pose = upright_pose(
        x_m, y_m, yaw_rad=rng.uniform(-math.pi, math.pi), z_m=SINK_FLOOR_M + 0.02 + 0.1 * already
    )
    tilt = rng.normal(0.0, 0.25, 3)
    pose[3:] += 0.5 * np.array([0.0, tilt[0], tilt[1], 0.0])
    pose[3:] /= np.linalg.norm(pose[3:])
    return pose


def _free_spot(world: KitchenWorld, name: str, rng: Rng) -> tuple[float, float] | None:
    """Somewhere on the counter beside the sink and clear of the other things; None where there is no room."""
    radius = OBJECT_RADIUS_M[name]
    objects = world.truth().objects
    for _ in range(_TRIES):
        x_m = rng.uniform(COUNTER.min_x_m + radius, COUNTER.max_x_m - radius - 0.1)
        y_m = rng.uniform(COUNTER.min_y_m + radius, 0.70)
        beside = not (
            SINK.min_x_m - radius < x_m < SINK.max_x_m + radius
            and SINK.min_y_m - radius < y_m < SINK.max_y_m + radius
        )
        clear = all(
            math.hypot(x_m - pose[0], y_m - pose[1]) > radius + OBJECT_RADIUS_M[other] + _FAR_M
            for other, pose in objects.items()
            if other != name
        )
        if beside and clear:
            return x_m, y_m
    return None


# -- the robot ---------------------------------------------------------------------------------------------------------


def _place_robot(profile: RobotProfile, world: KitchenWorld, rng: Rng, held: str) -> bool:
    """Put the robot somewhere, and what it holds into its hand; False where the arm does not reach."""
    home = {name: np.array(arm.home_rad) for name, arm in profile.arms.items()}
    openings = {name: float(rng.choice([0.0, 0.8, rng.uniform()])) for name in profile.grippers}
    hand_out = bool(held) or rng.random() < SHARE_HAND_OUT
    if not hand_out:
        near_drawer = rng.random() < 0.3
        world.arrange(
            base_pose=(rng.uniform(-0.35, 0.18), rng.uniform(-0.75, 0.65), rng.normal(0.0, 0.08)),
            lift_m=float(
                np.clip(rng.normal(DRAWER_LIFT_M, 0.04), 0.0, 0.5) if near_drawer else rng.uniform(0.02, 0.5)
            ),
            arm_rad={name: angles + rng.normal(0.0, 0.05, len(angles)) for name, angles in home.items()},
            opening=openings,
        )
        return True
    x_m, y_m = rng.uniform(0.50, 0.80), rng.uniform(-0.85, 0.60)
    world.arrange(
        base_pose=(
            COUNTER_X_M + x_m - 0.62 + rng.normal(0.0, 0.04),
            y_m - HAND_Y_M + rng.normal(0.0, 0.06),
            rng.normal(0.0, 0.05),
        ),
        lift_m=float(np.clip(rng.normal(COUNTER_LIFT_M, 0.04), 0.0, 0.5)),
        arm_rad=home,
        opening=openings,
    )
    yaw_rad = rng.uniform(-math.pi, math.pi)
    if held:
        at = np.array([x_m, y_m, rng.uniform(*HAND_HEIGHT_M)])
        target = grasp_of(held, at, yaw_rad).pose
    else:
        at = np.array([x_m, y_m, rng.uniform(LEAST_HAND_HEIGHT_M, HAND_HEIGHT_M[1])])
        target = Pose(at, pointing_down(math.remainder(yaw_rad, math.pi)))
    angles = _reach(profile, world, rng, target)
    if angles is None:
        return False
    if held:
        openings[SIDE] = HELD_OPENING[held]
    world.arrange(arm_rad={SIDE: angles}, opening=openings)
    if held:
        pose = upright_pose(float(at[0]), float(at[1]), yaw_rad=yaw_rad, z_m=float(at[2]))
        world.place(held, pose)
    return True


def _reach(profile: RobotProfile, world: KitchenWorld, rng: Rng, target: Pose) -> Array | None:
    """Joint angles (6,) of the hand that works for a pose of its grasp frame in the world; None out of reach."""
    tries = Body(profile, rng, world.truth()).find_reach(SIDE, target)
    try:
        while True:
            next(tries)
    except StopIteration as end:
        result = end.value
    return result.joints_rad if result.position_error_m < 0.003 and result.rotation_error_rad < 0.05 else None


def _in_the_way(world: KitchenWorld, held: str) -> bool:
    """Whether the robot is in something other than what it holds, or that is in something other than the robot."""
    model: mujoco.MjModel = world.model
    held_body = model.body(held).id if held else -1
    robot = model.body("base").id
    for contact in world.data.contact[: world.data.ncon]:
        if contact.dist > _TOUCH_M:
            continue
        bodies = [int(model.geom_bodyid[geom]) for geom in contact.geom]
        of_robot = [_is_part(model, body, robot) for body in bodies]
        if (any(of_robot) and held_body not in bodies) or (held_body in bodies and not any(of_robot)):
            return True
    return False


def _is_part(model: mujoco.MjModel, body: int, root: int) -> bool:
    while body:
        if body == root:
            return True
        body = int(model.body_parentid[body])
    return False
