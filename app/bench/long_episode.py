"""A long episode as a robot would have left it, written as fast as the disk takes it: to measure its review with."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.cli.outcome import CommandError
from drivers.cameras.pattern import shaded_picture
from recordings import (
    ActionSource,
    CameraSpec,
    Dataset,
    Environment,
    EpisodeInfo,
    EpisodeSpec,
    EpisodeWriter,
    Event,
    Outcome,
    encode_jpeg,
)

CAMERAS = ("front", "left_wrist", "right_wrist", "back")
CAMERA_HZ, CONTROL_HZ, SOUND_HZ = 30, 50, 16_000
BLOCK_SAMPLES = 480
TASK = "bench: a long episode"

PICTURES, BACKGROUNDS = 240, 16
JPEG_QUALITY = 82
EXPECTED_FRAME_BYTES = 37_000
"""What a picture takes; with the room asked for, a disk that has it is not filled."""
SPARE_BYTES = 2 << 30

_S = 1_000_000_000
_START_NS = 100 * _S
_NAMES = (
    *(f"{side}.joint_{number}" for side in ("left", "right") for number in range(1, 8)),
    "left.gripper",
    "right.gripper",
    "base.x",
    "base.y",
    "lift",
)
_TURNS = (ActionSource.TELEOP, ActionSource.POLICY, ActionSource.INTERVENTION, ActionSource.HOLD)


def bytes_needed(minutes: float) -> int:
    """About what an episode of this length takes."""
    return round(minutes * 60 * len(CAMERAS) * CAMERA_HZ * EXPECTED_FRAME_BYTES)


def write_long_episode(dataset: Dataset, *, minutes: float) -> EpisodeInfo:
    """Four cameras, state and action, sound and events, closed as the recorder closes and settled on the disk.

    Raises:
        CommandError: the disk has no room for it.
    """
    free, needed = shutil.disk_usage(dataset.path).free, bytes_needed(minutes)
    if free < needed + SPARE_BYTES:
        raise CommandError(
            f"an episode of {minutes:g} minutes takes about {needed / 2**30:.1f} GiB and {dataset.path} has "
            f"{free / 2**30:.1f} GiB free; choose a shorter one (--minutes) or another disk (--data)"
        )
    writer = dataset.create_episode(_spec())
    pictures, sound = _pictures(), _sound()
    for second in range(round(minutes * 60)):
        _write_second(writer, second, pictures, sound)
    info = writer.close(Outcome.SUCCESS)
    writer.wait_settled(600.0)
    return info


def drop_cached(folder: Path) -> None:
    """Have the system forget what it holds of a folder's files in memory: they are read from the disk again."""
    for path in _files(folder):
        file = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(file)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _write_second(
    writer: EpisodeWriter, second: int, pictures: list[bytes], sound: list[NDArray[np.int16]]
) -> None:
    start_ns = _START_NS + second * _S
    for tick in range(CONTROL_HZ):
        at_ns = start_ns + tick * _S // CONTROL_HZ
        seconds = (at_ns - _START_NS) / _S
        pose = np.sin(seconds / 7 * (1 + np.arange(len(_NAMES)) / 5)).astype(np.float32)
        writer.append_tick(
            time_ns=at_ns,
            position=pose,
            velocity=pose * 0.1,
            effort=pose * 0.01,
            action_time_ns=at_ns + 2_000_000,
            requested=pose * 1.01,
            sent=pose * 1.01,
            source=_TURNS[second // 25 % len(_TURNS)],
        )
    for number, camera in enumerate(CAMERAS):
        for frame in range(CAMERA_HZ):
            count = second * CAMERA_HZ + frame
            at_ns = start_ns + frame * _S // CAMERA_HZ + 1_000_000 * number
            writer.append_frame(camera, at_ns, pictures[(count + 60 * number) % PICTURES])
    blocks = SOUND_HZ // BLOCK_SAMPLES + (second % 3 == 0)  # 100 blocks in three seconds
    first = second * SOUND_HZ // BLOCK_SAMPLES + (second % 3 > 0)
    for block in range(first, first + blocks):
        at_ns = _START_NS + block * BLOCK_SAMPLES * _S // SOUND_HZ
        writer.append_audio(at_ns, sound[block % len(sound)])
    if second % 4 == 0:
        level = "warning" if second % 60 == 0 else "info"
        event = Event(time_ns=start_ns, kind="mode", source="bench", message="a turn", data={"level": level})
        writer.append_event(event)


def _spec() -> EpisodeSpec:
    return EpisodeSpec(
        task=TASK,
        environment=Environment(home="bench", room="", scene=""),
        operator="bench",
        robot_profile="synthetic",
        robot_profile_hash="",
        vector_names=_NAMES,
        vector_units=tuple("rad" if "joint" in name else "1" for name in _NAMES),
        cameras=tuple(CameraSpec(name=n, height_px=480, width_px=640, rate_hz=CAMERA_HZ) for n in CAMERAS),
        control_rate_hz=float(CONTROL_HZ),
        software_version="bench",
        jpeg_quality=JPEG_QUALITY,
    )


def _pictures() -> list[bytes]:
    """A few backgrounds, each moved on from picture to picture: drawing noise takes longer than encoding it."""
    backgrounds = [shaded_picture(480, 640, number=number) for number in range(BACKGROUNDS)]
    return [
        encode_jpeg(
            np.ascontiguousarray(np.roll(backgrounds[number * BACKGROUNDS // PICTURES], 4 * number, axis=1)),
            JPEG_QUALITY,
        )
        for number in range(PICTURES)
    ]


def _sound() -> list[NDArray[np.int16]]:
    """A minute, in blocks: words of half a second with pauses between them."""
    count = 60 * SOUND_HZ
    seconds = np.arange(count) / SOUND_HZ
    loudness = np.clip(np.sin(2 * np.pi * seconds / 1.3), 0, 1) * (np.sin(2 * np.pi * seconds / 20) > -0.3)
    samples = 9_000 * loudness * np.sin(2 * np.pi * 180 * seconds) + np.random.default_rng(0).normal(
        0, 40, count
    )
    return list(samples.astype(np.int16).reshape(-1, BLOCK_SAMPLES))
