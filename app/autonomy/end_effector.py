"""Actions that say where the hands are to be, turned into joint targets by inverse kinematics.

The layout of such a row follows the profile's vector, with one difference: an arm's entries are six numbers, however
many joints it has,

    position x, y, z in m, then a rotation vector (axis times angle) x, y, z in rad, of the arm's grasp frame,

both in the frame of the lift carriage, in which `drivers.kinematics` has its poses: x ahead, y left, z up, and a grasp
frame with x along the fingers and y along their opening. Grippers, base and lift pass through as they are. For a robot
with two arms on a lift and a base: six numbers, opening, six numbers, opening, vx, vy, wz, height.

Each row starts from the joints of the row before, the first from the joints as they are now. So a chunk stays in the
branch of the arm's solutions in which the arm is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drivers.kinematics import Pose, forward, joint_limits, rotation_about, rotation_vector, solve_ik
from drivers.profile import RobotProfile
from drivers.profile.schema import Chain

Vector = NDArray[np.float64]

POSE = 6
FIRST_ITERATIONS, NEXT_ITERATIONS = 60, 12
"""Of the solver: from the joints now to the first pose, and from pose to pose."""
TOLERANCE_M, TOLERANCE_RAD = 0.01, 0.05
"""A pose that is missed by more is out of reach."""
LONGEST_STEP_RAD = 0.35
"""A joint that would turn further from one row to the next has changed its branch."""


class OutOfReach(ValueError):
    """A chunk with a pose that the arm cannot reach; the message says which, and by how much it is missed."""


def end_effector_width(profile: RobotProfile) -> int:
    """Numbers in a row of end-effector actions."""
    return sum(
        POSE if segment.kind == "arm" else segment.slice.stop - segment.slice.start
        for segment in profile.segments
    )


class EndEffector:
    """Converts between joint and end-effector rows of one robot.

    Args:
        profile: the robot; each of its arms needs a chain.

    Raises:
        ValueError: when one has none.
    """

    def __init__(self, profile: RobotProfile) -> None:
        self._profile = profile
        self._chains: dict[str, Chain] = {}
        self._slices: list[tuple[str, str, slice, slice]] = []
        at = 0
        for segment in profile.segments:
            width = segment.slice.stop - segment.slice.start
            if segment.kind == "arm":
                chain = profile.arms[segment.name].chain
                if chain is None:
                    raise ValueError(
                        f"arm {segment.name} of profile {profile.name} has no chain; add [arms.{segment.name}.chain]"
                    )
                self._chains[segment.name] = chain
                width = POSE
            self._slices.append((segment.kind, segment.name, segment.slice, slice(at, at + width)))
            at += width
        self.width = at

    def from_joints(self, rows: Vector) -> Vector:
        """(T, E) end-effector rows of joint rows (T, D)."""
        made = np.zeros((len(rows), self.width))
        for kind, name, joints, poses in self._slices:
            if kind != "arm":
                made[:, poses] = rows[:, joints]
                continue
            for row, angles in zip(made, rows[:, joints], strict=True):
                pose = forward(self._chains[name], angles)
                row[poses] = np.concatenate([pose.position_m, rotation_vector(pose.rotation)])
        return made

    def to_joints(self, rows: Vector, state: Vector) -> Vector:
        """(T, D) joint rows of end-effector rows.

        Args:
            rows: (T, E) finite.
            state: (D,) the robot now, where the arms start from.

        Raises:
            OutOfReach: a pose is missed by more than the tolerance, or an arm would have to change its branch.
        """
        if rows.ndim != 2 or rows.shape[1] != self.width:
            raise OutOfReach(
                f"actions of shape {rows.shape}; {self._profile.name} takes (T, {self.width}) end-effector numbers"
            )
        made = np.zeros((len(rows), self._profile.dof))
        for kind, name, joints, poses in self._slices:
            if kind != "arm":
                made[:, joints] = rows[:, poses]
            else:
                made[:, joints] = self._solved(name, rows[:, poses], np.asarray(state[joints], np.float64))
        return made

    def _solved(self, name: str, poses: Vector, seed: Vector) -> Vector:
        chain, limits = self._chains[name], joint_limits(self._profile.arms[name])
        made = np.zeros((len(poses), len(seed)))
        for step, numbers in enumerate(poses):
            target = Pose(numbers[:3], rotation_about(numbers[3:]))
            iterations = NEXT_ITERATIONS if step else FIRST_ITERATIONS
            found = solve_ik(chain, limits, target, seed, iterations=iterations)
            if found.position_error_m > TOLERANCE_M or found.rotation_error_rad > TOLERANCE_RAD:
                raise OutOfReach(
                    f"the {name} hand cannot be at {np.round(numbers[:3], 3).tolist()} m as step {step} wants it; it"
                    f" misses by {found.position_error_m * 1e3:.0f} mm and {found.rotation_error_rad:.2f} rad"
                )
            turned = float(np.abs(found.joints_rad - seed).max())
            if step and turned > LONGEST_STEP_RAD:
                raise OutOfReach(
                    f"the {name} arm would turn by {turned:.2f} rad from step {step - 1} to step {step}; at most"
                    f" {LONGEST_STEP_RAD} are allowed"
                )
            made[step] = seed = found.joints_rad
        return made
