"""From when to when an episode goes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recordings.episode import Episode


def grid(episode: Episode) -> NDArray[np.int64]:
    """(N,) capture times that labels are looked at by: the states', or without any the frames' of the first camera."""
    if len(episode.state.time_ns):
        return episode.state.time_ns
    for camera in episode.attributes.cameras:
        frames = episode.camera(camera.name)
        if len(frames):
            return frames.time_ns
    return np.zeros(0, np.int64)


def extent(episode: Episode) -> tuple[int, int] | None:
    """The first capture time, and the first moment after the last one; None of an empty episode."""
    times = grid(episode)
    return (int(times[0]), int(times[-1]) + 1) if len(times) else None
