"""The rows of an exported episode: which frame of each camera, which state and which action belong together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recordings.align import nearest
from recordings.episode import CameraFrames, Episode

Times = NDArray[np.int64]
Indices = NDArray[np.int64]

NS = 1_000_000_000


class EpisodeLeftOut(Exception):
    """An episode cannot be exported; the message says why, and the others go on."""


@dataclass(frozen=True)
class Grid:
    """N rows.

    Attributes:
        time_ns: (N,) the moment of each; what belongs to it is what is nearest to it.
        capture_ns: (N,) when its frame of the first camera was taken; the same, where each such frame is a row.
        frames: By camera, (N,) which frame.
        state: (N,) which row of state.
        action: (N,) which row of action.
        skew_ns: By stream, the greatest distance of an item from its row's moment.
    """

    time_ns: Times
    capture_ns: Times
    frames: dict[str, Indices]
    state: Indices
    action: Indices
    skew_ns: dict[str, int]

    def __len__(self) -> int:
        return len(self.time_ns)

    def timestamp_off_ns(self, fps: int) -> int:
        """The greatest difference between row / fps and the time of capture since the first row."""
        counted = np.arange(len(self)) * NS // fps
        return int(np.abs(self.capture_ns - self.capture_ns[0] - counted).max())


def rows_of(episode: Episode, *, fps: int | None) -> Grid:
    """A row for each stored frame of the first camera, or with `fps` for each step of that length from its first frame.

    A tick in which a device did not answer is passed over for the nearest one in which all did: LeRobot's statistics
    and policies take no NaN.

    Raises:
        EpisodeLeftOut: A stream is empty, or a device never answered.
        DamagedData: A stream's rows are not those that were written.
    """
    cameras = [episode.camera(camera.name) for camera in episode.attributes.cameras]
    present = {frames.camera.name: _present(frames) for frames in cameras}
    first = cameras[0].time_ns[present[cameras[0].camera.name]]
    time_ns = (
        first if fps is None else first[0] + np.arange((first[-1] - first[0]) * fps // NS + 1) * NS // fps
    )
    found: dict[str, Indices] = {}
    skew_ns: dict[str, int] = {}

    def find(stream: str, stream_ns: Times, usable: Indices) -> Indices:
        try:
            fitting = nearest(stream_ns[usable], time_ns)
        except ValueError as error:
            raise EpisodeLeftOut(f"{stream}: {error}") from error
        skew_ns[stream] = int(np.abs(fitting.gap_ns).max())
        return usable[fitting.index]

    for frames in cameras:
        name = frames.camera.name
        found[name] = find(f"camera {name}", frames.time_ns, present[name])
    return Grid(
        time_ns=time_ns,
        capture_ns=cameras[0].time_ns[found[cameras[0].camera.name]],
        frames=found,
        state=find("state", episode.state.time_ns, _answered(episode)),
        action=find("action", episode.action.time_ns, _sent(episode)),
        skew_ns=skew_ns,
    )


def _present(frames: CameraFrames) -> Indices:
    present = np.flatnonzero(~frames.missing)
    if not len(present):
        raise EpisodeLeftOut(f"camera {frames.camera.name} has no frame")
    return present


def _answered(episode: Episode) -> Indices:
    position = episode.state.position
    if not len(position):
        raise EpisodeLeftOut("has no state")
    answered = np.flatnonzero(np.isfinite(position).all(axis=1))
    if not len(answered):
        never = np.flatnonzero(~np.isfinite(position).any(axis=0))
        names = ", ".join(episode.attributes.vector_names[i] for i in never) or "one device or another"
        raise EpisodeLeftOut(f"in no tick did all devices answer; missing: {names}")
    return answered


def _sent(episode: Episode) -> Indices:
    sent = np.flatnonzero(np.isfinite(episode.action.sent).all(axis=1))
    if not len(sent):
        raise EpisodeLeftOut("no action was sent")
    return sent
