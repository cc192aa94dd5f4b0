"""The bench of reviewing: its episode is a sound one, and a short run of the whole."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.bench import long_episode
from app.bench.long_episode import CAMERAS, bytes_needed, drop_cached, write_long_episode
from app.bench.timeline import prepared
from app.cli.outcome import CommandError
from recordings import Dataset
from recordings.verify import verify_episode


@pytest.fixture(autouse=True)
def _few_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_episode, "PICTURES", 4)
    monkeypatch.setattr(long_episode, "BACKGROUNDS", 2)


def test_the_episode_has_every_stream_at_its_rate(tmp_path: Path) -> None:
    dataset = Dataset.open(tmp_path / "set", create=True)
    info = write_long_episode(dataset, minutes=0.1)
    assert verify_episode(info.path).errors == ()
    episode = dataset.episode(info.id)
    assert [len(episode.camera(name)) for name in CAMERAS] == [180] * 4
    assert len(episode.state.time_ns) == 300
    audio = episode.audio
    assert audio is not None
    assert audio.duration_s == pytest.approx(6, abs=0.04)
    assert np.ptp(np.diff(audio.time_ns)) <= 1, "block on block, without a gap"
    assert len(episode.events) == 2
    drop_cached(info.path)
    assert dataset.episode(info.id).camera("back").frame(179).shape == (480, 640, 3)


def test_it_is_made_once(tmp_path: Path) -> None:
    made = prepared(tmp_path / "set", 0.05)
    assert prepared(tmp_path / "set", 0.05) == made
    assert len(Dataset.open(tmp_path / "set").episodes()) == 2


def test_a_disk_without_room_is_not_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_episode, "SPARE_BYTES", 1 << 60)
    dataset = Dataset.open(tmp_path / "set", create=True)
    assert 6 < bytes_needed(30) / 2**30 < 9
    with pytest.raises(CommandError, match=r"takes about 7\.4 GiB and .* free; choose a shorter one"):
        write_long_episode(dataset, minutes=30)
    assert dataset.episodes() == []


@pytest.mark.timeout(240)
def test_a_short_run_measures_everything(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    options = ["--minutes", "0.2", "--seeks", "5", "--seconds", "1", "--labels", "500", "--json", str(path)]
    command = [sys.executable, "-m", "app.cli.main", "bench", "timeline", *options]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert path.exists(), ended.stderr
    figures = json.loads(path.read_text())
    # How well they are kept is for an idle machine to say; that they are there and true, for any.
    assert figures["episode_s"] == pytest.approx(12, abs=0.1)
    assert 0 < figures["open_s"] <= figures["open_all_s"]
    assert 0 < figures["seek_median_ms"] <= figures["seek_p95_ms"]
    assert 0 <= figures["playback_late_fraction"] <= 1
    assert figures["pan_hz"] > 0
    assert 0 < figures["memory_mib"] < 2000
