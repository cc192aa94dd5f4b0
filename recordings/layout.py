"""Where everything lies in an episode's folder, and what a row of each table is made of.

A table is a zarr group whose arrays (columns) have equal lengths. Its row is a packed little-endian record of the
columns in order, and the last column, `crc32c`, is the checksum of that record, so that any row can be proved right.
Some tables have a payload: a run of values for each row, kept end to end in one more array.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from recordings.spec import ActionSource, EpisodeSpec

FORMAT_NAME = "understudy-recordings"
FORMAT_VERSION = 1
FRAMES_PER_SHARD = 150
ROWS_PER_CHUNK = 4096
AUDIO_RATE_HZ = 16_000
AUDIO_SAMPLES_PER_CHUNK = 1 << 18
TEXT_BYTES_PER_CHUNK = 1 << 16
CHECKSUM = "crc32c"

Rows = NDArray[np.void]


class Kind(IntEnum):
    """What a journal record holds. Cameras follow from `CAMERA` on, in the order of the spec."""

    SPEC = 1
    TICK = 2
    SIMULATION = 3
    AUDIO = 4
    EVENT = 5
    SUBTASK = 6
    CAMERA = 16


@dataclass(frozen=True)
class Payload:
    """The array of variable runs that belongs to a table.

    Attributes:
        array: Its name inside the group.
        count_column: The column that says how many values each row has.
        dtype: Type of one value.
        values_per_chunk: Chunk length.
    """

    array: str
    count_column: str
    dtype: np.dtype[np.generic]
    values_per_chunk: int


@dataclass(frozen=True)
class Table:
    """One group of equally long columns.

    Attributes:
        path: The group's path in the episode.
        row: Packed record of one row, `crc32c` last.
        units: Unit of each column that has one.
        payload: The array of runs, where the table has one.
        attributes: Attributes of single columns.
        made_with_first_row: The group is absent from an episode that has no such row.
    """

    path: str
    row: np.dtype[np.void]
    units: dict[str, str]
    payload: Payload | None = None
    attributes: dict[str, dict[str, object]] = field(default_factory=dict)
    made_with_first_row: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns in the order of the row."""
        names = self.row.names
        return names if names is not None else ()

    @property
    def covered_bytes(self) -> int:
        """How many bytes of a packed row its checksum covers: all before it."""
        return self.row.itemsize - 4


def _row(*columns: tuple[str, str] | tuple[str, str, tuple[int, ...]]) -> np.dtype[np.void]:
    return np.dtype([("time_ns", "<i8"), *columns, (CHECKSUM, "<u4")])


def state_table(spec: EpisodeSpec) -> Table:
    """One row a control tick: what the devices said; NaN where a device did not answer in that tick."""
    size = (spec.vector_size,)
    return Table(
        "state",
        _row(("position", "<f4", size), ("velocity", "<f4", size), ("effort", "<f4", size)),
        {"time_ns": "ns", "position": "per number, see vector_units", "velocity": "per number, a second"},
    )


def action_table(spec: EpisodeSpec) -> Table:
    """One row a control tick: what was asked for, what went out, who asked, under which subtask and chunk."""
    size = (spec.vector_size,)
    return Table(
        "action",
        _row(
            ("requested", "<f4", size),
            ("sent", "<f4", size),
            ("source", "u1"),
            ("subtask", "<i4"),
            ("chunk", "<i4"),
        ),
        {
            "time_ns": "ns",
            "requested": "per number, see vector_units",
            "sent": "per number, see vector_units",
        },
        attributes={
            "source": {"names": {str(source.value): source.name.lower() for source in ActionSource}},
            "subtask": {"index_into": "subtasks/json", "none": -1},
            "chunk": {"none": -1},
        },
    )


def camera_table(name: str) -> Table:
    """One row a frame; `crc32c` covers the frame's bytes and then the row."""
    return Table(f"cameras/{name}", _row(("nbytes", "<u4")), {"time_ns": "ns", "nbytes": "B"})


def simulation_table(state_size: int) -> Table:
    """The simulator's whole state, so that its images can be rendered again at any size."""
    return Table("simulation", _row(("state", "<f8", (state_size,))), {"time_ns": "ns"})


def audio_table() -> Table:
    """One row a block of samples; `time_ns` is the capture time of the block's first sample."""
    samples = Payload("samples", "nsamples", np.dtype("<i2"), AUDIO_SAMPLES_PER_CHUNK)
    return Table("audio", _row(("nsamples", "<u4")), {"time_ns": "ns"}, samples, made_with_first_row=True)


def _text_table(path: str) -> Table:
    lines = Payload("json", "nbytes", np.dtype("u1"), TEXT_BYTES_PER_CHUNK)
    return Table(path, _row(("nbytes", "<u4")), {"time_ns": "ns", "nbytes": "B"}, lines)


def event_table() -> Table:
    """One row an event; `json` holds one line of JSON for each."""
    return _text_table("events")


def subtask_table() -> Table:
    """One row a subtask's text; `action/subtask` is an index into these rows."""
    return _text_table("subtasks")


def tables(spec: EpisodeSpec) -> dict[int, tuple[Table, ...]]:
    """Every table of an episode by the kind of journal record that fills it; a tick fills two at once."""
    by_kind: dict[int, tuple[Table, ...]] = {
        Kind.TICK: (state_table(spec), action_table(spec)),
        Kind.AUDIO: (audio_table(),),
        Kind.EVENT: (event_table(),),
        Kind.SUBTASK: (subtask_table(),),
    }
    if spec.simulation_state_size is not None:
        by_kind[Kind.SIMULATION] = (simulation_table(spec.simulation_state_size),)
    for index, camera in enumerate(spec.cameras):
        by_kind[Kind.CAMERA + index] = (camera_table(camera.name),)
    return by_kind
