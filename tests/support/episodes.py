"""Real episodes on disk, small, for tests of whatever reads them."""

from __future__ import annotations

import numpy as np

from recordings import (
    CameraSpec,
    Dataset,
    Environment,
    EpisodeInfo,
    EpisodeSpec,
    EpisodeWriter,
    Outcome,
    encode_jpeg,
)

TICK_NS = 20_000_000


def small_spec(task: str = "pick up the plate") -> EpisodeSpec:
    """Three numbers at 50 Hz and one camera of 32x24 at 25 Hz."""
    return EpisodeSpec(
        task=task,
        environment=Environment(home="test home", room="kitchen", scene="bare"),
        operator="tester",
        robot_profile="three-joints",
        robot_profile_hash="0123456789abcdef",
        vector_names=("shoulder", "elbow", "gripper"),
        vector_units=("rad", "rad", "1"),
        cameras=(CameraSpec("front", height_px=24, width_px=32, rate_hz=25.0),),
        control_rate_hz=50.0,
        software_version="test",
    )


def begin_episode(
    dataset: Dataset, *, seconds: float = 0.4, task: str = "pick up the plate"
) -> EpisodeWriter:
    """An episode with rows and frames that is still open."""
    writer = dataset.create_episode(small_spec(task))
    picture = np.full((24, 32, 3), 90, np.uint8)
    for tick in range(round(seconds * 50)):
        time_ns = 1_000_000_000 + tick * TICK_NS
        pose = np.full(3, tick * 0.01, np.float32)
        writer.append_tick(
            time_ns=time_ns,
            position=pose,
            velocity=np.zeros(3),
            effort=np.zeros(3),
            action_time_ns=time_ns + 1_000_000,
            requested=pose,
            sent=pose,
            source=1,
        )
        if tick % 2 == 0:
            writer.append_frame("front", time_ns, encode_jpeg(picture, 90))
    return writer


def record_episode(
    dataset: Dataset,
    *,
    seconds: float = 0.4,
    task: str = "pick up the plate",
    outcome: Outcome = Outcome.SUCCESS,
) -> EpisodeInfo:
    """A complete episode, on the disk for good."""
    writer = begin_episode(dataset, seconds=seconds, task=task)
    info = writer.close(outcome)
    writer.wait_settled()
    return info
