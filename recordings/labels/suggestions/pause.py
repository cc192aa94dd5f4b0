"""Suggested by pauses: cuts where next to nothing moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recordings.episode import Episode
from recordings.labels.label import SpanLabel
from recordings.labels.suggestions.cuts import Cut, segments
from recordings.labels.suggestions.extent import extent
from recordings.labels.suggestions.turning import legs, smoothed, without_gaps

LEAST_PAUSE_NS = 300_000_000
_SURE_PAUSE_NS = 1_000_000_000
_WINDOW_NS = 200_000_000
_STILL = 0.1
"""Of the speed that nine tenths of the episode keep below."""
_NOISE = 0.02
"""A speed that servos at rest may seem to have; see `_FULL_SPEED` for what 1 is."""
_LEAST_DIP = 0.3
"""How far speed falls and rises around a minimum, of that same speed."""

_FULL_SPEED = {"rad": 1.0, "m": 0.25, "m/s": 0.25, "rad/s": 1.0, "opening": 2.0, "1": 2.0}
"""By unit, a brisk speed (of a rate such as a base's m/s: a brisk value), so that joints, lift and base compare."""


@dataclass(frozen=True)
class Motion:
    """How fast a robot moves as a whole.

    Attributes:
        time_ns: (T,) the states' times.
        speed: (T,) the root of the summed squares of all numbers' mean speeds over 0.2 s, each over a brisk one.
        usual: What nine tenths of it keep below.
    """

    time_ns: NDArray[np.int64]
    speed: NDArray[np.float64]
    usual: float


@dataclass(frozen=True)
class Pause:
    """A stretch of next to no motion."""

    start_ns: int
    end_ns: int

    @property
    def middle_ns(self) -> int:
        """Half-way."""
        return (self.start_ns + self.end_ns) // 2


def motion(episode: Episode) -> Motion | None:
    """How fast everything moves, from measured positions; None of less than three rows.

    A number whose unit is a speed (a base's) is one already.
    """
    state = episode.state
    if len(state.time_ns) < 3:
        return None
    seconds = (state.time_ns - state.time_ns[0]) / 1e9
    position = without_gaps(state.position)
    tick_ns = float(np.median(np.diff(state.time_ns)))
    window = max(1, round(_WINDOW_NS / tick_ns))
    total = np.zeros(len(seconds))
    for column, unit in enumerate(episode.attributes.vector_units):
        values = position[:, column]
        speed = values if unit.endswith("/s") else np.gradient(values, seconds)
        # Smoothed with its sign, so that a servo at rest that flickers between two ticks does not seem to move.
        total += (smoothed(speed, window) / _FULL_SPEED.get(unit, 1.0)) ** 2
    total = np.sqrt(total)
    return Motion(state.time_ns, total, float(np.quantile(total, 0.9)))


def pauses(moved: Motion | None) -> tuple[Pause, ...]:
    """Stretches of at least 0.3 s in which a robot that does move is slower than a tenth of its usual speed."""
    if moved is None or moved.usual < 2 * _NOISE:
        return ()
    still = moved.speed < max(_NOISE, _STILL * moved.usual)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], still, [False])).astype(np.int8)))
    found = (
        Pause(int(moved.time_ns[start]), int(moved.time_ns[end - 1]))
        for start, end in zip(edges[::2], edges[1::2], strict=True)
    )
    return tuple(pause for pause in found if pause.end_ns - pause.start_ns >= LEAST_PAUSE_NS)


def velocity_minima(moved: Motion | None) -> NDArray[np.int64]:
    """(N,) times at which speed is least between two rises."""
    if moved is None or moved.usual < 2 * _NOISE:
        return np.zeros(0, np.int64)
    falls = [leg for leg in legs(moved.speed, least_travel=_LEAST_DIP * moved.usual) if leg.travel < 0]
    inside = [leg.end for leg in falls if leg.end < len(moved.speed) - 1]
    return moved.time_ns[inside]


def suggest_pause(episode: Episode, *, found: tuple[Pause, ...]) -> tuple[SpanLabel, ...]:
    """The episode in segments, without texts, cut in the middle of pauses; the longer, the surer, up to a second.

    Rest at the episode's start ends, and rest at its end begins, with a cut of its own.
    """
    ends = extent(episode)
    if ends is None:
        return ()
    cuts = [Cut(_cut_ns(pause, ends), "pause", _confidence(pause)) for pause in found]
    return segments("pause", cuts, ends)


def _cut_ns(pause: Pause, ends: tuple[int, int]) -> int:
    if pause.start_ns <= ends[0]:
        return pause.end_ns
    return pause.start_ns if pause.end_ns >= ends[1] - 1 else pause.middle_ns


def _confidence(pause: Pause) -> float:
    return min(1.0, (pause.end_ns - pause.start_ns) / _SURE_PAUSE_NS)
