"""Checks of one camera: every frame, every shard's index, and its times against the state's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from recordings.align import nearest
from recordings.checks import check_times
from recordings.episode import CameraFrames, Episode
from recordings.errors import DamagedData, FrameMissing
from recordings.findings import Finding, error, info, warning
from recordings.journal import journal_path
from recordings.layout import FRAMES_PER_SHARD
from recordings.shard import read_index, shard_path
from recordings.spec import CameraSpec


def check_camera(
    episode: Episode, camera: CameraSpec, progress: Callable[[float], None]
) -> Iterator[Finding]:
    """Findings of one camera; `progress` is told the share of its frames done."""
    frames = episode.camera(camera.name)
    where = f"cameras/{camera.name}"
    yield from check_times(where, frames.time_ns, camera.rate_hz)
    yield from _every_frame(frames, where, progress)
    if episode.attributes.complete and not journal_path(episode.path).exists():
        yield from _indices(episode, frames, where)
    yield from _skew(episode, frames, where)


def _every_frame(frames: CameraFrames, where: str, progress: Callable[[float], None]) -> Iterator[Finding]:
    expected = (frames.camera.height_px, frames.camera.width_px, 3)
    damaged: list[str] = []
    missing: list[int] = []
    for index in range(len(frames)):
        try:
            if (shape := frames.frame(index).shape) != expected:
                damaged.append(f"frame {index} has shape {shape}, expected {expected}")
        except FrameMissing:
            missing.append(index)
        except DamagedData as reason:
            damaged.append(str(reason))
        if index % FRAMES_PER_SHARD == 0:
            progress(index / len(frames))
    progress(1.0)
    if damaged:
        seen = f"{len(damaged)} of {len(frames)}; the first: {damaged[0]}"
        yield error("frames are damaged", where, seen)
    if missing:
        first, since_s = missing[0], (frames.time_ns[missing[0]] - frames.time_ns[0]) / 1e9
        yield warning(
            "frames have no picture",
            where,
            f"{len(missing)} of {len(frames)}, the first is frame {first}, {since_s:.2f} s from the camera's start",
            "they were damaged and an earlier repair took them out, so there is nothing to do about them",
        )


def _indices(episode: Episode, frames: CameraFrames, where: str) -> Iterator[Finding]:
    """What plain zarr goes by must say the same as the rows."""
    sizes = episode.rows(where)["nbytes"].astype(np.int64)
    for start in range(0, len(frames), FRAMES_PER_SHARD):
        path = shard_path(episode.path / where / "frames", start // FRAMES_PER_SHARD)
        try:
            index = read_index(path).astype(np.int64)
        except DamagedData as reason:
            yield error("shard index is damaged", where, str(reason))
            continue
        part = sizes[start : start + FRAMES_PER_SHARD]
        expected = np.zeros_like(index)
        expected[: len(part), 0] = np.where(part > 0, np.cumsum(part) - part, 0)
        expected[: len(part), 1] = part
        if not np.array_equal(index, expected):
            row = start + int(np.argmax((index != expected).any(axis=1)))
            yield error("shard index differs from the rows", where, f"{path.name}, at frame {row}")


def _skew(episode: Episode, frames: CameraFrames, where: str) -> Iterator[Finding]:
    """How far each frame is from the nearest state row, and whether both streams cover the same time."""
    state_ns = episode.rows("state")["time_ns"]
    if not len(state_ns) or not len(frames) or np.any(np.diff(state_ns) <= 0):
        return
    gap_ms = np.abs(nearest(state_ns, frames.time_ns).gap_ns) / 1e6
    yield info("distance to state", where, f"median {np.median(gap_ms):.2f} ms, worst {gap_ms.max():.2f} ms")
    period_ms = 1e3 / frames.camera.rate_hz
    far = gap_ms > max(period_ms, 1e3 / episode.attributes.control_rate_hz)
    if far.any():
        seen = f"{int(far.sum())} frames are over a period away from any state row, the worst {gap_ms.max():.1f} ms"
        yield warning(
            "frames without state", where, seen, "see the events for a late start or a stalled loop"
        )
