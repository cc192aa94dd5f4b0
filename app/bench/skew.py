"""Camera time against state time: when a picture shows the arm moving, does the state say so at the same time?

A wrist camera sees the world move whenever its arm moves. The change from one of its pictures to the next, over time,
is laid over the speed of that arm's joints as the servos report it; the shift at which the two agree best is the skew.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.bench.tracking import best_lag
from recordings import Episode

GRID_S = 0.005
LONGEST_S = 0.2
MOST_FRAMES = 900


def camera_state_skew_s(episode: Episode, camera: str, joints: slice) -> float:
    """Seconds by which a wrist camera's pictures come after the state that they show; negative when before.

    Args:
        episode: one in which the arm moves and stops.
        camera: a camera mounted on the arm.
        joints: the arm's joints in the state vector.
    """
    times_s, change = picture_change(episode, camera)
    state = episode.state
    speed = np.sqrt(np.nansum(np.asarray(state.velocity[:, joints], np.float64) ** 2, axis=1))
    state_s = state.time_ns / 1e9
    grid = np.arange(max(times_s[0], state_s[0]), min(times_s[-1], state_s[-1]), GRID_S)
    if len(grid) < 2 * LONGEST_S / GRID_S:
        return float("nan")
    seen = np.interp(grid, times_s, change)
    said = np.interp(grid, state_s, speed)
    return best_lag(said, seen, round(LONGEST_S / GRID_S)) * GRID_S


def picture_change(episode: Episode, camera: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean absolute change per second from each picture to the next, and the times halfway between them."""
    frames = episode.camera(camera)
    count = min(len(frames), MOST_FRAMES)
    times_s = np.asarray(frames.time_ns[:count], np.float64) / 1e9
    before = _small(frames.frame(0))
    changes = []
    for index in range(1, count):
        now = _small(frames.frame(index))
        changes.append(float(np.abs(now - before).mean()) / (times_s[index] - times_s[index - 1]))
        before = now
    return (times_s[1:] + times_s[:-1]) / 2, np.sqrt(np.asarray(changes))


def _small(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    return image[::4, ::4].mean(axis=2, dtype=np.float32)
