"""Recordings to measure reading by: of the simulated kitchen's sizes and rates, with pictures like a camera's."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from recordings import (
    ActionSource,
    CameraSpec,
    Dataset,
    Environment,
    EpisodeSpec,
    EpisodeWriter,
    Outcome,
    encode_jpeg,
)
from recordings.metadata import update_attributes

CAMERAS = {"front": (240, 320), "left_wrist": (128, 128), "right_wrist": (128, 128), "back": (128, 128)}
"""As demonstrations are recorded: height and width."""

UNITS = (*("rad",) * 6, "opening", *("rad",) * 6, "opening", "m/s", "m/s", "rad/s", "m")
RATE_HZ, FRAME_ROWS = 50, 5
SUBTASKS = ("go to the counter", "take the cup", "put the cup in the sink")
TICK_NS = 1_000_000_000 // RATE_HZ
PICTURES = 24
SETTLES_WITHIN_S = 120.0


def write_episodes(folder: Path, count: int, *, seconds: float, seed: int, cameras: tuple[str, ...]) -> None:
    """Record episodes of random motion.

    Args:
        folder: Of the new dataset.
        count: How many.
        seconds: Of each.
        seed: Of the motion.
        cameras: Of `CAMERAS`.
    """
    rng = np.random.default_rng(seed)
    dataset = Dataset.open(folder, create=True)
    pictures = {
        name: [encode_jpeg(picture(rng, *CAMERAS[name]), 90) for _ in range(PICTURES)] for name in cameras
    }
    writers = []
    for number in range(count):
        writer = dataset.create_episode(spec(("tidy up", "cook")[number % 2], cameras))
        write(writer, round(seconds * RATE_HZ), rng, pictures)
        writer.close(Outcome.SUCCESS)
        writers.append(writer)
    for writer in writers:
        writer.wait_settled(SETTLES_WITHIN_S)


def multiply(folder: Path, count: int) -> None:
    """Copy a dataset's episodes, each under an id of its own, until there are so many."""
    infos = Dataset.open(folder).episodes()
    for number in range(len(infos), count):
        origin = infos[number % len(infos)]
        copy = origin.path.with_name(f"{origin.id}-copy-{number}")
        shutil.copytree(origin.path, copy)
        update_attributes(copy, {"id": copy.name}, durable=False)


def spec(task: str, cameras: tuple[str, ...]) -> EpisodeSpec:
    """What is known of such an episode beforehand."""
    return EpisodeSpec(
        task=task,
        environment=Environment(home="bench", room="kitchen", scene="none"),
        operator="bench",
        robot_profile="bench",
        robot_profile_hash="bench",
        vector_names=tuple(f"number_{number}" for number in range(len(UNITS))),
        vector_units=UNITS,
        cameras=tuple(CameraSpec(name, *CAMERAS[name], RATE_HZ / FRAME_ROWS) for name in cameras),
        control_rate_hz=float(RATE_HZ),
        software_version="bench",
    )


def write(
    writer: EpisodeWriter, rows: int, rng: np.random.Generator, pictures: dict[str, list[bytes]]
) -> None:
    """Fill an episode."""
    motion = np.cumsum(rng.normal(0.0, 0.01, (rows, len(UNITS))), axis=0)
    subtask = -1
    for row, position in enumerate(motion):
        time_ns = (row + 1) * TICK_NS
        if row % max(1, rows // len(SUBTASKS)) == 0:
            text = SUBTASKS[min(row * len(SUBTASKS) // rows, len(SUBTASKS) - 1)]
            subtask = writer.add_subtask(text, time_ns=time_ns)
        if row % FRAME_ROWS == 0:
            for name, its in pictures.items():
                writer.append_frame(name, time_ns - 1, its[int(rng.integers(len(its)))])
        writer.append_tick(
            time_ns=time_ns,
            position=position,
            velocity=position,
            effort=position,
            action_time_ns=time_ns + 1,
            requested=position + 0.01,
            sent=position + 0.01,
            source=ActionSource.TELEOP,
            subtask=subtask,
        )


def picture(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    """Smooth areas and a little noise, as a camera gives them."""
    coarse = rng.integers(0, 255, (height // 20, width // 20, 3), dtype=np.uint8)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float64)
    noisy: NDArray[np.uint8] = np.clip(smooth + rng.normal(0, 3, smooth.shape), 0, 255).astype(np.uint8)
    return noisy
