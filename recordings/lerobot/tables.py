"""LeRobot's parquet tables: the rows of an episode, and what `meta` says of all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recordings.episode import Episode
from recordings.lerobot import layout
from recordings.lerobot.grid import Grid
from recordings.lerobot.plan import Plan
from recordings.lerobot.records import Exported, LanguageRow
from recordings.lerobot.subtasks import Subtasks

_TEXT = {"content": pa.string(), "style": pa.string()}
_CAMERA = {"camera": pa.string(), "tool_calls": pa.list_(pa.string())}
PERSISTENT = pa.list_(
    pa.struct(
        [pa.field("role", pa.string(), nullable=False)]
        + [pa.field(name, kind) for name, kind in _TEXT.items()]
        + [pa.field("timestamp", pa.float32(), nullable=False)]
        + [pa.field(name, kind) for name, kind in _CAMERA.items()]
    )
)
EVENTS = pa.list_(
    pa.struct(
        [pa.field("role", pa.string(), nullable=False)]
        + [pa.field(name, kind) for name, kind in {**_TEXT, **_CAMERA}.items()]
    )
)


class TextTable:
    """Texts by number, in order of their first use: tasks and subtasks."""

    def __init__(self, *texts: str) -> None:
        self._numbers: dict[str, int] = {}
        for text in texts:
            self.number(text)

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, text: str) -> int:
        """A text's number; a new one gets the next."""
        return self._numbers.setdefault(text, len(self._numbers))

    def write(self, path: Path, *, name: str) -> None:
        """As LeRobot reads them with pandas: the texts are the index, so that `iloc[number].name` is one."""
        table = pa.table({name: list(self._numbers), f"{name}_index": pa.array(range(len(self)), pa.int64())})
        pq.write_table(table.replace_schema_metadata({"pandas": json.dumps(_pandas_index(name))}), path)


def write_rows(
    path: Path,
    episode: Episode,
    grid: Grid,
    plan: Plan,
    *,
    episode_index: int,
    first_index: int,
    task: int,
    subtasks: Sequence[int],
    persistent: Sequence[LanguageRow],
    utterances: Sequence[LanguageRow],
) -> dict[str, NDArray[Any]]:
    """Write an episode's rows.

    Args:
        path: The file.
        episode: What was recorded.
        grid: Which of it makes which row.
        plan: For the rate, and whether language goes in.
        episode_index: The episode's number in the export.
        first_index: How many rows all earlier episodes have.
        task: The task's number.
        subtasks: (N,) each row's subtask's.
        persistent: Where subtasks begin.
        utterances: What was said.

    Returns:
        The columns of numbers, for statistics.
    """
    frame_index = np.arange(len(grid), dtype=np.int64)
    columns: dict[str, NDArray[Any]] = {
        "observation.state": episode.state.position[grid.state],
        "action": episode.action.sent[grid.action],
        "timestamp": (frame_index / plan.fps).astype(np.float32),
        "frame_index": frame_index,
        "episode_index": np.full(len(grid), episode_index, np.int64),
        "index": first_index + frame_index,
        "task_index": np.full(len(grid), task, np.int64),
        "subtask_index": np.asarray(subtasks, np.int64),
        "capture_time_ns": grid.capture_ns,
        "source": episode.action.source[grid.action].astype(np.int64),
    }
    arrays = {name: _array(values) for name, values in columns.items()}
    if plan.options.language:
        told = persistent_rows(persistent, plan.fps)
        arrays[layout.LANGUAGE_PERSISTENT] = pa.array([told] * len(grid), PERSISTENT)
        arrays[layout.LANGUAGE_EVENTS] = pa.array(_events(utterances, len(grid)), EVENTS)
    pq.write_table(pa.table(arrays), path)
    return columns


