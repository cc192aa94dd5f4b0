"""Counting what was collected: today's tally, and how long a scene has stood unchanged."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from datetime import date, datetime
from typing import Protocol

from app.collection.plan import CollectionPlan
from app.collection.view import Tally


class Counted(Protocol):
    """What is counted of an episode; `app.session.view.EpisodeView` has it all."""

    @property
    def task(self) -> str:
        """What was shown."""

    @property
    def operator(self) -> str:
        """Who drove."""

    @property
    def outcome(self) -> str:
        """`success`, `failure` or `unset`."""

    @property
    def started_at(self) -> str:
        """UTC, ISO 8601."""

    @property
    def duration_s(self) -> float:
        """First to last row."""

    @property
    def complete(self) -> bool:
        """Whether it was closed."""

    @property
    def home(self) -> str:
        """Where it was recorded."""

    @property
    def room(self) -> str:
        """Where it was recorded."""

    @property
    def scene(self) -> str:
        """Where it was recorded."""


def tally(episodes: Iterable[Counted], plan: CollectionPlan, *, today: date) -> Tally:
    """What the plan's operator did of its task today.

    Args:
        episodes: the dataset without its trash.
        plan: whose task, operator and target count.
        today: by the clock on the wall here.
    """
    own = [
        episode
        for episode in episodes
        if episode.complete
        and episode.task == plan.task
        and episode.operator == plan.operator
        and _day(episode.started_at) == today
    ]
    lengths_s = [episode.duration_s for episode in own]
    return Tally(
        episodes=len(own),
        target=plan.target,
        successes=sum(episode.outcome == "success" for episode in own),
        failures=sum(episode.outcome == "failure" for episode in own),
        mean_s=statistics.fmean(lengths_s) if lengths_s else float("nan"),
        spread_s=statistics.stdev(lengths_s) if len(lengths_s) > 1 else float("nan"),
    )


def scene_run(episodes: Iterable[Counted], place: tuple[str, str, str]) -> int:
    """How many episodes in a row, newest first, were recorded in one home, room and scene.

    Args:
        episodes: newest first.
        place: home, room and scene as they are now.
    """
    count = 0
    for episode in episodes:
        if (episode.home, episode.room, episode.scene) != place:
            break
        count += 1
    return count


def nudge(run: int, plan: CollectionPlan) -> str:
    """Words that ask for another scene once this one has stood unchanged for long; empty before."""
    if not plan.nudge_after or run < plan.nudge_after:
        return ""
    return f"{run} episodes in this very scene. Move things around, and give the scene a new name."


def _day(started_at: str) -> date | None:
    """The local day of a time in UTC; None for what is no time."""
    try:
        return datetime.fromisoformat(started_at).astimezone().date()
    except ValueError:
        return None
