"""The contract of every policy, on one that is asked over the network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from policy.inference.untrained import random_policy
from policy.serving.adapter import ServedPolicy
from policy.serving.client import PolicyClient
from policy.serving.remote import RemotePolicy
from policy.types import Observation, RequestError
from tests.policy.contract import PolicyContract
from tests.policy.serving.conftest import RunningServer, running


def observed() -> Observation:
    rng = np.random.default_rng(3)
    names = ("front", "back", "left_wrist", "right_wrist")
    images = {name: rng.integers(0, 256, (40, 60, 3)).astype(np.uint8) for name in names}
    return Observation(images=images, state=rng.uniform(-0.5, 0.5, 18))


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running(ServedPolicy(random_policy("pi05-small", device="cpu"))) as server:
        with RemotePolicy(lambda: PolicyClient(server.url)) as first:
            first.actions(observed(), "start")  # starts the threads that live as long as the server
            first.subtask(observed(), "start", allowed=["start"])
        yield server


class TestRemotePolicy(PolicyContract):
    """Both levels of one small model, behind a socket."""

    @pytest.fixture
    def policy(self, server: RunningServer) -> Iterator[RemotePolicy]:
        with RemotePolicy(lambda: PolicyClient(server.url)) as remote:
            yield remote

    @pytest.fixture
    def observation(self) -> Observation:
        return observed()

    def test_what_is_no_observation_or_phrase_is_not_sent(
        self, policy: RemotePolicy, observation: Observation
    ) -> None:
        floats = replace(observation, images={"front": np.zeros((40, 60, 3), np.float32)})
        local = random_policy("pi05-small", device="cpu")
        for each in (local, policy):
            with pytest.raises(RequestError, match="image 'front' is float32; an observation's images are"):
                each.actions(floats, "pick up the cup")
            with pytest.raises(RequestError, match="image 'front' is float32; an observation's images are"):
                each.subtask(floats, "tidy up")
            with pytest.raises(RequestError, match="'abc'; it must be a list of phrases"):
                each.subtask(observation, "tidy up", allowed="abc")

    def test_the_network_changes_no_number(self, policy: RemotePolicy, observation: Observation) -> None:
        local = random_policy("pi05-small", device="cpu")
        noise = self.noise(policy)
        here = local.actions(observation, "pick up the cup", noise=noise)
        there = policy.actions(observation, "pick up the cup", noise=noise)
        np.testing.assert_allclose(there.actions, here.actions, rtol=1e-5, atol=1e-5)
        later = policy.actions(replace(observation, captured_ns=10**9), "pick up the cup", noise=noise)
        np.testing.assert_array_equal(later.target_ns - 10**9, here.target_ns)
