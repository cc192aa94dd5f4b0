"""Everything of an episode but its pictures, read once: times, vectors, spans, events and sound; free of Qt.

What pictures need is read first and by itself; checking the rows of half an hour takes longer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from app.gui.camera_order import camera_rank
from app.gui.review.reach import travel
from app.gui.review.sound import Sound
from app.gui.review.spans import Span, spans_of
from recordings import (
    CameraFrames,
    ClockAnchor,
    Counts,
    Episode,
    Event,
    RecordingError,
)

Times = NDArray[np.int64]
Vectors = NDArray[np.float32]
Floats = NDArray[np.float64]
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
        sound: what was heard; None where there was none.
        clock: ties the times to the wall clock.
        control_rate_hz: nominal rate of the rows.
        counts: how much of everything there is, as the episode says itself.
        problems: what could not be read, in words, each with what to do.
        travel: (D,) how far each number went, as a share of its range where that is known.
        is_whole: whether all of it has been read; until then there are only the cameras.
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
    sound: Sound | None
    clock: ClockAnchor
    control_rate_hz: float
    counts: Counts
    problems: tuple[str, ...]
    travel: Floats
    is_whole: bool

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


def open_film(path: Path) -> tuple[Episode, Film]:
    """Open an episode and read what its pictures need. A camera that is damaged is left out and told.

    Raises:
        RecordingError: it cannot be opened at all.
        OSError: the disk refuses it.
    """
    episode = Episode(path)
    problems: list[str] = []
    if episode.damage is not None:
        problems.append("; ".join(episode.damage.reasons))
    size = episode.attributes.vector_size
    names = [camera.name for camera in episode.attributes.cameras]
    cameras = [_part(partial(episode.camera, name), problems) for name in sorted(names, key=camera_rank)]
    limits = episode.attributes.vector_limits
    nothing, no_rows = np.zeros(0, np.int64), np.zeros((0, size), np.float32)
    return episode, Film(
        episode_id=episode.attributes.id,
        cameras=tuple(camera for camera in cameras if camera is not None),
        names=episode.attributes.vector_names,
        units=episode.attributes.vector_units,
        limits=limits if limits is not None else ((None, None),) * size,
        time_ns=nothing,
        position=no_rows,
        sent_ns=nothing,
        sent=no_rows,
        spans=(),
        events=(),
        sound=None,
        clock=episode.attributes.clock_anchor,
        control_rate_hz=episode.attributes.control_rate_hz,
        counts=episode.attributes.counts,
        problems=tuple(problems),
        travel=np.zeros(size),
        is_whole=False,
    )


def read_rest(episode: Episode, film: Film) -> Film:
    """The film with everything else, against its checksums. A part that is damaged is left out and told."""
    problems: list[str] = []
    state = _part(lambda: episode.state, problems)
    action = _part(lambda: episode.action, problems)
    events = _part(lambda: episode.events, problems)
    audio = _part(lambda: episode.audio, problems)
    if state is not None:
        film = replace(film, time_ns=state.time_ns, position=state.position)
    if action is not None:
        spans = spans_of(action.time_ns, action.source)
        film = replace(film, sent_ns=action.time_ns, sent=action.sent, spans=spans)
    return replace(
        film,
        events=events or (),
        sound=Sound(audio) if audio is not None else None,
        problems=(*film.problems, *problems),
        travel=travel(film.sent if len(film.sent) else film.position, film.limits),
        is_whole=True,
    )


def read_film(path: Path) -> Film:
    """Read all of an episode; raises as `open_film` does."""
    return read_rest(*open_film(path))


def _part(read: Callable[[], T], problems: list[str]) -> T | None:
    try:
        return read()
    except (RecordingError, ValueError, OSError) as error:
        problems.append(str(error))
        return None
