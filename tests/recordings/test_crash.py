"""What a `kill -9` leaves: everything that was appended, readable at once and whole after repair."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import zarr

from recordings import Dataset, Episode, EpisodeInUse
from recordings.repair import repair_episode
from recordings.verify import verify_episode
from tests.recordings import recorded as example

REPOSITORY = Path(__file__).parents[2]


def _record_and_kill(dataset: Path, *, after_s: float, close_after_ticks: int) -> dict[str, int]:
    """Ticks that the killed program had appended to each of its episodes."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.recordings.endless_recording", str(dataset), str(close_after_ticks)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    said = child.stdout.readline()  # it has begun
    os.set_blocking(child.stdout.fileno(), False)
    deadline = time.monotonic() + after_s
    while time.monotonic() < deadline:
        said += child.stdout.read() or b""
        time.sleep(0.001)
    child.kill()
    child.wait()
    os.set_blocking(child.stdout.fileno(), True)
    said += child.stdout.read()
    child.stdout.close()
    done: dict[str, int] = {}
    for line in said.decode().splitlines(keepends=True):
        if line.endswith("\n"):
            name, ticks = line.split()
            done[name] = int(ticks)
    return done


@pytest.mark.parametrize("seed", range(6))
def test_nothing_appended_is_lost(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    close_after_ticks = chance.choice([30, 400, 10**9])
    done = _record_and_kill(
        tmp_path / "set", after_s=chance.uniform(0.0, 0.5), close_after_ticks=close_after_ticks
    )
    dataset = Dataset.open(tmp_path / "set")
    listed = dataset.episodes()
    assert [info for info in listed if info.problem] == []
    assert set(done) <= {info.id for info in listed}
    assert not any(info.recording for info in listed)
    for info in listed:
        episode = dataset.episode(info.id)
        ticks = len(episode.state.time_ns)
        assert done.get(info.id, 0) <= ticks <= close_after_ticks
        assert np.array_equal(episode.action.sent[:, 0], np.arange(ticks))
        for camera in ("front", "left-wrist"):
            assert ticks - 1 <= len(episode.camera(camera)) <= ticks
            if ticks > 1:
                episode.camera(camera).frame(-1)

        report = repair_episode(info.path)
        assert report.counts.ticks == ticks
        assert verify_episode(info.path).errors == ()
        assert repair_episode(info.path).changed is False
        assert dataset.episode(info.id).info.complete
        group = zarr.open_group(info.path, mode="r")
        assert group["state/position"].shape == (ticks, example.SIZE)
        frames = group["cameras/front/frames"]
        for index in range(0, frames.shape[0], 149):
            assert abs(int(frames[index].mean()) - int(example.picture(index % 50).mean())) <= 2
        assert list(group.members(max_depth=None))


def test_an_episode_that_is_being_written_is_not_repaired(tmp_path: Path) -> None:
    dataset = Dataset.open(tmp_path / "set", create=True)
    with dataset.create_episode(example.spec()) as writer:
        example.write(writer, ticks=10)
        with pytest.raises(EpisodeInUse, match="still being written"):
            repair_episode(writer.path)
        with pytest.raises(EpisodeInUse):
            dataset.trash(writer.path.name)
        assert [finding.what for finding in verify_episode(writer.path).errors] == ["is being recorded"]


def test_a_repair_that_is_cut_off_is_simply_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = _record_and_kill(tmp_path / "set", after_s=0.3, close_after_ticks=10**9)
    ((name, ticks),) = done.items()
    path = tmp_path / "set" / "episodes" / name

    class PowerCut(Exception):
        pass

    real_write = os.pwrite
    writes_left = 0

    def write_some(file: int, data: bytes, offset: int) -> int:
        nonlocal writes_left
        if not writes_left:
            raise PowerCut
        writes_left -= 1
        return real_write(file, data, offset)

    monkeypatch.setattr(os, "pwrite", write_some)
    for writes in (0, 7, 30, 50):
        writes_left = writes
        with pytest.raises(PowerCut):
            repair_episode(path)
        assert len(Episode(path).state.time_ns) >= ticks
    monkeypatch.undo()
    assert repair_episode(path).counts.ticks >= ticks
    assert verify_episode(path).errors == ()
