"""The bench of reading: that it reads what it says, and that copies count as episodes of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.bench.training_episodes import multiply, write_episodes
from app.cli.main import main
from recordings import Dataset


def test_reading_and_statistics_are_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    json_path = tmp_path / "figures.json"
    sizes = ["--episodes", "2", "--batches", "2", "--workers", "1", "--steps", "0", "--stats-episodes", "3"]
    assert main(["bench", "training", *sizes, "--json", str(json_path)]) == 0
    figures = json.loads(json_path.read_text())
    # 400 rows, every fifth, low and high.
    assert figures["samples"] == 2 * 80 * 2
    assert figures["samples_per_s"] > 0
    assert figures["read_ms"] > 0
    assert figures["norm_stats_episodes"] == 3
    assert "samples_per_s" in capsys.readouterr().out


def test_copies_are_whole_episodes(tmp_path: Path) -> None:
    write_episodes(tmp_path / "many", 1, seconds=0.5, seed=0, cameras=("back",))
    multiply(tmp_path / "many", 4)
    dataset = Dataset.open(tmp_path / "many")
    infos = dataset.episodes()
    assert len(infos) == 4
    assert all(info.complete and dataset.episode(info.id).attributes.id == info.id for info in infos)
