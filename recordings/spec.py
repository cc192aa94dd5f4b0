"""What an episode is told to be before its first row: frozen values, parsed once."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=1)]
PositiveRate = Annotated[float, Meta(gt=0)]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=64)]


class Outcome(StrEnum):
    """How the operator judged an episode; `UNSET` until somebody does."""

    UNSET = "unset"
    SUCCESS = "success"
    FAILURE = "failure"


class ActionSource(IntEnum):
    """Who asked for an action: the codes stored in `action/source`.

    `POLICY` names its own subtasks, `VERBAL` is the same policy under a subtask that a person named. `INTERVENTION` is
    teleoperation that took over from either or from a replay, until the operator leaves it again.
    """

    HOLD = 0
    TELEOP = 1
    POLICY = 2
    REPLAY = 3
    INTERVENTION = 4
    VERBAL = 5


class FrameEncoding(StrEnum):
    """How frames are stored: JPEG, or lossless JPEG XL at about four times the size."""

    JPEG = "jpeg"
    JPEGXL = "jpegxl"


class Environment(msgspec.Struct, frozen=True):
    """Where an episode was recorded; generalisation is counted in these, so all three belong to every episode."""

    home: str
    room: str
    scene: str


class CameraSpec(msgspec.Struct, frozen=True):
    """One camera's stream: RGB frames of `height_px` x `width_px` at a nominal `rate_hz`."""

    name: Name
    height_px: Count
    width_px: Count
    rate_hz: PositiveRate


class EpisodeSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known of an episode before it starts.

    Attributes:
        task: What is to be done, in the operator's words.
        environment: Home, room and scene.
        operator: Who drives.
        robot_profile: Name of the robot's profile.
        robot_profile_hash: Hash of the profile's text, so that a changed profile shows.
        vector_names: The D numbers of state and action, in order.
        vector_units: Unit of each (`rad`, `m`, `m/s`, `rad/s`, `1`).
        vector_limits: Lowest and highest `sent` value of each, `None` where there is no limit; or no limits at all.
        cameras: The cameras that will deliver frames; the names are folder names.
        control_rate_hz: Nominal rate of state and action rows.
        software_version: Version of the recording software.
        tags: Short words to find the episode by.
        notes: Free text.
        jpeg_quality: Quality that JPEG frames are encoded with, 1 to 100; informative for ready-made JPEG.
        frame_encoding: JPEG or lossless JPEG XL.
        simulation_state_size: Length of the simulator's state vector where one is kept.
    """

    task: str
    environment: Environment
    operator: str
    robot_profile: str
    robot_profile_hash: str
    vector_names: tuple[str, ...]
    vector_units: tuple[str, ...]
    cameras: tuple[CameraSpec, ...]
    control_rate_hz: PositiveRate
    software_version: str
    vector_limits: tuple[tuple[float | None, float | None], ...] | None = None
    tags: tuple[str, ...] = ()
    notes: str = ""
    jpeg_quality: Annotated[int, Meta(ge=1, le=100)] = 90
    frame_encoding: FrameEncoding = FrameEncoding.JPEG
    simulation_state_size: Count | None = None

    def __post_init__(self) -> None:
        size = len(self.vector_names)
        if size == 0:
            raise ValueError("an episode needs at least one number of state; vector_names is empty")
        if len(set(self.vector_names)) != size:
            raise ValueError(f"vector_names must differ from one another, got {self.vector_names}")
        if len(self.vector_units) != size:
            raise ValueError(f"vector_units has {len(self.vector_units)} entries for {size} vector_names")
        if self.vector_limits is not None and len(self.vector_limits) != size:
            raise ValueError(f"vector_limits has {len(self.vector_limits)} entries for {size} vector_names")
        camera_names = [camera.name for camera in self.cameras]
        if len(set(camera_names)) != len(camera_names):
            raise ValueError(f"camera names must differ from one another, got {camera_names}")

    @property
    def vector_size(self) -> int:
        """D, the length of state and action vectors."""
        return len(self.vector_names)


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened: a change of mode, an utterance, a fault, a late tick, a dropped frame.

    Attributes:
        time_ns: Monotonic time, as for every stream; events may arrive out of order and are sorted on reading.
        kind: Short machine-readable word, e.g. `mode`, `fault`, `utterance`.
        source: Which part says so, e.g. `robot`, `camera/front`.
        message: One sentence for people.
        data: Whatever else belongs to it, JSON types only.
    """

    time_ns: int
    kind: str
    source: str
    message: str
    data: dict[str, Any] = {}
