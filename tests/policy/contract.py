"""What every `policy.types.Policy` does, whatever model is behind it. Subclass it and provide the two fixtures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from policy.types import Committed, Observation, Policy, RequestError

PHRASES = ("pick up the cup", "open the drawer", "done")


def plain(value: object) -> bool:
    """Whether a value is made of what any message format knows."""
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and plain(each) for key, each in value.items())
    if isinstance(value, list | tuple):
        return all(map(plain, value))
    return value is None or isinstance(value, bool | int | float | str)


class PolicyContract:
    """Tests of the interface. Subclasses give `policy` and an `observation` that it understands."""

    @pytest.fixture
    def policy(self) -> Policy:
        raise NotImplementedError

    @pytest.fixture
    def observation(self) -> Observation:
        raise NotImplementedError

    def noise(self, policy: Policy) -> NDArray[np.float32] | None:
        """What the flow starts from, of the model's width; None where there is no flow."""
        return self.any_noise(policy) if policy.metadata["takes_noise"] else None

    def any_noise(self, policy: Policy) -> NDArray[np.float32]:
        rng = np.random.default_rng(5)
        horizon, width = (
            int(policy.metadata["action_horizon"]),
            int(policy.metadata["model_action_dim"]),
        )
        return rng.standard_normal((horizon, width)).astype(np.float32)

    def test_metadata_is_plain_and_says_what_it_can_do(self, policy: Policy) -> None:
        assert plain(dict(policy.metadata))
        assert policy.metadata["name"]
        assert policy.metadata["embodiment"]
        assert policy.metadata["action_horizon"] >= 1
        assert policy.metadata["rate_hz"] > 0
        assert set(policy.metadata["levels"]) <= {"low", "high"}
        assert policy.metadata["real_time_chunking"] in {"trained", "guided", "none"}
        assert isinstance(policy.metadata["takes_noise"], bool)

    def test_a_chunk_has_a_target_time_for_each_step(self, policy: Policy, observation: Observation) -> None:
        observation = replace(observation, captured_ns=5_000_000_000)
        chunk = policy.actions(observation, "pick up the cup")
        horizon = policy.metadata["action_horizon"]
        assert chunk.actions.shape == (horizon, len(observation.state))
        assert chunk.actions.dtype == np.float64
        assert np.isfinite(chunk.actions).all()
        assert chunk.subtask == "pick up the cup"
        assert chunk.inference_ms > 0
        assert chunk.target_ns.dtype == np.int64
        assert chunk.target_ns[0] == 5_000_000_000
        np.testing.assert_allclose(np.diff(chunk.target_ns), 1e9 / policy.metadata["rate_hz"], atol=1)

    def test_the_same_noise_gives_the_same_actions(self, policy: Policy, observation: Observation) -> None:
        noise = self.noise(policy)
        first = policy.actions(observation, "pick up the cup", noise=noise).actions
        policy.actions(replace(observation, state=observation.state + 0.1), "open the drawer")
        again = policy.actions(observation, "pick up the cup", noise=noise).actions
        np.testing.assert_allclose(again, first, rtol=1e-5, atol=1e-5)
        if noise is None:
            return
        other = policy.actions(observation, "pick up the cup", noise=-noise).actions
        assert np.abs(other - first).max() > 1e-3

    def test_without_noise_each_chunk_is_another_draw(self, policy: Policy, observation: Observation) -> None:
        one, two = (policy.actions(observation, "pick up the cup").actions for _ in range(2))
        draws = policy.metadata["takes_noise"] or policy.metadata["temperature"] > 0
        assert (np.abs(one - two).max() > 1e-3) == draws

    def test_nothing_it_is_given_is_changed(self, policy: Policy, observation: Observation) -> None:
        for array in (*observation.images.values(), observation.state):
            array.flags.writeable = False
        noise = self.noise(policy)
        if noise is not None:
            noise.flags.writeable = False
        policy.actions(observation, "pick up the cup", noise=noise)

    def test_frozen_steps_come_back_as_they_are(self, policy: Policy, observation: Observation) -> None:
        noise = self.noise(policy)
        before = policy.actions(observation, "pick up the cup").actions
        committed = Committed(actions=before[5:], frozen=3, execute=len(before) // 2)
        chunk = policy.actions(observation, "pick up the cup", committed=committed, noise=noise)
        np.testing.assert_array_equal(chunk.actions[:3], before[5:8])
        assert chunk.actions.shape == before.shape
        assert np.isfinite(chunk.actions).all()

    @pytest.mark.parametrize("frozen", [-1, 4])
    def test_more_frozen_steps_than_there_are(
        self, policy: Policy, observation: Observation, frozen: int
    ) -> None:
        plan = np.zeros((3, len(observation.state)))
        with pytest.raises(RequestError, match=f"{frozen} frozen steps"):
            policy.actions(observation, "pick up the cup", committed=Committed(plan, frozen=frozen))

    @pytest.mark.parametrize("counts", [{"frozen": 1.5}, {"frozen": 1, "execute": None}])
    def test_steps_that_are_no_whole_number(
        self, policy: Policy, observation: Observation, counts: dict[str, Any]
    ) -> None:
        committed = Committed(np.zeros((3, len(observation.state))), **counts)
        with pytest.raises(
            RequestError, match=r"(frozen|execute).* (1\.5|None); it .* (integer|whole number)"
        ):
            policy.actions(observation, "pick up the cup", committed=committed)

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_a_state_that_is_no_number(self, policy: Policy, observation: Observation, value: float) -> None:
        state = observation.state.copy()
        state[2] = value
        with pytest.raises(RequestError, match="finite"):
            policy.actions(replace(observation, state=state), "pick up the cup")

    def test_a_state_of_another_robot(self, policy: Policy, observation: Observation) -> None:
        with pytest.raises(RequestError, match="state"):
            policy.actions(replace(observation, state=observation.state[:-1]), "pick up the cup")

    def test_an_image_of_another_type(self, policy: Policy, observation: Observation) -> None:
        name, image = next(iter(observation.images.items()))
        images = {**observation.images, name: image.astype(np.int32)}
        with pytest.raises(RequestError, match=name):
            policy.actions(replace(observation, images=images), "pick up the cup")  # type: ignore[arg-type]

    def test_noise_that_cannot_be_used(self, policy: Policy, observation: Observation) -> None:
        noise = self.any_noise(policy)
        if not policy.metadata["takes_noise"]:
            with pytest.raises(RequestError, match="noise"):
                policy.actions(observation, "pick up the cup", noise=noise)
            return
        with pytest.raises(RequestError, match="noise"):
            policy.actions(observation, "pick up the cup", noise=noise[:-1])
        noise[0, 0] = np.nan
        with pytest.raises(RequestError, match="noise"):
            policy.actions(observation, "pick up the cup", noise=noise)

    def test_a_subtask_is_one_of_those_allowed(self, policy: Policy, observation: Observation) -> None:
        if "high" not in policy.metadata["levels"]:
            with pytest.raises(RequestError, match="subtask"):
                policy.subtask(observation, "set the table")
            return
        named = policy.subtask(observation, "set the table", allowed=PHRASES)
        assert named.text in PHRASES
        assert 1 / len(PHRASES) <= named.probability <= 1
        assert policy.subtask(observation, "set the table", allowed=PHRASES[:1]).probability == pytest.approx(
            1
        )
        with pytest.raises(RequestError, match="allowed"):
            policy.subtask(observation, "set the table", allowed=["  "])

    def test_a_free_subtask_has_a_probability(self, policy: Policy, observation: Observation) -> None:
        if "high" not in policy.metadata["levels"]:
            return
        named = policy.subtask(observation, "set the table")
        assert isinstance(named.text, str)
        assert 0 <= named.probability <= 1
        assert named.inference_ms > 0

    def test_warm_up_may_come_again(self, policy: Policy) -> None:
        policy.warm_up()
        policy.warm_up()
