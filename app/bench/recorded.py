"""What the benches that drive and record have in common: every tick, and the figures of loop and cameras."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from app.bench.figures import Figures
from app.dataplane.layouts import tick_layout
from app.session import Session
from drivers.profile import RobotProfile
from recordings import Episode

ROOM = 1.2
"""Space for so many times the ticks that there should be."""


class TickCollector:
    """Every tick from now on, as long as `collect` is called at least every few seconds.

    Its space is taken at the start, so that it does not show as memory that grows.

    Args:
        session: keeps the last ten seconds.
        seconds: for how long it will collect, about.
    """

    def __init__(self, session: Session, *, seconds: float) -> None:
        self._session = session
        self._newest_ns = time.monotonic_ns()
        profile = session.profile
        count = round(ROOM * max(10.0, seconds) * profile.control_rate_hz)
        self._rows = np.zeros(count, tick_layout(profile.dof))
        self._rows["tick"] = -1  # a page that was never written to is not there yet
        self._count = 0

    def collect(self) -> NDArray[np.void]:
        """Take what is new; returns everything so far.

        Raises:
            RuntimeError: when it was told to collect for a much shorter time.
        """
        rows = self._session.ticks(self._newest_ns)
        if len(rows):
            if self._count + len(rows) > len(self._rows):
                raise RuntimeError(f"there is room for {len(self._rows)} ticks; tell it more seconds")
            self._newest_ns = int(rows["time_ns"][-1])
            self._rows[self._count : self._count + len(rows)] = rows
            self._count += len(rows)
        return self._rows[: self._count]


def cameras_captured(session: Session) -> dict[str, tuple[int, int]]:
    """For each camera, how many frames its process says it has captured, and the newest one's time."""
    figures = session.process_detail("cameras")["cameras"]
    return {name: (camera["captured"], camera["newest_ns"]) for name, camera in figures.items()}


def keep_driving(session: Session, ticks: TickCollector, seconds: float, *, script: str, seed: int) -> None:
    """Keep a script going for so long, and collect the ticks."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(min(1.0, max(0.0, end - time.monotonic())))
        ticks.collect()
        if not session.snapshot().script and time.monotonic() < end - 2.0:
            session.run_script(script, seed)


def add_loop_figures(figures: Figures, ticks: NDArray[np.void], episode: Episode, *, rate_hz: float) -> None:
    """How late the robot's loop was over these ticks, and whether every one of them was recorded."""
    lateness_ms = ticks["lateness_ns"] / 1e6
    span_s = (int(ticks["action_time_ns"][-1]) - int(ticks["action_time_ns"][0])) / 1e9
    # A deadline that was skipped altogether was late too.
    due = max(len(ticks), round(span_s * rate_hz) + 1)
    late = int((lateness_ms > 2.0).sum()) + due - len(ticks)
    figures.add("late_ticks_over_2ms_fraction", late / due, at_most=0.005)
    figures.add("max_tick_lateness_ms", float(lateness_ms.max()), at_most=20)
    # The robot's own counter between the first and the last recorded action says how many ticks there were.
    counter = dict(zip(ticks["action_time_ns"].tolist(), ticks["tick"].tolist(), strict=True))
    action_ns = episode.action.time_ns
    counted = counter[int(action_ns[-1])] - counter[int(action_ns[0])] + 1
    figures.add("ticks", counted)
    figures.add("state_rows", len(episode.state.time_ns), at_least=counted, at_most=counted)
    figures.add("action_rows", len(action_ns), at_least=counted, at_most=counted)


def add_camera_figures(
    figures: Figures,
    profile: RobotProfile,
    episode: Episode,
    before: dict[str, tuple[int, int]],
    after: dict[str, tuple[int, int]],
) -> None:
    """Frames that a camera's process had captured and the episode lacks, and the slowest camera's recorded rate.

    Args:
        figures: take them.
        profile: the robot.
        episode: what was recorded.
        before: `cameras_captured` at a moment of the recording.
        after: and at a later one.
    """
    dropped, rates = 0, []
    for name in profile.cameras:
        times = episode.camera(name).time_ns
        (count_before, ns_before), (count_after, ns_after) = before[name], after[name]
        recorded = int(((times > ns_before) & (times <= ns_after)).sum())
        dropped += count_after - count_before - recorded
        rates.append((len(times) - 1) / ((times[-1] - times[0]) / 1e9))
    figures.add("frames_dropped", dropped, at_least=0, at_most=0)
    figures.add("camera_rate_hz", float(min(rates)), at_least=25)
