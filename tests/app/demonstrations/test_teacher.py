"""The teacher says what the operator would do from a state, and changes nothing in the world that it came from."""

from __future__ import annotations

import numpy as np

from app.demonstrations.starts import begin
from app.demonstrations.teacher import Teacher
from drivers.kinematics import forward
from drivers.profile import RobotProfile, load_profile

PROFILE: RobotProfile = load_profile("sim-kitchen")


def test_its_actions_lead_the_hand_to_the_object_and_move_at_once() -> None:
    robot = begin(PROFILE, "pick up the sponge", seed=8)
    before = robot.world.integration_state()
    actions = Teacher(PROFILE).actions(before, robot.sent, "pick up the sponge", ticks=150)
    assert actions.shape == (150, PROFILE.dof)
    assert np.array_equal(robot.world.integration_state(), before)
    arm = next(s.slice for s in PROFILE.segments if s.kind == "arm" and s.name == "right")
    assert np.abs(actions[3, arm] - robot.sent[arm]).max() > 1e-4
    chain = PROFILE.arms["right"].chain
    assert chain is not None
    x, y, _ = robot.world.truth().base_pose
    hand_m = forward(chain, actions[-1, arm]).position_m[:2] + np.array([x, y])
    assert np.linalg.norm(hand_m - robot.world.truth().objects["sponge"][:2]) < 0.06


def test_after_the_subtask_s_end_it_stands_still() -> None:
    robot = begin(PROFILE, "open the gripper", seed=2)
    state = robot.world.integration_state()
    actions = Teacher(PROFILE).actions(state, robot.sent, "open the gripper", ticks=150)
    assert np.ptp(actions[-30:], axis=0).max() == 0.0
