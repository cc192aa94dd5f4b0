"""How much was collected, by task, by place and by who drove; free of Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.gui.episodes.card import place_of
from app.session.view import EpisodeView

SOURCE_WORDS = {
    "teleop": "teleoperated",
    "verbal": "verbal",
    "policy": "autonomous",
    "intervention": "intervention",
    "replay": "replay",
    "hold": "hold",
}
"""Who asked for an action, as it is read; a source of a later version goes by its own name."""

UNKNOWN, NO_TASK = "not said", "no task"


@dataclass(frozen=True, slots=True)
class Share:
    """One bar: what it is about, its time, and how many episodes have some of it."""

    name: str
    seconds: float
    episodes: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The time of some episodes, each division with the most first. All three add up to `seconds`."""

    seconds: float = 0.0
    episodes: int = 0
    successes: int = 0
    failures: int = 0
    by_task: tuple[Share, ...] = ()
    by_place: tuple[Share, ...] = ()
    by_source: tuple[Share, ...] = ()


def summarise(episodes: Iterable[EpisodeView]) -> Summary:
    """Add up episodes.

    An episode's time is divided among its sources as its rows are. That is rows over the control rate, whatever that
    was and however late some of its ticks came.
    """
    tasks, places, sources = _Sums(), _Sums(), _Sums()
    seconds, count, successes, failures = 0.0, 0, 0, 0
    for episode in episodes:
        count += 1
        seconds += episode.duration_s
        successes += episode.outcome == "success"
        failures += episode.outcome == "failure"
        tasks.add(episode.task or NO_TASK, episode.duration_s)
        places.add(place_of(episode) or UNKNOWN, episode.duration_s)
        rows = sum(count for _, count in episode.source_rows)
        if not rows:
            sources.add(UNKNOWN, episode.duration_s)
        for name, of_it in episode.source_rows:
            if of_it:
                sources.add(SOURCE_WORDS.get(name, name), episode.duration_s * of_it / rows)
    return Summary(seconds, count, successes, failures, tasks.shares(), places.shares(), sources.shares())


class _Sums:
    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._episodes: dict[str, int] = {}

    def add(self, name: str, seconds: float) -> None:
        self._seconds[name] = self._seconds.get(name, 0.0) + seconds
        self._episodes[name] = self._episodes.get(name, 0) + 1

    def shares(self) -> tuple[Share, ...]:
        shares = (Share(name, seconds, self._episodes[name]) for name, seconds in self._seconds.items())
        return tuple(sorted(shares, key=lambda share: (-share.seconds, share.name)))
