"""What `understudy serve` serves answers over the wire with the numbers of openpi's own policy."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from safetensors.torch import load_file as load_torch_file
from safetensors.torch import save_file

from app.cli.main import build_parser
from app.cli.servable import load_servable
from policy.serving.client import PolicyClient
from policy.serving.remote import RemotePolicy
from policy.types import Committed, Observation
from tests.policy.serving.conftest import (
    run_stock_client,
    running,
    served_by_command,
    stock_client_is_there,
)

GOLDEN = Path(__file__).parents[2] / "golden"
POLICIES: dict[str, Any] = json.loads((GOLDEN / "policy.json").read_text())

GEMMA_NORMS = re.compile(r".*\.(language_model|gemma_expert\.model)\.(.*layernorm|norm)\.weight")


def as_in_that_run(name: str, folder: Path) -> Path:
    """A golden checkpoint with the weights of Gemma's plain norms as openpi had them when it made the answers.

    Its constructor makes them in bfloat16, and the step that widens them was switched off in that run, see item 4 of
    the golden README.
    """
    checkpoint = folder / name
    shutil.copytree(GOLDEN / "ckpt" / name, checkpoint)
    weights = load_torch_file(checkpoint / "model.safetensors")
    for key in filter(GEMMA_NORMS.fullmatch, list(weights)):
        weights[key] = weights[key].bfloat16().float()
    save_file(weights, checkpoint / "model.safetensors")
    return checkpoint


@pytest.mark.parametrize("name", sorted(path.name for path in (GOLDEN / "ckpt").iterdir()))
def test_a_served_checkpoint_answers_as_openpi_does(name: str, tmp_path: Path) -> None:
    facts, vectors = POLICIES[name], load_file(GOLDEN / f"policy_{name}.safetensors")
    images = {
        key.partition("|")[2]: value for key, value in vectors.items() if key.startswith("in.obs.images|")
    }
    request = {"images": images, "state": vectors["in.obs.state"], "prompt": facts["prompt"]}
    command_line = ["serve", str(as_in_that_run(name, tmp_path)), "--config", facts["train_config"]]
    command_line += ["--tokenizer", str(GOLDEN / "tiny_sp.model"), "--vision-heads", "4", "--device", "cpu"]
    served = load_servable(build_parser().parse_args(command_line))
    kind = facts["train_config"].partition("_")[0]
    assert served.what == f"{name} ({kind}, for aloha, chunks of 50 × 14, float32 on cpu)"
    with running(served.policy) as server, PolicyClient(server.url) as client:
        assert client.metadata["reset_pose"] == [0, -1.5, 1.5, 0, 0, 0]
        reply = client.infer({**request, "noise": vectors["in.noise"]})
        other = client.infer(request)
    assert reply["actions"].dtype == np.float64
    np.testing.assert_allclose(reply["actions"], vectors["out.actions"], atol=1e-4, rtol=1e-4)
    assert other["actions"].shape == vectors["out.actions"].shape
    assert np.abs(other["actions"] - reply["actions"]).max() > 1e-3, "noise is drawn where none is sent"


@pytest.fixture(scope="module")
def random_url() -> Iterator[str]:
    """Where the very command serves a small policy of random weights."""
    with served_by_command("--preset", "pi05-small", "--random-weights") as url:
        yield url


def test_a_policy_of_random_weights_can_be_asked_for_everything(random_url: str) -> None:
    observation = Observation(
        images={"front": np.zeros((60, 80, 3), np.uint8), "left_wrist": np.full((60, 80, 3), 99, np.uint8)},
        state=np.linspace(-0.5, 0.5, 18),
        captured_ns=10**9,
    )
    policy = RemotePolicy(lambda: PolicyClient(random_url))
    with policy:
        assert policy.metadata["random_weights"] is True
        chunk = policy.actions(observation, "go")
        assert chunk.actions.shape == (50, 18)
        assert chunk.target_ns[:2].tolist() == [10**9, 10**9 + 20_000_000]
        committed = Committed(actions=chunk.actions[5:], frozen=4, execute=25)
        following = policy.actions(observation, "go", committed=committed)
        np.testing.assert_allclose(following.actions[:4], chunk.actions[5:9], atol=1e-6)
        named = policy.subtask(observation, "tidy", allowed=["stop", "go on"])
        assert named.text in ("stop", "go on")
        assert 0 < named.probability <= 1


@stock_client_is_there
def test_a_stock_client_talks_to_understudy_serve(random_url: str) -> None:
    ended = run_stock_client(int(random_url.rpartition(":")[2]))
    assert ended.returncode == 0, ended.stderr
    seen: dict[str, Any] = json.loads(ended.stdout)
    assert seen["metadata"]["random_weights"] is True
    assert seen["keys"] == [["actions", "policy_timing", "server_timing"]] * 2
    assert np.shape(seen["actions"]) == np.shape(seen["after"]) == (50, 18)
    assert "RequestError: ['state'] is nan" in seen["error"]
