"""Everything of an episode but its pictures, read once: times, vectors, spans and events; free of Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from app.gui.camera_order import camera_rank
from app.gui.review.spans import Span, spans_of
from recordings import (
    CameraFrames,
    ClockAnchor,
    Episode,
    Event,
    RecordingError,
    StateRows,
)

Times = NDArray[np.int64]
Vectors = NDArray[np.float32]
_TOGETHER_NS = 100_000_000
T = TypeVar("T")


@dataclass(frozen=True)
class Film:
    """One episode as it is played.

    Attributes:
        episode_id: its id.
        cameras: the main one first.
        names, units: the D numbers of state and action.
        limits: lowest and highest of each, where they are known.
        time_ns: (T,) of the state's rows.
        position: (T, D) measured.
        sent_ns: (T,) of the action's rows.
        sent: (T, D).
        spans: who drove from when to when.
        events: in order.
        clock: ties the times to the wall clock.
        control_rate_hz: nominal rate of the rows.
        problems: what could not be read, in words, each with what to do.
    """

    episode_id: str
    cameras: tuple[CameraFrames, ...]
    names: tuple[str, ...]
    units: tuple[str, ...]
    limits: tuple[tuple[float | None, float | None], ...]
    time_ns: Times
    position: Vectors
    sent_ns: Times
    sent: Vectors
    spans: tuple[Span, ...]
    events: tuple[Event, ...]
    clock: ClockAnchor
    control_rate_hz: float
    problems: tuple[str, ...]

    @property
    def start_ns(self) -> int:
        """The first moment that has something of every stream; of any stream, where one begins much later."""
        firsts = [int(times[0]) for times in self._streams]
        if not firsts:
            return 0
        return max(firsts) if max(firsts) - min(firsts) <= _TOGETHER_NS else min(firsts)

    @property
    def end_ns(self) -> int:
        """The last moment of any stream."""
        return max((int(times[-1]) for times in self._streams), default=0)

    @property
    def _streams(self) -> list[Times]:
        streams = (self.time_ns, *(camera.time_ns for camera in self.cameras))
        return [times for times in streams if len(times)]

    def wall_ns(self, time_ns: int) -> int:
        """A moment on the wall clock: UTC, in ns since 1970."""
        return self.clock.utc_ns + time_ns - self.clock.monotonic_ns

    def wall_words(self, time_ns: int) -> str:
        """The same as this machine's clock showed it: "14:07:12.482"."""
        wall = datetime.fromtimestamp(self.wall_ns(time_ns) // 1_000_000 / 1e3, UTC).astimezone()
        return f"{wall:%H:%M:%S}.{wall.microsecond // 1000:03d}"


def read_film(path: Path) -> Film:
    """Read an episode. A part that is damaged is left out and told; only what says what it is must be whole.

    Raises:
        RecordingError: it cannot be opened at all.
        OSError: the disk refuses it.
    """
    episode = Episode(path)
    problems: list[str] = []
    if episode.damage is not None:
        problems.append("; ".join(episode.damage.reasons))
    size = episode.attributes.vector_size
    none = np.zeros(0, np.int64)
    state = _part(lambda: episode.state, problems)
    action = _part(lambda: episode.action, problems)
    events = _part(lambda: episode.events, problems)
    names = [camera.name for camera in episode.attributes.cameras]
    cameras = [_part(partial(episode.camera, name), problems) for name in sorted(names, key=camera_rank)]
    no_state = StateRows(none, *(np.zeros((0, size), np.float32) for _ in range(3)))
    state = state if state is not None else no_state
    limits = episode.attributes.vector_limits
    return Film(
        episode_id=episode.attributes.id,
        cameras=tuple(camera for camera in cameras if camera is not None),
        names=episode.attributes.vector_names,
        units=episode.attributes.vector_units,
        limits=limits if limits is not None else ((None, None),) * size,
        time_ns=state.time_ns,
        position=state.position,
        sent_ns=action.time_ns if action is not None else none,
        sent=action.sent if action is not None else no_state.position,
        spans=spans_of(action.time_ns, action.source) if action is not None else (),
        events=events or (),
        clock=episode.attributes.clock_anchor,
        control_rate_hz=episode.attributes.control_rate_hz,
        problems=tuple(problems),
    )


def _part(read: Callable[[], T], problems: list[str]) -> T | None:
    try:
        return read()
    except (RecordingError, ValueError, OSError) as error:
        problems.append(str(error))
        return None
