"""openpi's own client, as published, talks to our server. `make setup` installs it apart from everything else."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from policy.serving.access import ApiKey
from policy.serving.adapter import ServedPolicy
from tests.policy.serving.conftest import run_stock_client, running, stock_client_is_there
from tests.policy.serving.scripted import Scripted

pytestmark = stock_client_is_there


def test_a_stock_client_talks_to_our_server() -> None:
    scripted = Scripted()
    with running(ServedPolicy(scripted), api_key=ApiKey("a-key")) as server:
        ended = run_stock_client(server.port, "a-key")
    assert ended.returncode == 0, ended.stderr
    seen: dict[str, Any] = json.loads(ended.stdout)
    assert seen["metadata"]["name"] == "scripted"
    assert seen["keys"] == [["actions", "policy_timing", "server_timing"]] * 2
    assert seen["timing"] == [["infer_ms"], ["infer_ms", "prev_total_ms"]]
    expected = np.linspace(-1, 1, 8) + np.arange(3.0)[:, None]
    assert seen["dtype"] == "float64"
    assert seen["actions"] == seen["after"] == expected.tolist()
    assert seen["error"].startswith("Error in inference server:\nTraceback")
    assert "RequestError: ['state'] is nan, in 8 of 8 places" in seen["error"]
    observation = scripted.asked[0][0]
    assert observation.images["front"].shape == (224, 224, 3)


def test_a_stock_client_with_a_wrong_key_is_refused() -> None:
    with running(ServedPolicy(Scripted()), api_key=ApiKey("a-key")) as server:
        ended = run_stock_client(server.port, "another")
    assert ended.returncode == 1
    assert "401" in ended.stderr
