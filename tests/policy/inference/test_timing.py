"""The bench's figures: there, plausible, and of the same actions by both paths."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from app.cli.main import main
from policy import presets
from policy.inference import timing, untrained
from policy.inference.runtime import dtype_named, runtime
from policy.inference.techniques import NAMES
from policy.presets import PI05_MEDIUM, PRESETS, GemmaConfig, Pi0Config, VisionConfig


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """A preset for tests, for what is timed does not matter here."""
    tower = GemmaConfig(width=32, depth=2, mlp_width=64, heads=4, head_dim=8)
    sizes = Pi0Config(
        kind="pi05",
        vision=VisionConfig(width=32, depth=1, mlp_width=64, heads=2, image_size=56),
        language=tower,
        expert=tower,
        vocab_size=2048,
        action_horizon=10,
        max_prompt_tokens=96,
    )
    for module in (presets, untrained):  # the command asks the one, and the measuring the other
        monkeypatch.setattr(module, "PRESETS", {**PRESETS, "tiny": sizes})


def test_every_part_is_timed_and_both_paths_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "EACH_REPEATS", 1)
    timings = timing.measure("tiny", dtype=torch.float32, device="cpu", repeats=2)
    assert timings.max_abs_deviation < 1e-4
    assert timings.largest_action > 0.1
    assert 0 < timings.prefix_ms + 10 * timings.denoise_step_ms < 5 * timings.actions_ms
    assert timings.subtask_tokens_per_s > 0
    assert timings.subtask_ms > 0
    assert timings.phrases_ms > 0
    left_out = {"nothing", *NAMES} - {"state_once", "cuda_graph"}
    assert set(timings.without_ms) == left_out
    assert min(timings.without_ms.values()) > 0
    assert set(timings.slower_without) == left_out - {"nothing"}
    assert min(timings.slower_without.values()) > 0
    assert 18 < timings.prompt_tokens < 60, (
        "a small model's own vocabulary has a token for each number of the state"
    )


def test_nothing_to_repeat_is_refused() -> None:
    with pytest.raises(ValueError, match="0 repeats; at least 1"):
        timing.measure("tiny", dtype=torch.float32, device="cpu", repeats=0)


def test_prompts_are_about_as_long_as_palige_mmas_would_be() -> None:
    """Its vocabulary spells each digit: a state of 18 numbers takes about 70 tokens."""
    vocabulary = timing.vocabulary(PI05_MEDIUM)
    assert len(vocabulary.encode("127 128 129")) >= 9


def test_the_command_writes_its_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "figures.json"
    threads = torch.get_num_threads()
    arguments = ["--preset", "tiny", "--repeats", "1", "--dtype", "both", "--brief", "--device", "cpu"]
    try:
        main(["bench", "policy", *arguments, "--threads", "1", "--json", str(file)])
    finally:
        torch.set_num_threads(threads)
    figures = json.loads(file.read_text())
    names = {
        "speedup_vs_plain",
        "max_abs_deviation",
        "prefix_ms",
        "denoise_step_ms",
        "subtask_tokens_per_s",
        "actions_ms",
    }
    assert names <= set(figures)
    assert names <= set(figures["bfloat16"])
    assert figures["dtype"] == "float32"
    assert figures["max_abs_deviation"] < 1e-4
    assert figures["machine_cores"] >= 1
    assert "speedup_vs_plain" in capsys.readouterr().out


def test_a_device_or_dtype_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="no device 'tpu' on this machine"):
        runtime("tpu")
    with pytest.raises(ValueError, match="threads must be 1 or more"):
        runtime("cpu", threads=0)
    with pytest.raises(ValueError, match="no dtype 'int8'"):
        dtype_named("int8")
