"""Writing one episode while it happens."""

from __future__ import annotations

import shutil
import struct
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from recordings import attributes as episode_attributes
from recordings import layout, metadata
from recordings.attributes import Counts
from recordings.camera_writer import CameraWriter
from recordings.durability import Durability
from recordings.errors import DiskFull, EpisodeClosed, UnknownCamera, WrongShape
from recordings.info import EpisodeInfo, info_of
from recordings.journal import release_reserve
from recordings.layout import Kind
from recordings.skeleton import start_episode
from recordings.sources import CODES, named_sources
from recordings.spec import EpisodeSpec, Event, Outcome
from recordings.table_writer import TableWriter

_TIME = struct.Struct("<q")
_TIME_AND_COUNT = struct.Struct("<qI")
_FLOAT32 = np.dtype("<f4")
_ACTION_TAIL = struct.Struct("<Bii")


class EpisodeWriter:
    """Appends to one episode; every append has reached the operating system when it returns.

    So `kill -9` loses nothing that was appended, and a power cut at most about the last second. Appending is safe from
    several threads; the order within a stream is the caller's. Closing takes the same few milliseconds after ten
    seconds and after an hour, and the next episode can begin at once.

    Args:
        folder: The episode's folder, which must not exist yet; its name is the episode's id.
        spec: What is known beforehand.

    Raises:
        EpisodeExists: The folder is there already.
        FolderNotWritable: The dataset refuses new files.
        DiskFull: There is no room for even an empty episode.
    """

    def __init__(self, folder: Path, spec: EpisodeSpec) -> None:
        self.path = folder
        self.spec = spec
        self._lock = threading.Lock()
        self._closed = False
        self._vector_shape = (spec.vector_size,)
        self._journal = start_episode(folder, spec)
        self._durability = Durability(folder, self._journal.file)
        self._state = TableWriter(folder, layout.state_table(spec))
        self._action = TableWriter(folder, layout.action_table(spec))
        self._events = TableWriter(folder, layout.event_table(), ordered=False)
        self._subtasks = TableWriter(folder, layout.subtask_table(), ordered=False)
        self._audio: TableWriter | None = None
        self._simulation: TableWriter | None = None
        if spec.simulation_state_size is not None:
            self._simulation = TableWriter(folder, layout.simulation_table(spec.simulation_state_size))
        self._cameras = {
            camera.name: CameraWriter(folder, camera, spec, Kind.CAMERA + index, self._durability)
            for index, camera in enumerate(spec.cameras)
        }
        self._frame_bytes = 0
        self._source_rows = np.zeros(CODES, np.int64)
        self._durability.start()

    def append_tick(
        self,
        *,
        time_ns: int,
        position: ArrayLike,
        velocity: ArrayLike,
        effort: ArrayLike,
        action_time_ns: int,
        requested: ArrayLike,
        sent: ArrayLike,
        source: int,
        subtask: int = -1,
        chunk: int = -1,
    ) -> None:
        """Append one control tick: one row of state and one of action, both or neither.

        Args:
            time_ns: When the devices were read.
            position: (D,) as in `vector_names`; NaN where a device did not answer in this tick.
            velocity: (D,) each a second; NaN likewise.
            effort: (D,) motor current or torque as the driver gives it; NaN likewise.
            action_time_ns: When the action went out.
            requested: (D,) what the source asked for.
            sent: (D,) what the safety filter let through.
            source: Who asked, an `ActionSource`.
            subtask: Index given by `add_subtask`, -1 for none.
            chunk: Number of the policy's action chunk, -1 for none.

        Raises:
            TimeNotIncreasing: A time is not after the last tick's.
            WrongShape: A vector does not have D numbers.
            DiskFull: Neither row is kept.
        """
        state = b"".join(
            (
                _TIME.pack(time_ns),
                self._vector("position", position),
                self._vector("velocity", velocity),
                self._vector("effort", effort),
            )
        )
        action = b"".join(
            (
                _TIME.pack(action_time_ns),
                self._vector("requested", requested),
                self._vector("sent", sent),
                _ACTION_TAIL.pack(source, subtask, chunk),
            )
        )
        with self._lock:
            if self._closed or self._durability.failure is not None:
                self._refuse()
            self._state.admit(time_ns)
            self._action.admit(action_time_ns)
            state_row = self._state.seal(state)
            action_row = self._action.seal(action)
            self._journal.append(Kind.TICK, self._state.count, state_row + action_row)
            self._state.add(time_ns, state_row)
            self._action.add(action_time_ns, action_row)
            self._source_rows[source] += 1

    def append_frame(self, camera: str, time_ns: int, jpeg: bytes) -> None:
        """Append one encoded frame, captured at `time_ns`.

        Args:
            camera: Name of a camera of the spec.
            time_ns: Capture time.
            jpeg: The frame in the spec's encoding, RGB, of the camera's size.

        Raises:
            UnknownCamera: The spec has no such camera.
            TimeNotIncreasing: The time is not after the camera's last frame.
            WrongShape: The JPEG is not of the camera's size.
            DiskFull: Nothing of the frame is kept.
        """
        stream = self._cameras.get(camera)
        if stream is None:
            raise UnknownCamera(
                f"no camera {camera!r}; this episode has {', '.join(self._cameras) or 'none'}"
            )
        stream.check_size(jpeg)
        with self._lock:
            if self._closed or self._durability.failure is not None:
                self._refuse()
            stream.append(time_ns, jpeg, self._journal)
            self._frame_bytes += len(jpeg)

    def append_simulation(self, time_ns: int, state: ArrayLike) -> None:
        """Append the simulator's whole state, float64 of the size in the spec.

        Raises:
            WrongShape: The spec keeps no simulation state, or of another size.
            TimeNotIncreasing: The time is not after the last one.
            DiskFull: The row is not kept.
        """
        values = np.ascontiguousarray(state, dtype="<f8")
        if self._simulation is None or values.shape != (self.spec.simulation_state_size,):
            raise WrongShape(
                f"simulation state has shape {values.shape}; the episode was created with "
                f"simulation_state_size={self.spec.simulation_state_size}"
            )
        self._append_row(self._simulation, Kind.SIMULATION, time_ns, _TIME.pack(time_ns) + values.tobytes())

    def append_audio(self, time_ns: int, samples: NDArray[np.int16]) -> None:
        """Append a block of mono samples at 16 kHz; `time_ns` is the capture time of its first sample.

        Raises:
            WrongShape: The samples are not a run of int16.
            TimeNotIncreasing: The time is not after the last block's.
            DiskFull: Nothing of the block is kept.
        """
        if samples.dtype != np.int16 or samples.ndim != 1 or not len(samples):
            raise WrongShape(f"audio is a run of int16 samples; got {samples.dtype} of shape {samples.shape}")
        with self._lock:
            if self._closed:  # nothing may appear in a folder that may be in the trash by now
                self._refuse()
            if self._audio is None:
                self._audio = self._begin_audio()
        payload = samples.astype("<i2", copy=False).tobytes()
        values = _TIME_AND_COUNT.pack(time_ns, len(samples))
        self._append_row(self._audio, Kind.AUDIO, time_ns, values, payload)

    def append_event(self, event: Event) -> None:
        """Append an event; events may come out of order.

        Raises:
            DiskFull: The event is not kept.
        """
        self._append_text(self._events, Kind.EVENT, event.time_ns, msgspec.json.encode(event))

    def add_subtask(self, text: str, *, time_ns: int = 0) -> int:
        """Append a subtask's text and return the index by which ticks refer to it.

        Args:
            text: The instruction.
            time_ns: When it was added; now, unless told.

        Raises:
            DiskFull: The text is not kept.
        """
        at_ns = time_ns or episode_attributes.ClockAnchor.now().monotonic_ns
        index = self._append_text(self._subtasks, Kind.SUBTASK, at_ns, msgspec.json.encode({"text": text}))
        # Ticks refer to it, so should the journal be damaged, it must be in the columns before they are. It is safe in
        # the journal already: a disk that is full just now refuses the next append.
        with self._lock, suppress(DiskFull):
            self._subtasks.flush()
        return index

    @property
    def counts(self) -> Counts:
        """Rows and frames appended so far."""
        return Counts(
            ticks=self._state.count,
            frames={name: stream.rows.count for name, stream in self._cameras.items()},
            simulation=self._simulation.count if self._simulation is not None else 0,
            audio_blocks=self._audio.count if self._audio is not None else 0,
            events=self._events.count,
            subtasks=self._subtasks.count,
            sources=named_sources(self._source_rows),
        )

    @property
    def bytes_written(self) -> int:
        """Bytes of frames and rows appended so far."""
        return self._frame_bytes + self._journal.size_bytes

    def close(
        self,
        outcome: Outcome = Outcome.UNSET,
        *,
        notes: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> EpisodeInfo:
        """Write indices and lengths and mark the episode complete; closing twice is an error.

        From here on plain zarr reads it. Syncing to the disk goes on in the background (`wait_settled`), and until it
        is done the journal stays, so that a power cut just after closing loses nothing either.

        Args:
            outcome: How it went; `UNSET` leaves what `Dataset.set_outcome` may have said meanwhile.
            notes: Replaces the notes, unless None.
            tags: Replaces the tags, unless None.

        Raises:
            DiskFull: Even the reserve was not enough; the episode is whole but incomplete, and repair finishes it.
        """
        with self._lock:
            if self._closed:
                self._refuse()
            self._closed = True
        try:
            return self._finish(outcome, notes, tags)
        except BaseException:
            self._durability.settle(remove_journal=False)
            raise

    def wait_settled(self, timeout_s: float = 30.0) -> bool:
        """Wait until a closed episode is on the disk; whether it is.

        Raises:
            StorageFailed: The disk refuses it; the journal stays, for repair to begin from.
        """
        self._durability.join(timeout_s)
        self._durability.check()
        return not self._durability.is_alive()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._closed:
            self.close()
        self.wait_settled()

    def _finish(self, outcome: Outcome, notes: str | None, tags: Sequence[str] | None) -> EpisodeInfo:
        release_reserve(self.path)
        for stream in self._cameras.values():
            stream.finish()
        for table in (self._state, self._action, self._simulation, self._audio, self._events, self._subtasks):
            if table is not None:
                table.finish()
        changes: dict[str, object] = {
            "duration_s": self._duration_s(),
            "counts": msgspec.to_builtins(self.counts),
            "bytes_written": self.bytes_written,
            "complete": True,
        }
        if outcome is not Outcome.UNSET:
            changes["outcome"] = outcome.value
        if notes is not None:
            changes["notes"] = notes
        if tags is not None:
            changes["tags"] = list(tags)
        metadata.update_attributes(self.path, changes, durable=False)  # settling syncs it
        self._durability.settle(remove_journal=True)
        return info_of(self.path)

    def _duration_s(self) -> float:
        tables = [self._state, *(stream.rows for stream in self._cameras.values())]
        return max((table.last_ns - table.first_ns) / 1e9 for table in tables)

    def _append_row(
        self, table: TableWriter, kind: Kind, time_ns: int, values: bytes, payload: bytes = b""
    ) -> int:
        with self._lock:
            if self._closed or self._durability.failure is not None:
                self._refuse()
            table.admit(time_ns)
            row = table.seal(values, payload)
            index = table.count
            self._journal.append(kind, index, row + payload)
            table.add(time_ns, row, payload)
            return index

    def _begin_audio(self) -> TableWriter:
        """Make the table of sound, whole or not at all."""
        table = layout.audio_table()
        try:
            metadata.write_table(self.path, table, rows=0)
        except BaseException:
            shutil.rmtree(self.path / table.path, ignore_errors=True)
            raise
        return TableWriter(self.path, table)

    def _append_text(self, table: TableWriter, kind: Kind, time_ns: int, line: bytes) -> int:
        payload = line + b"\n"
        return self._append_row(table, kind, time_ns, _TIME_AND_COUNT.pack(time_ns, len(payload)), payload)

    def _vector(self, name: str, values: ArrayLike) -> bytes:
        vector = np.asarray(values, dtype="<f4")
        if vector.shape != (self.spec.vector_size,):
            raise WrongShape(
                f"{name} has shape {vector.shape}, the episode's vectors ({self.spec.vector_size},)"
            )
        return vector.tobytes()

    def _refuse(self) -> None:
        self._durability.check()
        raise EpisodeClosed(f"{self.path.name} is closed; create another episode")
