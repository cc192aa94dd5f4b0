"""Where the joints of an arm are on paper: forward kinematics of the profile's chain, drawn from the side. No Qt."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from drivers.profile.schema import Chain

_VIEW_TURN_RAD = 0.6
_VIEW_RISE = 0.35


def joint_points(chain: Chain, angles_rad: NDArray[np.floating]) -> NDArray[np.float64]:
    """The place of every joint and of the grasp point, from mount to tip.

    Args:
        chain: the arm's kinematics.
        angles_rad: one angle a link; NaN counts as zero.

    Returns:
        (n + 1, 3) positions in metres relative to the mount.
    """
    turn, at = np.eye(3), np.zeros(3)
    points = []
    for link, angle in zip(chain.links, np.nan_to_num(angles_rad), strict=True):
        at = at + turn @ np.asarray(link.offset_m)
        points.append(at)
        turn = turn @ _rotation(np.asarray(link.axis), float(angle))
    points.append(at + turn @ np.asarray(chain.grasp_offset_m))
    return np.stack(points)


def on_paper(points_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 3) positions seen from the side and a little from above: (n, 2), to the right and up, in metres."""
    cos, sin = math.cos(_VIEW_TURN_RAD), math.sin(_VIEW_TURN_RAD)
    right = cos * points_m[:, 0] - sin * points_m[:, 1]
    depth = sin * points_m[:, 0] + cos * points_m[:, 1]
    return np.stack([right, points_m[:, 2] + _VIEW_RISE * depth], axis=1)


def _rotation(axis: NDArray[np.floating], angle_rad: float) -> NDArray[np.float64]:
    """Rodrigues' formula."""
    x, y, z = axis / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turned: NDArray[np.float64] = (
        np.eye(3) + math.sin(angle_rad) * cross + (1 - math.cos(angle_rad)) * cross @ cross
    )
    return turned
