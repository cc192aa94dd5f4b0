"""Reading one episode: settled, still being written, or cut off by a crash."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from recordings import attributes as episode_attributes
from recordings import layout, metadata
from recordings.attributes import EpisodeAttributes
from recordings.checksum import crc32c
from recordings.columns import read_rows, read_values
from recordings.errors import DamagedData, FrameMissing, UnknownCamera
from recordings.frames import Rgb, decode_frame
from recordings.info import EpisodeInfo, info_of
from recordings.journal import journal_path
from recordings.layout import CHECKSUM, FRAMES_PER_SHARD, Rows, Table
from recordings.prefix import run_payloads, sound_rows
from recordings.recovery import Content, Damage, recover
from recordings.shard import shard_path
from recordings.spec import CameraSpec, Event, FrameEncoding

Times = NDArray[np.int64]
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class StateRows:
    """T rows of state; NaN where a device did not answer in that tick.

    Attributes:
        time_ns: (T,) when the devices were read.
        position: (T, D) in the units of `vector_units`.
        velocity: (T, D) the same a second.
        effort: (T, D) as the driver gives it.
    """

    time_ns: Times
    position: Vectors
    velocity: Vectors
    effort: Vectors


@dataclass(frozen=True)
class ActionRows:
    """T rows of action, as many as of state and in step with them.

    Attributes:
        time_ns: (T,) when the action went out.
        requested: (T, D) what was asked for.
        sent: (T, D) what went to the devices.
        source: (T,) uint8 `ActionSource`.
        subtask: (T,) int32 index into `Episode.subtasks`, -1 for none.
        chunk: (T,) int32 number of the policy's chunk, -1 for none.
    """

    time_ns: Times
    requested: Vectors
    sent: Vectors
    source: NDArray[np.uint8]
    subtask: NDArray[np.int32]
    chunk: NDArray[np.int32]


@dataclass(frozen=True)
class SimulationRows:
    """Rows of the simulator's state: `time_ns` (S,), `state` (S, N) float64."""

    time_ns: Times
    state: NDArray[np.float64]


@dataclass(frozen=True)
class AudioTrack:
    """Mono sound at 16 kHz.

    Attributes:
        samples: (S,) int16.
        time_ns: (B,) capture time of each block's first sample.
        first_sample: (B,) index of that sample in `samples`.
    """

    samples: NDArray[np.int16]
    time_ns: Times
    first_sample: NDArray[np.int64]

    @property
    def duration_s(self) -> float:
        """Of the samples, without the gaps between blocks."""
        return len(self.samples) / layout.AUDIO_RATE_HZ


class CameraFrames:
    """Frames of one camera, decoded one at a time and checked against their checksums.

    Attributes:
        time_ns: (F,) capture times.
    """

    def __init__(self, folder: Path, camera: CameraSpec, encoding: FrameEncoding, rows: Rows) -> None:
        self._frames = folder / "frames"
        self._encoding = encoding
        self._rows = rows
        self._table = layout.camera_table(camera.name)
        self.camera = camera
        self.time_ns: Times = np.ascontiguousarray(rows["time_ns"])

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """(F,) where a repair has found the frame lost."""
        lost: NDArray[np.bool_] = self._rows["nbytes"] == 0
        return lost

    def frame(self, index: int) -> Rgb:
        """Decode a frame to (H, W, 3) uint8 RGB; raises as `jpeg` does."""
        return decode_frame(self.jpeg(index), self._encoding)

    def jpeg(self, index: int) -> bytes:
        """A frame's bytes as they were recorded.

        Raises:
            IndexError: There is no such frame.
            FrameMissing: It was lost, and repair has marked it so.
            DamagedData: The bytes are not those that were written.
        """
        count = len(self._rows)
        if not -count <= index < count:
            raise IndexError(f"frame {index} of camera {self.camera.name}, which has {count} frames")
        shard, at = divmod(index % count, FRAMES_PER_SHARD)
        start = shard * FRAMES_PER_SHARD
        size = int(self._rows["nbytes"][start + at])
        if size == 0:
            raise FrameMissing(f"frame {index} of camera {self.camera.name} was lost before a repair")
        path = shard_path(self._frames, shard)
        try:
            with path.open("rb") as file:
                file.seek(int(self._ends[start + at]) - size - (int(self._ends[start - 1]) if start else 0))
                encoded = file.read(size)
        except FileNotFoundError as error:
            raise DamagedData(f"{path} is absent, frame {index} is lost; run repair") from error
        row = self._rows[start + at]
        if crc32c(encoded, row.tobytes()[: self._table.covered_bytes]) != row[CHECKSUM]:
            raise DamagedData(f"frame {index} in {path} does not match its checksum; run verify, then repair")
        return encoded

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        ends: NDArray[np.int64] = np.cumsum(self._rows["nbytes"], dtype=np.int64)
        return ends


