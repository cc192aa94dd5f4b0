"""A small episode with every stream in it, and what was put in, to compare with what comes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recordings import (
    ActionSource,
    CameraSpec,
    Dataset,
    Environment,
    EpisodeSpec,
    EpisodeWriter,
    Event,
    FrameEncoding,
    Outcome,
    encode_jpeg,
    encode_jpegxl,
)

SIZE = 4
HEIGHT, WIDTH = 24, 32
START_NS = 5_000_000_000
TICK_NS = 20_000_000
FRAME_NS = 40_000_000


def spec(*, encoding: FrameEncoding = FrameEncoding.JPEG) -> EpisodeSpec:
    return EpisodeSpec(
        task="put the plate into the sink",
        environment=Environment(home="flat 3", room="kitchen", scene="evening"),
        operator="Ada",
        robot_profile="two-joints",
        robot_profile_hash="5f2a",
        vector_names=("shoulder", "elbow", "gripper", "lift"),
        vector_units=("rad", "rad", "1", "m"),
        vector_limits=((-1e6, 1e6), (None, None), (None, None), (None, None)),
        cameras=(CameraSpec("front", HEIGHT, WIDTH, 25.0), CameraSpec("left-wrist", HEIGHT, WIDTH, 25.0)),
        control_rate_hz=50.0,
        software_version="1.2.3",
        tags=("plates",),
        simulation_state_size=5,
        frame_encoding=encoding,
    )


def picture(number: int) -> NDArray[np.uint8]:
    """A plain picture that survives JPEG nearly as it is and tells its number."""
    return np.full((HEIGHT, WIDTH, 3), (number * 7) % 250, np.uint8)


@dataclass
class Recorded:
    """What was appended."""

    position: list[NDArray[np.float32]] = field(default_factory=list)
    sent: list[NDArray[np.float32]] = field(default_factory=list)
    frames: dict[str, list[bytes]] = field(default_factory=dict)
    audio: list[NDArray[np.int16]] = field(default_factory=list)


def write(writer: EpisodeWriter, *, ticks: int) -> Recorded:
    """Append `ticks` ticks and all that belongs to them: half as many frames of each camera."""
    recorded = Recorded(frames={camera.name: [] for camera in writer.spec.cameras})
    encode = encode_jpegxl if writer.spec.frame_encoding is FrameEncoding.JPEGXL else _jpeg
    subtask = -1
    for tick in range(ticks):
        time_ns = START_NS + tick * TICK_NS
        if tick % 100 == 0:
            subtask = writer.add_subtask(f"step {tick // 100}", time_ns=time_ns)
            writer.append_event(
                Event(time_ns=time_ns, kind="subtask", source="session", message="new", data={"tick": tick})
            )
        position = np.arange(SIZE, dtype=np.float32) + tick
        writer.append_tick(
            time_ns=time_ns,
            position=position,
            velocity=-position,
            effort=position * 0.5,
            action_time_ns=time_ns + 1_000_000,
            requested=position + 1,
            sent=position + 0.5,
            source=ActionSource.TELEOP,
            subtask=subtask,
            chunk=tick // 50,
        )
        recorded.position.append(position)
        recorded.sent.append(position + 0.5)
        writer.append_simulation(time_ns, np.arange(5) + tick / 7)
        if tick % 2 == 0:
            for camera in writer.spec.cameras:
                frame = encode(picture(tick // 2))
                writer.append_frame(camera.name, time_ns + 3_000_000, frame)
                recorded.frames[camera.name].append(frame)
    return recorded


def write_audio(writer: EpisodeWriter, recorded: Recorded, *, blocks: int, samples: int = 1_600) -> None:
    """Append sound that crosses chunk borders."""
    for block in range(blocks):
        values = (np.arange(samples) + block * 31).astype(np.int16)
        writer.append_audio(START_NS + block * samples * 62_500, values)
        recorded.audio.append(values)


def closed_episode(folder: Path, *, ticks: int = 400) -> Path:
    """A complete episode that is on the disk for good; its path."""
    writer = Dataset.open(folder, create=True).create_episode(spec())
    write(writer, ticks=ticks)
    info = writer.close(Outcome.SUCCESS)
    writer.wait_settled()
    return info.path


def _jpeg(rgb: NDArray[np.uint8]) -> bytes:
    return encode_jpeg(rgb, 90)
