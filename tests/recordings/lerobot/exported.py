"""A small labelled dataset, and what stands in an export of it, read by pyarrow and PyAV alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recordings import Dataset
from recordings.labels import LabelStore, Tier, edits
from tests.recordings import recorded as example

TICKS = 100
ROWS = TICKS // 2
FRAME_OFFSET_NS = 3_000_000


def labelled_dataset(folder: Path, *, episodes: int = 3, ticks: int = TICKS) -> Dataset:
    """Episodes of which the second has a reviewer's subtasks, with a gap, and the others those that were recorded."""
    for _ in range(episodes):
        example.closed_episode(folder, ticks=ticks)
    dataset = Dataset.open(folder)
    second = dataset.episodes()[1].id
    with LabelStore(folder).edit("ann", second) as editor:
        for first, last, text in ((0, 20, "reach"), (20, 30, "grasp"), (36, 50, "reach")):
            editor.apply(
                edits.put_span(editor.labels, Tier.SUBTASK, frame_ns(first), frame_ns(last), text), text
            )
        said = edits.put_span(editor.labels, Tier.UTTERANCE, frame_ns(4) - 1, frame_ns(9), "take it")
        editor.apply(said, "said")
    return dataset


def copy_of(dataset: Dataset, folder: Path) -> Dataset:
    """A dataset to change: recording one waits for the disk, copying does not."""
    shutil.copytree(dataset.path, folder)
    return Dataset.open(folder)


def frame_ns(number: int) -> int:
    return example.START_NS + number * example.FRAME_NS + FRAME_OFFSET_NS


def labelled_texts() -> list[str]:
    """The subtask of each row of the second episode."""
    return ["reach"] * 20 + ["grasp"] * 10 + [""] * 6 + ["reach"] * 14


def rows(target: Path, episode_index: int) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = pq.read_table(
        target / f"data/chunk-000/file-{episode_index:03d}.parquet"
    ).to_pydict()
    return columns


def texts(target: Path, name: str) -> list[str]:
    """Tasks or subtasks, by number."""
    table = pq.read_table(target / f"meta/{name}s.parquet").to_pydict()
    assert table[f"{name}_index"] == list(range(len(table[name])))
    found: list[str] = table[name]
    return found


def subtasks(target: Path, episode_index: int) -> list[str]:
    known = texts(target, "subtask")
    return [known[number] for number in rows(target, episode_index)["subtask_index"]]


def pictures(target: Path, camera: str, episode_index: int) -> tuple[NDArray[np.uint8], list[float]]:
    """All pictures of a video, and when each is shown."""
    path = target / f"videos/observation.images.{camera}/chunk-000/file-{episode_index:03d}.mp4"
    with av.open(str(path)) as video:
        frames = list(video.decode(video=0))
    return np.stack([frame.to_ndarray(format="rgb24") for frame in frames]), [frame.time for frame in frames]


def info(target: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((target / "meta/info.json").read_text())
    return read


def contents(target: Path) -> dict[str, bytes]:
    """Every file, hidden ones too."""
    return {str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*") if path.is_file()}
