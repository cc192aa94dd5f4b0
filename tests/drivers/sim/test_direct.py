"""The robot without its lines tells of itself what the real drivers would."""

from __future__ import annotations

import numpy as np

from drivers.profile import load_profile
from drivers.sim.direct import DirectRobot
from drivers.sim.world import KitchenWorld

PROFILE = load_profile("sim-kitchen")
BASE = next(segment.slice for segment in PROFILE.segments if segment.kind == "base")


def test_the_state_holds_the_speed_at_which_the_base_moves() -> None:
    robot = DirectRobot(KitchenWorld(PROFILE, seed=0))
    np.testing.assert_allclose(robot.measured()[BASE], 0.0, atol=1e-9)
    action = robot.requested.copy()
    action[BASE] = [-0.1, 0.05, 0.2]
    for _ in range(40):
        robot.follow(action)
    np.testing.assert_allclose(robot.measured()[BASE], [-0.1, 0.05, 0.2], atol=0.02)
