"""Several processes train what one does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from policy.model.initialise import initialise
from policy.model.pi0 import Pi0
from policy.training.curves import read_lines
from policy.training.parallel import Group
from tests.policy.training import synthetic

ROOT = Path(__file__).parents[3]


def started(run: Path, *, rank: int, world: int, port: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(world),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "tests.policy.training.together", str(run)], env=environment, cwd=ROOT
    )


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.mark.timeout(300)
def test_two_processes_reach_what_one_reaches(tmp_path: Path) -> None:
    port = free_port()
    processes = [
        started(tmp_path / "one", rank=0, world=1, port=port),
        *(started(tmp_path / "two", rank=rank, world=2, port=port) for rank in range(2)),
    ]
    assert [process.wait(280) for process in processes] == [0, 0, 0]
    one, two = (
        load_file(tmp_path / name / "checkpoints" / "000012" / "model.safetensors") for name in ("one", "two")
    )
    model = Pi0(synthetic.TINY)
    initialise(model, generator=torch.Generator().manual_seed(0))
    begun = {name: weight.detach() for name, weight in model.named_parameters()}
    # A softmax does not see the keys' bias. Its gradient is nothing but rounding, of which Adam makes whole steps.
    compared = [name for name in one if name in begun and not name.endswith("k_proj.bias")]
    assert max(float((one[name] - two[name]).abs().max()) for name in compared) < 1e-5
    assert sum(float((one[name] - begun[name]).square().sum()) for name in compared) > 1.0
    lines = [read_lines(tmp_path / name / "curves.jsonl")[-1] for name in ("one", "two")]
    losses = [
        torch.tensor([line[f"loss/{name}"] for name in ("total", "text", "fast", "flow")]) for line in lines
    ]
    assert torch.allclose(*losses, atol=1e-4)


def test_a_batch_that_processes_cannot_share_is_refused() -> None:
    assert Group(0, 4).share(32) == 8
    with pytest.raises(ValueError, match="a batch of 30 cannot be shared by 4 processes; make it a multiple"):
        Group(0, 4).share(30)
