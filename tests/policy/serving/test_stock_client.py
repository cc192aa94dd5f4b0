"""openpi's own client, as published, talks to our server. `make setup` installs it apart from everything else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from policy.serving.access import ApiKey
from policy.serving.adapter import ServedPolicy
from tests.policy.serving.conftest import running, served_by_command
from tests.policy.serving.scripted import Scripted

STOCK_CLIENT = Path(sys.prefix) / "stock-client"

pytestmark = pytest.mark.skipif(
    not (STOCK_CLIENT / "openpi_client").is_dir(), reason="openpi's client is not there; type: make setup"
)


def run_client(port: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = str(Path(__file__).with_name("stock_client.py"))
    return subprocess.run(
        [sys.executable, program, str(port), *arguments],
        env={**os.environ, "PYTHONPATH": str(STOCK_CLIENT)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def test_a_stock_client_talks_to_our_server() -> None:
    scripted = Scripted()
    with running(ServedPolicy(scripted), api_key=ApiKey("a-key")) as server:
        ended = run_client(server.port, "a-key")
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
        ended = run_client(server.port, "another")
    assert ended.returncode == 1
    assert "401" in ended.stderr


def test_a_stock_client_talks_to_understudy_serve() -> None:
    with served_by_command("--preset", "pi05-small", "--random-weights") as url:
        ended = run_client(int(url.rpartition(":")[2]))
    assert ended.returncode == 0, ended.stderr
    seen: dict[str, Any] = json.loads(ended.stdout)
    assert seen["metadata"]["random_weights"] is True
    assert seen["keys"] == [["actions", "policy_timing", "server_timing"]] * 2
    assert np.shape(seen["actions"]) == np.shape(seen["after"]) == (50, 19)
    assert "RequestError: ['state'] is nan" in seen["error"]
