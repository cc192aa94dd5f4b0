"""One step at a time, as openpi's broker hands them out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from policy.serving.broker import ActionChunkBroker
from policy.serving.client_errors import BadReply

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "wire" / "wire.json").read_text())
STEPS = GOLDEN["_action_chunk_broker_horizon3_chunk4"]


class Counting:
    """Chunks of 4 × 3 that tell which call they are from."""

    calls = 0

    def infer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self.calls += 1
        actions = 100 * self.calls + np.arange(12, dtype=np.float32).reshape(4, 3)
        return {
            "actions": actions,
            "scalar": np.float32(7),
            "policy_timing": {"infer_ms": 1.0},
            "list": [actions],
        }


def test_hands_out_steps_as_openpi_does() -> None:
    policy = Counting()
    broker = ActionChunkBroker(policy.infer, horizon=3)
    for expected in STEPS:
        if expected["reset_before"]:
            broker.reset()
        got = broker.infer({})
        assert got["actions"].tolist() == expected["actions"]
        assert got["list"][0].tolist() == expected["actions"]
        assert got["scalar"].dtype == expected["scalar_type"]
        assert got["policy_timing"] == expected["policy_timing"]
        assert policy.calls == expected["inner_calls"]


def test_tuples_are_taken_apart_whatever_their_names() -> None:
    class Pair(NamedTuple):
        actions: Any
        why: str

    broker = ActionChunkBroker(lambda _: {"pair": Pair(np.arange(6).reshape(3, 2), "why")}, horizon=3)
    assert [broker.infer({})["pair"][0].tolist() for _ in range(3)] == [[0, 1], [2, 3], [4, 5]]


def test_a_chunk_shorter_than_the_horizon_is_named_before_a_step_is_taken() -> None:
    broker = ActionChunkBroker(Counting().infer, horizon=5)
    with pytest.raises(
        BadReply, match=r"\['actions'\] has shape \[4, 3\], fewer steps than the horizon of 5"
    ):
        broker.infer({})
    with pytest.raises(ValueError, match="at least one step"):
        ActionChunkBroker(Counting().infer, horizon=0)
