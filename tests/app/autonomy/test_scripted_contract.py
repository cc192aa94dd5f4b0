"""The scripted policy does what every policy does; only of tasks that it was never given it knows nothing."""

from __future__ import annotations

import numpy as np
import pytest

from app.autonomy.scripted import ScriptedPolicy
from drivers.profile import load_profile
from drivers.sim.direct import DirectRobot
from drivers.sim.world import KitchenWorld
from policy.types import Observation, Policy, RequestError
from tests.policy.contract import PHRASES, PolicyContract

PROFILE = load_profile("sim-kitchen")
TASK = "open the drawer"


class TestScriptedPolicy(PolicyContract):
    @pytest.fixture
    def world(self) -> KitchenWorld:
        return KitchenWorld(PROFILE, seed=1)

    @pytest.fixture
    def policy(self, world: KitchenWorld) -> Policy:
        return ScriptedPolicy(PROFILE, world.truth, seed=1)

    @pytest.fixture
    def observation(self, world: KitchenWorld) -> Observation:
        return Observation({"front": np.zeros((48, 64, 3), np.uint8)}, DirectRobot(world).measured())

    def test_a_subtask_is_one_of_those_allowed(self, policy: Policy, observation: Observation) -> None:
        allowed = ("go to the drawer", *PHRASES)
        assert policy.subtask(observation, TASK, allowed=allowed).text == "go to the drawer"
        assert policy.subtask(observation, TASK, allowed=allowed).probability == 1.0
        with pytest.raises(RequestError, match="allowed"):
            policy.subtask(observation, TASK, allowed=["  "])
        with pytest.raises(RequestError, match="no task 'set the table'"):
            policy.subtask(observation, "set the table", allowed=PHRASES)

    def test_a_free_subtask_has_a_probability(self, policy: Policy, observation: Observation) -> None:
        named = policy.subtask(observation, TASK)
        assert named.text == "go to the drawer"
        assert named.inference_ms > 0
