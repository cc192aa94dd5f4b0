"""Reading any sample of a dataset at any time: a few rows that are kept in memory, and the frames of one moment."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policy.presets import BASE
from policy.text.boxes import format_answer
from policy.training.data.frames import cameras_of, picture
from policy.training.data.index import DatasetIndex, Place
from policy.training.data.robots import RobotNumbers
from policy.training.data.windows import Moments, imitated, newest_frames
from policy.training.samples import Group, SampleForm, SampleUnreadable, TrainingSample
from policy.types import Box, RequestError
from recordings import CameraFrames, Episode, RecordingError
from recordings.labels import BoxLabel

MEMORY_BYTES = 256 << 20
"""Rows of so many episodes are kept as fit: five hours of a robot with 18 numbers."""


@dataclass(frozen=True)
class _Rows:
    """What is kept of an open episode. T rows, D numbers."""

    time_ns: NDArray[np.int64]
    position: NDArray[np.float32]
    actions: NDArray[np.float32]
    cameras: Mapping[str, CameraFrames]
    frames: Mapping[str, NDArray[np.int32]]

    @property
    def nbytes(self) -> int:
        """About what it takes."""
        rows = self.time_ns.nbytes + self.position.nbytes + self.actions.nbytes
        frames = sum(16 * len(camera) for camera in self.cameras.values())
        return rows + frames + sum(numbers.nbytes for numbers in self.frames.values())


class SampleReader:
    """The samples of a dataset. A `SampleSource`.

    Args:
        index: Where they are.
        form: What they have to fit.
        memory_bytes: For rows of open episodes; those used longest ago go first.
    """

    def __init__(self, index: DatasetIndex, form: SampleForm, *, memory_bytes: int = MEMORY_BYTES) -> None:
        self._index = index
        self._form = form
        self._memory_bytes = memory_bytes
        self._open: OrderedDict[int, _Rows] = OrderedDict()
        self._held_bytes = 0
        self._is_speed = {name: robot.is_speed for name, robot in index.robots.items()}

    @property
    def index(self) -> DatasetIndex:
        """Where its samples are."""
        return self._index

    @property
    def groups(self) -> Sequence[Group]:
        """By task and robot."""
        return self._index.groups

    @property
    def robots(self) -> Mapping[str, RobotNumbers]:
        """Whose they are."""
        return self._index.robots

    def texts(self) -> set[str]:
        """Every task and subtask; boxes are tokens of their own, their labels are among the texts."""
        labels = {_label(box) for moments in self._index.moments for box in moments.boxes}
        return self._index.texts() | labels

    def sample(self, group: int, index: int) -> TrainingSample:
        """Read one; see `SampleSource`."""
        place = self._index.place(group, index)
        moments = self._index.moments[place.episode]
        where = f"{self._index.data.path.name}: episode {moments.episode_id}"
        try:
            return self._read(place, moments)
        except (RecordingError, RequestError, OSError, ValueError) as error:
            raise SampleUnreadable(where=where, reason=str(error)) from error
        except Exception as error:
            error.add_note(where)
            raise

    def _read(self, place: Place, moments: Moments) -> TrainingSample:
        rows = self._rows(place.episode)
        row, end = int(moments.row[place.moment]), int(moments.end[place.moment])
        subtask = moments.texts[int(moments.text[place.moment])]
        time_ns = int(rows.time_ns[row])
        images = self._images(rows, row, self._form.cameras(place.level))
        actions = valid = answer = None
        if place.level == "low":
            actions, valid = chunk(
                rows.actions,
                row,
                end,
                horizon=self._form.horizon,
                is_speed=self._is_speed[moments.robot.name],
            )
        else:
            boxes = self._boxes(rows, moments.boxes, time_ns) if BASE in images else []
            answer = format_answer(boxes, subtask)
        return TrainingSample(
            source=self._index.data.source,
            images=images,
            level=place.level,
            prompt=subtask if place.level == "low" else moments.task,
            answer=answer,
            state=rows.position[row].astype(np.float64),
            actions=actions,
            valid=valid,
            control_mode=self._form.control_mode,
            robot=moments.robot.name,
            dataset=str(self._index.data.path),
            episode_id=moments.episode_id,
            time_ns=time_ns,
        )

    def _images(self, rows: _Rows, row: int, slots: Sequence[str]) -> dict[str, NDArray[np.uint8]]:
        images = {}
        for slot in slots:
            if slot in rows.cameras and (frame := int(rows.frames[slot][row])) >= 0:
                camera = rows.cameras[slot]
                shares = self._form.crops.get(camera.camera.name)
                images[slot] = picture(camera, frame, shares=shares, size=self._form.image_size)
        return images

    def _boxes(self, rows: _Rows, boxes: Sequence[BoxLabel], time_ns: int) -> list[Box]:
        """Those of the camera that looks at the scene, as shares of its whole picture.

        A policy's boxes are drawn over the whole picture; what a crop cuts off cannot be asked for.
        """
        camera = rows.cameras[BASE]
        top, left, bottom, right = self._form.crops.get(camera.camera.name, (0.0, 0.0, 1.0, 1.0))
        found = []
        for box in boxes:
            key = box.at(time_ns) if box.camera == camera.camera.name else None
            if key is None:
                continue
            if left <= (key.left + key.right) / 2 <= right and top <= (key.top + key.bottom) / 2 <= bottom:
                found.append(Box(_label(box), key.top, key.left, key.bottom, key.right))
        return found

    def _rows(self, number: int) -> _Rows:
        rows = self._open.get(number)
        if rows is not None:
            self._open.move_to_end(number)
            return rows
        rows = self._read_rows(Episode(self._index.paths[number]))
        self._open[number] = rows
        self._held_bytes += rows.nbytes
        while self._held_bytes > self._memory_bytes and len(self._open) > 1:
            _, gone = self._open.popitem(last=False)
            self._held_bytes -= gone.nbytes
        return rows

    def _read_rows(self, episode: Episode) -> _Rows:
        """An episode's rows, whose checksums were looked at when it was indexed."""
        state, action = episode.rows("state"), episode.rows("action")
        time_ns = np.ascontiguousarray(state["time_ns"])
        slots = dict.fromkeys((*self._form.cameras_low, *self._form.cameras_high))
        names = cameras_of(slots, [camera.name for camera in episode.attributes.cameras])
        cameras = {slot: episode.camera(name) for slot, name in names.items()}
        return _Rows(
            time_ns=time_ns,
            position=np.ascontiguousarray(state["position"]),
            actions=np.ascontiguousarray(action[imitated(episode)]),
            cameras=cameras,
            frames={
                slot: newest_frames(camera, time_ns).astype(np.int32) for slot, camera in cameras.items()
            },
        )


def chunk(
    rows: NDArray[np.float32], row: int, end: int, *, horizon: int, is_speed: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The actions from a row on.

    Args:
        rows: (rows, D) all actions of the episode that are to be imitated.
        row: Where the chunk begins.
        end: The first row that it does not reach, after `row`.
        horizon: T.
        is_speed: [D], which numbers are 0 past the end; the others stay as they are in the last step.

    Returns:
        [T, D] float64 in the robot's units, absolute, and [T] whether each step is one of them.
    """
    good = min(end - row, horizon)
    actions = np.empty((horizon, rows.shape[1]), np.float64)
    actions[:good] = rows[row : row + good]
    actions[good:] = np.where(is_speed, 0.0, actions[good - 1])
    return actions, np.arange(horizon) < good


def _label(box: BoxLabel) -> str:
    """A box's text without what would end it in an answer."""
    return " ".join(box.text.replace(";", " ").replace("<", " ").split())
