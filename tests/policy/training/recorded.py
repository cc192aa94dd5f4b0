"""Small recordings to learn from: numbers and pictures that tell which row and frame they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from policy.training.recipe import Data
from policy.training.samples import SampleForm, Source
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

TICK_NS = 20_000_000
ROWS_PER_FRAME = 5
START_NS = 7_000_000_000
HEIGHT, WIDTH = 48, 64
NAMES = ("shoulder", "gripper", "forward")
UNITS = ("rad", "1", "m/s")
CUP, LID = "pick up the cup", "close the lid"
ASKED_MORE = 0.5
"""How much more is asked for than is sent."""


def form(**changes: object) -> SampleForm:
    """What samples have to fit in these tests."""
    values: dict[str, object] = {
        "image_size": 32,
        "horizon": 10,
        "cameras_low": ("base_0_rgb", "right_wrist_0_rgb"),
        "cameras_high": ("base_0_rgb",),
        "crops": {},
    }
    return SampleForm(**(values | changes))  # type: ignore[arg-type]


def data(folder: Path, **changes: object) -> Data:
    """What a recipe says of these recordings."""
    values: dict[str, object] = {"source": Source.MM, "dataset": folder, "stride": 1}
    return Data(**(values | changes))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Plan:
    """An episode to record.

    Attributes:
        rows: Ticks.
        task: Of the episode.
        spells: First row, subtask (empty for none) and who drove, of each part.
        late_rows: Before each of these rows nothing was recorded for a second.
        holes: Rows whose state has a NaN.
        unsent: Rows whose action has a NaN.
        cameras: By name.
        without_frames: Rows from and to which no camera gave a frame.
        outcome: As judged.
        tags: Of the episode.
        robot: Name of the profile.
        number: Makes its pictures and numbers different from other episodes'.
    """

    rows: int = 100
    task: str = "tidy up"
    spells: Sequence[tuple[int, str, ActionSource]] = ((0, CUP, ActionSource.TELEOP),)
    late_rows: Sequence[int] = ()
    holes: Sequence[int] = ()
    unsent: Sequence[int] = ()
    cameras: Sequence[str] = ("front", "right_wrist")
    without_frames: tuple[int, int] = (0, 0)
    outcome: Outcome = Outcome.SUCCESS
    tags: Sequence[str] = ()
    robot: str = "two-joints"
    number: int = 0


def spec(plan: Plan, *, height: int = HEIGHT, width: int = WIDTH) -> EpisodeSpec:
    return EpisodeSpec(
        task=plan.task,
        environment=Environment(home="flat 3", room="kitchen", scene="evening"),
        operator="Ada",
        robot_profile=plan.robot,
        robot_profile_hash="5f2a",
        vector_names=NAMES,
        vector_units=UNITS,
        cameras=tuple(CameraSpec(name, height, width, 10.0) for name in plan.cameras),
        control_rate_hz=50.0,
        software_version="1.2.3",
        tags=tuple(plan.tags),
    )


def position(plan: Plan, row: int) -> NDArray[np.float32]:
    return np.array([plan.number + row / 100, row % 7 / 7, 0.3], np.float32)


def sent(plan: Plan, row: int) -> NDArray[np.float32]:
    return position(plan, row) + np.float32(0.5)


def image(plan: Plan, row: int, camera: int) -> NDArray[np.uint8]:
    """Left half and right half differ, and both tell episode, row and camera."""
    pixels = np.full((HEIGHT, WIDTH, 3), (plan.number * 31 + row) % 200, np.uint8)
    pixels[:, WIDTH // 2 :] += 40
    pixels[..., 1] = 60 + 50 * camera
    return pixels


def record(dataset: Path, *plans: Plan) -> list[str]:
    """Record episodes; their ids."""
    folder = Dataset.open(dataset, create=True)
    writers = []
    for plan in plans:
        writers.append(folder.create_episode(spec(plan)))
        write(writers[-1], plan)
        writers[-1].close(plan.outcome)
    for writer in writers:  # disks take their time, and take it together
        writer.wait_settled()
    return [writer.path.name for writer in writers]


def write(writer: EpisodeWriter, plan: Plan) -> None:
    times = row_times(plan)
    starts = {row: (text, source) for row, text, source in plan.spells}
    subtask, source = -1, ActionSource.HOLD
    for row, time_ns in enumerate(times):
        if row in starts:
            text, source = starts[row]
            subtask = writer.add_subtask(text, time_ns=time_ns) if text else -1
        state, action = position(plan, row), sent(plan, row)
        if row in plan.holes:
            state[0] = np.nan
        if row in plan.unsent:
            action[1] = np.nan
        first, last = plan.without_frames
        if row % ROWS_PER_FRAME == 0 and not first <= row < last:
            for number, camera in enumerate(plan.cameras):
                writer.append_frame(camera, time_ns - 1_000_000, encode_jpeg(image(plan, row, number), 95))
        writer.append_tick(
            time_ns=time_ns,
            position=state,
            velocity=np.zeros(3),
            effort=np.zeros(3),
            action_time_ns=time_ns + 1_000_000,
            requested=action + ASKED_MORE,
            sent=action,
            source=source,
            subtask=subtask,
        )


def row_times(plan: Plan) -> list[int]:
    times, at = [], START_NS
    for row in range(plan.rows):
        at += TICK_NS + (1_000_000_000 if row in plan.late_rows else 0)
        times.append(at)
    return times
