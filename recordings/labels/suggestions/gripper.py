"""Suggested by grippers: cuts where one has closed and where one begins to open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recordings.episode import Episode
from recordings.labels.label import SpanLabel
from recordings.labels.suggestions.cuts import Cut, segments
from recordings.labels.suggestions.extent import extent
from recordings.labels.suggestions.turning import Leg, legs, without_gaps

LEAST_TRAVEL = 0.2
"""Of a gripper's range: less, there and back, is no closing or opening. A cup of half its opening still counts."""

_SETTLED = 0.1
"""A gripper has closed where this share of the way is left, and begins to open where this share is done."""

_LEAST_RANGE = 1e-3
_MOST_RANGE = 1e3


@dataclass(frozen=True)
class GripperEvent:
    """One closing or opening.

    Attributes:
        time_ns: Of a closing, when it has closed on what it holds; of an opening, when it begins.
        name: The gripper's name in `vector_names`.
        closes: Else it opens.
        travel: Of its range, 0 to 1.
    """

    time_ns: int
    name: str
    closes: bool
    travel: float

    @property
    def what(self) -> str:
        """In words."""
        return f"{self.name} {'closes' if self.closes else 'opens'}"


def gripper_events(episode: Episode) -> tuple[GripperEvent, ...]:
    """Closings and openings of all grippers in order of time, by measured position; larger is taken to be more open.

    A gripper's range is that of `vector_limits`; where there are none, what it went through.
    """
    attributes = episode.attributes
    names = attributes.vector_names
    columns = [column for column, name in enumerate(names) if "gripper" in name.lower()]
    opening = without_gaps(episode.state.position[:, columns])
    times = episode.state.time_ns
    limits = attributes.vector_limits
    found: list[GripperEvent] = []
    for place, column in enumerate(columns):
        values = opening[:, place]
        scale = _range(values, limits[column] if limits is not None else (None, None))
        if scale is None:
            continue
        for leg in legs(values / scale, least_travel=LEAST_TRAVEL):
            at = _moment(values / scale, leg)
            found.append(
                GripperEvent(int(times[at]), names[column], leg.travel < 0, min(1.0, abs(leg.travel)))
            )
    return tuple(sorted(found, key=lambda event: (event.time_ns, event.name)))


def suggest_gripper(episode: Episode, *, events: Sequence[GripperEvent]) -> tuple[SpanLabel, ...]:
    """The episode in segments, without texts, cut at what its grippers do."""
    cuts = [Cut(event.time_ns, event.what, event.travel) for event in events]
    ends = extent(episode)
    return segments("gripper", cuts, ends) if ends is not None else ()


def _range(values: NDArray[np.float64], limits: tuple[float | None, float | None]) -> float | None:
    low, high = limits
    if low is not None and high is not None and _LEAST_RANGE < high - low < _MOST_RANGE:
        return high - low
    span = float(np.ptp(values)) if len(values) else 0.0
    return span if span > _LEAST_RANGE else None


def _moment(values: NDArray[np.float64], leg: Leg) -> int:
    way = values[leg.start : leg.end + 1]
    if leg.travel < 0:
        return leg.start + int(np.argmax(way <= way[-1] - _SETTLED * leg.travel))
    still = np.flatnonzero(way < way[0] + _SETTLED * leg.travel)
    return leg.start + int(still[-1])
