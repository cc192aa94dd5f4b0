"""Where an arm's hand is, and how to bring it somewhere: forward and inverse kinematics of a chain, and its Jacobian.

Everything is in the frame of the lift carriage, which the profile's `Chain` starts from: x ahead, y left, z up. At all
joints zero every link's frame is parallel to it. The grasp frame has x along the fingers and y along their opening.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivers.profile.schema import Arm, Chain

Array = NDArray[np.float64]

ROTATION_WEIGHT_M = 0.3
"""Metres that a radian of wrong orientation counts for: about the reach over which it would matter."""


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """A position and an orientation.

    Attributes:
        position_m: (3,).
        rotation: (3, 3), whose columns are the frame's axes.
    """

    position_m: Array
    rotation: Array


@dataclass(frozen=True, slots=True, eq=False)
class IkResult:
    """Joint angles that bring the grasp frame to a target, and how far they miss it.

    Attributes:
        joints_rad: (n,), within the limits.
        position_error_m: distance that remains.
        rotation_error_rad: angle that remains.
    """

    joints_rad: Array
    position_error_m: float
    rotation_error_rad: float


def joint_limits(arm: Arm) -> Array:
    """(n, 2): least and greatest angle of each joint, rad."""
    return np.array([(joint.min_rad, joint.max_rad) for joint in arm.joints])


def forward(chain: Chain, joints_rad: ArrayLike) -> Pose:
    """Pose of the grasp frame, in the frame of the lift carriage, at joint angles (n,)."""
    return _Posed.at(_Links.of(chain), np.asarray(joints_rad, np.float64)).grasp


def jacobian(chain: Chain, joints_rad: ArrayLike) -> Array:
    """Geometric Jacobian (6, n) of the grasp frame: its velocity (m/s), then angular velocity (rad/s), per rad/s."""
    return _Posed.at(_Links.of(chain), np.asarray(joints_rad, np.float64)).jacobian()


def rotation_vector(rotation: Array) -> Array:
    """Axis times angle (3,) of a rotation matrix, with the angle in [0, π]."""
    axis = np.array(
        [
            rotation[2, 1] - rotation[1, 2],
            rotation[0, 2] - rotation[2, 0],
            rotation[1, 0] - rotation[0, 1],
        ]
    )
    sine = 0.5 * math.sqrt(axis @ axis)
    cosine = 0.5 * (rotation[0, 0] + rotation[1, 1] + rotation[2, 2] - 1.0)
    angle = math.atan2(sine, cosine)
    if sine > 1e-6:
        return axis * (0.5 * angle / sine)
    if cosine > 0.0:
        return 0.5 * axis
    # Half a turn: R = 2aaᵀ − I, and the column of the largest diagonal entry is the best known.
    outer = 0.5 * (rotation + np.eye(3))
    column = outer[:, int(np.argmax(np.diag(outer)))]
    scaled: Array = column * (math.pi / np.linalg.norm(column))
    return scaled


def rotation_about(vector: ArrayLike) -> Array:
    """Rotation matrix (3, 3) about an axis times angle (3,), by Rodrigues' formula."""
    turn = np.asarray(vector, np.float64)
    angle = math.sqrt(turn @ turn)
    if angle < 1e-12:
        return np.eye(3)
    (across,) = _cross_matrices(turn[None] / angle)
    rotation: Array = np.eye(3) + math.sin(angle) * across + (1.0 - math.cos(angle)) * (across @ across)
    return rotation


