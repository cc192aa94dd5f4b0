"""Kinematics agree with the physics model, and inverse kinematics with forward kinematics."""

from __future__ import annotations

import math

import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from drivers.kinematics import (
    Pose,
    forward,
    jacobian,
    joint_limits,
    rotation_about,
    rotation_vector,
    solve_ik,
)
from drivers.profile import RobotProfile, load_profile
from drivers.profile.schema import Arm, Chain
from drivers.sim.kitchen.model import compile_kitchen

Array = NDArray[np.float64]

PROFILE: RobotProfile = load_profile("sim-kitchen")
SIDES = ("left", "right")


def arm_of(side: str) -> tuple[Arm, Chain]:
    arm = PROFILE.arms[side]
    assert arm.chain is not None
    return arm, arm.chain


class Model:
    """The kitchen's model, asked for an arm's grasp site."""

    def __init__(self, side: str) -> None:
        self.model = compile_kitchen()
        self.data = mujoco.MjData(self.model)
        joints = [self.model.joint(f"{side}_{joint.name}") for joint in PROFILE.arms[side].joints]
        self._qpos = [joint.qposadr[0] for joint in joints]
        self._dof = [joint.dofadr[0] for joint in joints]
        self._site = self.model.site(f"{side}_grasp").id

    def at(self, joints_rad: Array) -> tuple[Pose, Array]:
        """Pose in the carriage's frame, and Jacobian (6, 6)."""
        self.data.qpos[self._qpos] = joints_rad
        self.data.qpos[self.model.joint("lift").qposadr[0]] = 0.2
        mujoco.mj_forward(self.model, self.data)
        linear, angular = np.zeros((3, self.model.nv)), np.zeros((3, self.model.nv))
        mujoco.mj_jacSite(self.model, self.data, linear, angular, self._site)
        position = self.data.site_xpos[self._site] - self.data.body("lift").xpos
        pose = Pose(position, self.data.site_xmat[self._site].reshape(3, 3))
        return pose, np.vstack([linear, angular])[:, self._dof]


@pytest.mark.parametrize("side", SIDES)
def test_forward_kinematics_and_jacobian_are_those_of_the_physics(side: str) -> None:
    arm, chain = arm_of(side)
    model, rng = Model(side), np.random.default_rng(0)
    for _ in range(50):
        joints = rng.uniform(*joint_limits(arm).T)
        expected, slope = model.at(joints)
        found = forward(chain, joints)
        np.testing.assert_allclose(found.position_m, expected.position_m, atol=1e-6)
        np.testing.assert_allclose(found.rotation, expected.rotation, atol=1e-6)
        np.testing.assert_allclose(jacobian(chain, joints), slope, atol=1e-6)


@pytest.mark.parametrize("side", SIDES)
def test_inverse_kinematics_finds_poses_near_the_seed(side: str) -> None:
    arm, chain = arm_of(side)
    limits, home, rng = joint_limits(arm), np.array(arm.home_rad), np.random.default_rng(1)
    for _ in range(100):
        there = np.clip(home + rng.uniform(-0.4, 0.4, 6), *limits.T)
        target = forward(chain, there)
        result = solve_ik(chain, limits, target, home, iterations=60)
        reached = forward(chain, result.joints_rad)
        assert result.position_error_m < 1e-3
        assert result.rotation_error_rad < 0.01
        np.testing.assert_allclose(reached.position_m, target.position_m, atol=1e-3)


def test_a_few_iterations_keep_up_with_a_moving_target() -> None:
    arm, chain = arm_of("right")
    limits, joints = joint_limits(arm), np.array(arm.home_rad)
    start = forward(chain, joints)
    for tick in range(100):
        target = Pose(start.position_m + np.array([0.0005, 0.0, 0.0008]) * tick, start.rotation)
        result = solve_ik(chain, limits, target, joints, iterations=4)
        assert result.position_error_m < 1e-3
        assert np.abs(result.joints_rad - joints).max() < 0.03
        joints = result.joints_rad


def test_a_target_out_of_reach_gives_the_error_that_remains_and_stays_within_limits() -> None:
    arm, chain = arm_of("right")
    limits = joint_limits(arm)
    far = Pose(np.array([2.0, -0.21, 0.0]), np.eye(3))
    result = solve_ik(chain, limits, far, arm.home_rad, iterations=100)
    at = forward(chain, result.joints_rad).position_m
    assert result.position_error_m == pytest.approx(float(np.linalg.norm(far.position_m - at)))
    assert result.position_error_m > 1.0
    assert (result.joints_rad >= limits[:, 0]).all()
    assert (result.joints_rad <= limits[:, 1]).all()


angles = st.floats(-math.pi + 1e-3, math.pi - 1e-3)
unit = st.tuples(*[st.floats(-1.0, 1.0)] * 3).filter(lambda axis: math.hypot(*axis) > 0.1)


@settings(max_examples=100, deadline=None)
@given(unit, angles)
def test_a_rotation_is_its_vectors_rotation(axis: tuple[float, float, float], angle_rad: float) -> None:
    vector = np.array(axis) / math.hypot(*axis) * angle_rad
    np.testing.assert_allclose(rotation_vector(rotation_about(vector)), vector, atol=1e-6)


@pytest.mark.parametrize("axis", [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.6, 0.0, 0.8]])
def test_half_a_turn_has_an_axis(axis: list[float]) -> None:
    rotation = rotation_about(np.array(axis) * math.pi)
    np.testing.assert_allclose(rotation_about(rotation_vector(rotation)), rotation, atol=1e-6)


def test_no_turn_at_all_is_zero() -> None:
    assert rotation_vector(np.eye(3)).tolist() == [0.0, 0.0, 0.0]