def write_episodes(path: Path, exported: Sequence[Exported], plan: Plan) -> None:
    """Write what `meta/episodes` says of each: LeRobot's columns, and our own after them."""
    lines: list[dict[str, Any]] = []
    first = 0
    for index, episode in enumerate(exported):
        lines.append(_episode_line(episode, plan, index=index, first=first))
        first += episode.rows
    table = pa.Table.from_pylist(lines)
    told = [persistent_rows(episode.subtasks, plan.fps) for episode in exported]
    name = f"understudy/{layout.LANGUAGE_PERSISTENT}"
    pq.write_table(table.append_column(name, pa.array(told, PERSISTENT)), path)


def persistent_rows(starts: Sequence[LanguageRow], fps: int) -> list[dict[str, Any]]:
    """Subtasks as LeRobot's persistent language: each holds from its time until the next one's."""
    return [
        {**_said("assistant", start.text, "subtask"), "timestamp": float(np.float32(start.row / fps))}
        for start in starts
    ]


def subtask_numbers(subtasks: Subtasks, known: TextTable) -> list[int]:
    """Each row's number in the table of all episodes' subtasks, new ones taken in."""
    numbers = {start.text: known.number(start.text) for start in subtasks.starts}
    return [numbers.get(subtasks.text(row), 0) for row in range(len(subtasks.rows))]


def _events(utterances: Sequence[LanguageRow], rows: int) -> list[list[dict[str, Any]]]:
    events: list[list[dict[str, Any]]] = [[] for _ in range(rows)]
    for utterance in utterances:
        events[utterance.row].append(_said("user", utterance.text, "interjection"))
    return events


def _said(role: str, text: str, style: str) -> dict[str, Any]:
    return {"role": role, "content": text, "style": style, "camera": None, "tool_calls": None}


def _episode_line(episode: Exported, plan: Plan, *, index: int, first: int) -> dict[str, Any]:
    chunk, file = layout.chunk_and_file(index)
    videos: dict[str, Any] = {}
    for camera in plan.schema.cameras:
        key = f"videos/{layout.camera_key(camera.name)}"
        videos |= {f"{key}/chunk_index": chunk, f"{key}/file_index": file}
        videos |= {f"{key}/from_timestamp": 0.0, f"{key}/to_timestamp": episode.rows / plan.fps}
    return {
        "episode_index": index,
        "tasks": [episode.task],
        "length": episode.rows,
        "data/chunk_index": chunk,
        "data/file_index": file,
        "dataset_from_index": first,
        "dataset_to_index": first + episode.rows,
        **videos,
        **{
            f"stats/{feature}/{name}": value
            for feature, values in episode.statistics.items()
            for name, value in values.items()
        },
        "meta/episodes/chunk_index": 0,
        "meta/episodes/file_index": 0,
        "understudy/id": episode.id,
        "understudy/outcome": episode.outcome,
        "understudy/started_at": episode.started_at,
        "understudy/clock_monotonic_ns": episode.clock_monotonic_ns,
        "understudy/clock_utc_ns": episode.clock_utc_ns,
    }


def _array(values: NDArray[Any]) -> pa.Array:
    """One number a row as such, several as a list of fixed length: LeRobot tells them apart by the shape [1]."""
    if values.ndim == 1 or values.shape[1] == 1:
        return pa.array(values.reshape(-1))
    return pa.FixedSizeListArray.from_arrays(
        pa.array(np.ascontiguousarray(values).reshape(-1)), values.shape[1]
    )


def _pandas_index(name: str) -> dict[str, Any]:
    """What pandas writes beside a table whose index is the column `name`."""
    number = f"{name}_index"
    text = {"pandas_type": "unicode", "numpy_type": "object", "metadata": None}
    return {
        "index_columns": [name],
        "column_indexes": [{"name": None, "field_name": None, **text, "metadata": {"encoding": "UTF-8"}}],
        "columns": [
            {
                "name": number,
                "field_name": number,
                "pandas_type": "int64",
                "numpy_type": "int64",
                "metadata": None,
            },
            {"name": name, "field_name": name, **text},
        ],
        "creator": {"library": "pyarrow", "version": pa.__version__},
        "pandas_version": "2.2.3",
    }
