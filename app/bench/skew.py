"""Camera time against state time at known events: when a picture shows the gripper clap, does the state say so too?

A wrist camera looks at its own gripper. While the arm stands still and the gripper claps, the change from one picture
to the next, over time, is laid over the gripper's speed as its servo reports it. The shift at which the two agree best
is the skew between the cameras' clock and the servos'.
"""

from __future__ import annotations

import itertools
import time

import numpy as np
from numpy.typing import NDArray

from app.bench.tracking import best_lag
from app.messages import Jog
from app.session import Session
from recordings import CameraFrames, Episode

CLAPS = 4
CLAP_S, PAUSE_S = 0.35, 0.2
CLAP_RATE = 3.0
"""Openings per second: as fast as the gripper may."""

GRID_S = 0.002
LONGEST_S = 0.2
JOG_PERIOD_S = 0.03


def clap(session: Session, hand: str) -> tuple[int, int]:
    """Close and open a gripper a few times, as an operator would by keys, while the robot follows.

    Returns:
        When it began and when it ended, monotonic ns.
    """
    began_ns = time.monotonic_ns()
    for rate in (-CLAP_RATE, CLAP_RATE) * CLAPS:
        until = time.monotonic() + CLAP_S
        while time.monotonic() < until:
            session.jog(Jog(time_ns=time.monotonic_ns(), hand=hand, opening_rate=rate))
            time.sleep(JOG_PERIOD_S)
        session.jog(Jog(time_ns=time.monotonic_ns()))
        time.sleep(PAUSE_S)
    return began_ns, time.monotonic_ns()


def camera_state_skew_s(episode: Episode, camera: str, gripper: int, during_ns: tuple[int, int]) -> float:
    """Seconds by which a wrist camera's pictures come after the state that they show; negative when before.

    Args:
        episode: one in which the gripper claps.
        camera: the camera that sees it.
        gripper: its place in the state vector.
        during_ns: when it claps.
    """
    first, last = during_ns
    frames = episode.camera(camera)
    chosen = np.flatnonzero((frames.time_ns >= first) & (frames.time_ns <= last))
    times_s, change = picture_change(frames, chosen)
    state = episode.state
    rows = (state.time_ns >= first) & (state.time_ns <= last)
    state_s, opening = state.time_ns[rows] / 1e9, np.asarray(state.position[rows, gripper], np.float64)
    known = np.isfinite(opening)
    state_s, opening = state_s[known], opening[known]
    # The speed over a step belongs to its middle, as the change between two pictures does.
    speed, speed_s = np.abs(np.diff(opening)) / np.diff(state_s), (state_s[1:] + state_s[:-1]) / 2
    grid = np.arange(max(times_s[0], speed_s[0]), min(times_s[-1], speed_s[-1]), GRID_S)
    said, seen = np.interp(grid, speed_s, speed), np.interp(grid, times_s, change)
    return best_lag(said, seen, round(LONGEST_S / GRID_S)) * GRID_S


def picture_change(
    frames: CameraFrames, chosen: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean absolute change per second from each chosen picture to the next, and the times halfway between them."""
    times_s = frames.time_ns[chosen] / 1e9
    pictures = [frames.frame(int(index))[::4, ::4].mean(axis=2, dtype=np.float32) for index in chosen]
    change = [float(np.abs(now - before).mean()) for before, now in itertools.pairwise(pictures)]
    return (times_s[1:] + times_s[:-1]) / 2, np.asarray(change) / np.diff(times_s)