class Episode:
    """One episode, open for reading.

    An episode that is settled is read from its arrays, as plain zarr would, and against its checksums: what differs
    from what was written raises `DamagedData`. One that still has its journal is read from that: the longest
    consistent prefix, with `damage` saying what is left out. Nothing on disk is changed.

    Args:
        path: The episode's folder.

    Raises:
        NotAnEpisode: The folder holds no episode that this software can read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._content = _unsettled_content(path)
        self.attributes: EpisodeAttributes = (
            self._content.attributes if self._content is not None else episode_attributes.read(path)
        )
        self._tables = {
            table.path: table for tables in layout.tables(self.attributes).values() for table in tables
        }

    @property
    def info(self) -> EpisodeInfo:
        """What a list shows of it."""
        return info_of(self.path)

    @property
    def damage(self) -> Damage | None:
        """What was left out, or None where nothing was."""
        damage = self._content.damage if self._content is not None else None
        return damage or None

    @cached_property
    def state(self) -> StateRows:
        """What the devices said, one row a tick."""
        rows = self._sound("state")
        return StateRows(
            *(np.ascontiguousarray(rows[name]) for name in ("time_ns", "position", "velocity", "effort"))
        )

    @cached_property
    def action(self) -> ActionRows:
        """What was asked for and sent, one row a tick."""
        rows = self._sound("action")
        names = ("time_ns", "requested", "sent", "source", "subtask", "chunk")
        return ActionRows(*(np.ascontiguousarray(rows[name]) for name in names))

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """Events in order of time."""
        self._sound("events")
        events = (msgspec.json.decode(line, type=Event) for line in self.payloads("events"))
        return tuple(sorted(events, key=lambda event: event.time_ns))

    @cached_property
    def subtasks(self) -> tuple[str, ...]:
        """Texts that `action.subtask` refers to."""
        self._sound("subtasks")
        lines = (msgspec.json.decode(line, type=dict[str, str]) for line in self.payloads("subtasks"))
        return tuple(line["text"] for line in lines)

    @cached_property
    def simulation(self) -> SimulationRows | None:
        """The simulator's states, None for a recording that keeps none."""
        if "simulation" not in self._tables:
            return None
        rows = self._sound("simulation")
        return SimulationRows(np.ascontiguousarray(rows["time_ns"]), np.ascontiguousarray(rows["state"]))

    @cached_property
    def audio(self) -> AudioTrack | None:
        """The sound, None where there was none."""
        rows = self._sound("audio")
        if not len(rows):
            return None
        counts = rows["nsamples"].astype(np.int64)
        return AudioTrack(
            samples=np.frombuffer(self.values("audio"), dtype="<i2"),
            time_ns=np.ascontiguousarray(rows["time_ns"]),
            first_sample=np.cumsum(counts) - counts,
        )

    def camera(self, name: str) -> CameraFrames:
        """Frames of a camera.

        Raises:
            UnknownCamera: The episode has no camera of this name.
        """
        for camera in self.attributes.cameras:
            if camera.name == name:
                path = layout.camera_table(name).path
                return CameraFrames(self.path / path, camera, self.attributes.frame_encoding, self.rows(path))
        names = ", ".join(camera.name for camera in self.attributes.cameras) or "none"
        raise UnknownCamera(f"no camera {name!r}; this episode has {names}")

    def rows(self, table_path: str) -> Rows:
        """Packed rows of a table, `crc32c` last, not compared with their checksums.

        Raises:
            DamagedData: A column's file is absent or too short.
        """
        if self._content is not None:
            return self._content.rows[table_path]
        table = self._tables[table_path]
        folder = self.path / table_path
        if table.made_with_first_row and not folder.exists():
            return np.zeros(0, dtype=table.row)
        return read_rows(self.path, table, _length(folder / "time_ns"))

    def payloads(self, table_path: str) -> tuple[bytes, ...]:
        """Payload of each row of a table that has runs of values."""
        table = self._tables[table_path]
        return tuple(run_payloads(table, self.rows(table_path), self.values(table_path)))

    def table(self, table_path: str) -> Table:
        """Layout of a table."""
        return self._tables[table_path]

    def values(self, table_path: str) -> bytes:
        """All runs of a table end to end, empty where it has none; raises as `rows` does."""
        if self._content is not None:
            return self._content.payloads[table_path]
        payload = self._tables[table_path].payload
        if payload is None:
            return b""
        folder = self.path / table_path / payload.array
        if self._tables[table_path].made_with_first_row and not folder.exists():
            return b""
        values = read_values(folder, _length(folder), payload.values_per_chunk, payload.dtype)
        return values.tobytes()

    def _sound(self, table_path: str) -> Rows:
        """Rows of a table that all match their checksums; the journal's records were checked on opening."""
        rows = self.rows(table_path)
        if self._content is None:
            table = self._tables[table_path]
            payloads = run_payloads(table, rows, self.values(table_path))
            for index, is_sound in enumerate(sound_rows(table, rows, payloads)):
                if not is_sound:
                    raise DamagedData(
                        f"row {index} of {table_path} in {self.path} does not match its checksum; "
                        "run verify, then repair"
                    )
        return rows


def _unsettled_content(path: Path) -> Content | None:
    if not journal_path(path).exists():
        return None
    try:
        return recover(path)
    except FileNotFoundError:  # settled between the two lines
        return None


def _length(array: Path) -> int:
    try:
        return metadata.read_shape(array)[0]
    except (OSError, ValueError) as error:
        raise DamagedData(f"cannot read the length of {array}: {error}; run repair") from error