def solve_ik(
    chain: Chain,
    limits: ArrayLike,
    target: Pose,
    seed_rad: ArrayLike,
    *,
    iterations: int = 12,
    damping: float = 0.03,
    max_step_rad: float = 0.3,
    position_tolerance_m: float = 5e-4,
    rotation_tolerance_rad: float = 5e-3,
) -> IkResult:
    """Joint angles near a seed that bring the grasp frame to a target, by damped least squares.

    Each iteration steps by Jᵀ(JJᵀ + λ²I)⁻¹e (Wampler 1986; Nakamura and Hanafusa 1986), which near a singularity
    slows down instead of flying off. A target out of reach gives the nearest pose found; judge it by its errors.

    Args:
        chain: the arm.
        limits: (n, 2) least and greatest angle of each joint, rad; see `joint_limits`.
        target: of the grasp frame, in the frame of the lift carriage.
        seed_rad: (n,) where to start; of the arm's several solutions, the one found is near it.
        iterations: how many steps at most.
        damping: λ.
        max_step_rad: greatest change of a joint in one step.
        position_tolerance_m: with the next, what is near enough to stop early.
        rotation_tolerance_rad: see there.
    """
    links = _Links.of(chain)
    low, high = np.asarray(limits, np.float64).T
    joints = np.clip(np.asarray(seed_rad, np.float64), low, high)
    regular = damping * damping * np.eye(6)
    for step in range(iterations + 1):
        posed = _Posed.at(links, joints)
        wrong_m = target.position_m - posed.grasp.position_m
        wrong_rad = rotation_vector(target.rotation @ posed.grasp.rotation.T)
        position_error, rotation_error = math.sqrt(wrong_m @ wrong_m), math.sqrt(wrong_rad @ wrong_rad)
        near = position_error < position_tolerance_m and rotation_error < rotation_tolerance_rad
        if near or step == iterations:
            break
        weighted = posed.jacobian()
        weighted[3:] *= ROTATION_WEIGHT_M
        error = np.concatenate((wrong_m, ROTATION_WEIGHT_M * wrong_rad))
        change = weighted.T @ np.linalg.solve(weighted @ weighted.T + regular, error)
        joints = np.clip(joints + np.clip(change, -max_step_rad, max_step_rad), low, high)
    return IkResult(joints, position_error, rotation_error)


@dataclass(frozen=True, slots=True, eq=False)
class _Links:
    """A chain as arrays: offsets (n, 3), axes (n, 3), and the cross-product matrices of the axes and their squares."""

    mount: Array
    offsets: Array
    axes: Array
    across: Array
    across_squared: Array
    grasp_offset: Array

    @classmethod
    def of(cls, chain: Chain) -> _Links:
        axes = np.array([link.axis for link in chain.links], np.float64)
        axes /= np.sqrt((axes * axes).sum(axis=1, keepdims=True))
        across = _cross_matrices(axes)
        return cls(
            mount=np.array(chain.mount_m, np.float64),
            offsets=np.array([link.offset_m for link in chain.links], np.float64),
            axes=axes,
            across=across,
            across_squared=across @ across,
            grasp_offset=np.array(chain.grasp_offset_m, np.float64),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Posed:
    """A chain at some joint angles: each joint's position and axis (n, 3), and the grasp frame."""

    origins: Array
    axes: Array
    grasp: Pose

    @classmethod
    def at(cls, links: _Links, joints_rad: Array) -> _Posed:
        sine, cosine = np.sin(joints_rad)[:, None, None], np.cos(joints_rad)[:, None, None]
        turns = np.eye(3) + sine * links.across + (1.0 - cosine) * links.across_squared
        origins, axes = np.empty_like(links.offsets), np.empty_like(links.axes)
        position, rotation = links.mount, np.eye(3)
        for i in range(len(turns)):
            position = position + rotation @ links.offsets[i]
            origins[i] = position
            axes[i] = rotation @ links.axes[i]
            rotation = rotation @ turns[i]
        return cls(origins, axes, Pose(position + rotation @ links.grasp_offset, rotation))

    def jacobian(self) -> Array:
        lever = self.grasp.position_m - self.origins
        linear = (_cross_matrices(self.axes) @ lever[:, :, None])[:, :, 0]
        return np.concatenate((linear.T, self.axes.T))


def _cross_matrices(vectors: Array) -> Array:
    """For each row a, the matrix [a]× with [a]×b = a × b."""
    matrices = np.zeros((len(vectors), 3, 3))
    x, y, z = vectors.T
    matrices[:, 0, 1], matrices[:, 0, 2], matrices[:, 1, 2] = -z, y, -x
    matrices[:, 1, 0], matrices[:, 2, 0], matrices[:, 2, 1] = z, -y, x
    return matrices
