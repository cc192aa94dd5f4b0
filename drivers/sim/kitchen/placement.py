"""Where a seed puts the objects on the counter."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from drivers.sim.kitchen.geometry import COUNTER_TOP_M, OBJECT_RADIUS_M, OBJECTS

ROW_Y_M = (-0.86, 0.12)
"""The objects lie in a row beside the sink, between these."""
ROW_X_M = (0.55, 0.68)
"""Distance of their origins into the counter; the right arm reaches all of it from in front."""
PLATE_MIN_X_M = 0.58
GAP_M = 0.045
"""At least this between two objects' circles: room for an open finger."""
DROP_M = 0.001


def draw_placement(rng: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    """Put every object somewhere in the row: random order, gaps, depth and yaw; none nearer than `GAP_M` to another.

    Returns:
        For each object its pose (7,), x y z qw qx qy qz in the world frame, m.
    """
    order = [OBJECTS[i] for i in rng.permutation(len(OBJECTS))]
    needed = sum(2 * OBJECT_RADIUS_M[name] for name in order) + GAP_M * (len(order) - 1)
    slack = ROW_Y_M[1] - ROW_Y_M[0] - needed
    cuts = np.diff(np.sort(rng.uniform(0.0, slack, len(order))), prepend=0.0)
    poses, edge = {}, ROW_Y_M[0]
    for name, extra in zip(order, cuts, strict=True):
        centre = edge + extra + OBJECT_RADIUS_M[name]
        edge = centre + OBJECT_RADIUS_M[name] + GAP_M
        depth = rng.uniform(PLATE_MIN_X_M if name == "plate" else ROW_X_M[0], ROW_X_M[1])
        poses[name] = upright_pose(depth, centre, yaw_rad=rng.uniform(-math.pi, math.pi))
    return poses


def upright_pose(
    x_m: float, y_m: float, *, yaw_rad: float, z_m: float = COUNTER_TOP_M
) -> NDArray[np.float64]:
    """The pose (7,) of an object standing on a surface at height `z_m`, let go a millimetre above it."""
    half = yaw_rad / 2
    return np.array([x_m, y_m, z_m + DROP_M, math.cos(half), 0.0, 0.0, math.sin(half)])


def yaw_of(pose: NDArray[np.float64]) -> float:
    """How far an object's pose (7,) x, y, z, qw, qx, qy, qz is turned about the upright, rad."""
    qw, qx, qy, qz = pose[3:]
    return math.atan2(2.0 * (qw * qz + qx * qy), 1.0 - 2.0 * (qy * qy + qz * qz))
