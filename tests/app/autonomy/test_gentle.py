"""A policy of random weights moves the robot a little, and never far."""

from __future__ import annotations

import numpy as np
import pytest

from app.autonomy.gentle import SHARE, SPEED_SHARE, GentlePolicy
from policy.inference.untrained import random_policy
from policy.types import Observation
from tests.support.far_end import sim_kitchen

PROFILE = sim_kitchen()
BASE = next(s.slice for s in PROFILE.segments if s.kind == "base")


def test_its_actions_are_a_share_of_the_way_and_of_the_speed() -> None:
    wild = random_policy("pi05-small", device="cpu", seed=3)
    gentle = GentlePolicy(wild, PROFILE)
    image = np.zeros((64, 64, 3), np.uint8)
    images = dict.fromkeys(("front", "back", "left_wrist", "right_wrist"), image)
    state = np.linspace(-0.4, 0.4, PROFILE.dof)
    observation = Observation(images, state, captured_ns=10**9)
    noise = np.random.default_rng(0).normal(size=(50, 32)).astype(np.float32)
    asked = wild.actions(observation, "pick up the cup", noise=noise).actions
    given = gentle.actions(observation, "pick up the cup", noise=noise).actions
    still = state.copy()
    still[BASE] = 0.0
    assert np.ptp(asked - still) > 0.1
    share = np.full(PROFILE.dof, SHARE)
    share[BASE] = SPEED_SHARE
    assert given - still == pytest.approx(share * (asked - still), abs=1e-5)
