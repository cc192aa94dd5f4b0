"""A program that records until the disk is full, goes on trying, closes, and checks what is there.

Usage: fills_a_disk.py FOLDER, a small file system
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np

from recordings import Dataset, DiskFull, Episode, EpisodeWriter, Outcome, encode_jpeg
from recordings.verify import verify_episode
from tests.recordings import recorded as example


def main() -> None:
    folder = Path(sys.argv[1])
    ballast = folder / "ballast"
    ballast.write_bytes(bytes(1 << 20))
    dataset = Dataset.open(folder / "set", create=True)
    writer = dataset.create_episode(example.spec())
    noise = np.random.default_rng(0).integers(0, 255, (example.HEIGHT, example.WIDTH, 3), dtype=np.uint8)
    frame = encode_jpeg(noise, 95)
    ticks, frames = _fill(writer, frame, first_tick=0)
    print(f"full after {ticks} ticks")

    # Room again: recording goes on, with nothing lost or doubled.
    ballast.unlink()
    more_ticks, more_frames = _fill(writer, frame, first_tick=ticks + 1000)
    assert more_ticks > 100, more_ticks
    ticks, frames = ticks + more_ticks, frames + more_frames

    info = writer.close(Outcome.FAILURE)
    assert writer.wait_settled()
    assert info.complete
    assert info.counts.ticks == ticks, (info.counts, ticks)
    assert info.counts.frames == {"front": frames, "left-wrist": 0}, (info.counts, frames)
    report = verify_episode(info.path)
    assert report.ok, report.errors
    assert len(Episode(info.path).state.time_ns) == ticks
    ballast.write_bytes(bytes(shutil.disk_usage(folder).free - (1 << 20)))
    try:
        dataset.create_episode(example.spec())
    except DiskFull as full:
        print(full)
    else:
        raise AssertionError("there cannot be room for another episode")
    assert [info.id for info in dataset.episodes()] == [info.id]
    assert not list(dataset.path.glob("episodes/.*")), "a refused episode leaves nothing"


def _fill(writer: EpisodeWriter, frame: bytes, *, first_tick: int) -> tuple[int, int]:
    """Append until everything is refused; ticks and frames that were taken."""
    taken = {"ticks": 0, "frames": 0}
    refused = 0
    vector = np.ones(example.SIZE, np.float32)
    for tick in range(first_tick, first_tick + 1_000_000):
        time_ns = example.START_NS + tick * example.TICK_NS
        try:
            writer.append_frame("front", time_ns, frame)
            taken["frames"] += 1
        except DiskFull as full:
            refused += 1
            if full.free_bytes > 1 << 20 or "Free some space" not in str(full):
                raise
        try:
            writer.append_tick(
                time_ns=time_ns,
                position=vector,
                velocity=vector,
                effort=vector,
                action_time_ns=time_ns,
                requested=vector,
                sent=vector,
                source=1,
            )
            taken["ticks"] += 1
        except DiskFull:
            refused += 1
        if refused > 200:
            return taken["ticks"], taken["frames"]
    raise AssertionError("the disk never became full")


if __name__ == "__main__":
    main()
