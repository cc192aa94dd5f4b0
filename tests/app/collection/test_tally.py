"""Today's counts, and how long a scene has stood."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.collection.plan import CollectionPlan
from app.collection.tally import nudge, scene_run, tally
from app.session.view import EpisodeView

NOON = datetime.now().astimezone().replace(hour=12, minute=0, second=0, microsecond=0)
PLAN = CollectionPlan(task="wipe", operator="ada", target=5, nudge_after=3)
EPISODE = EpisodeView(
    episode_id="a",
    task="wipe",
    outcome="success",
    started_at=NOON.astimezone(UTC).isoformat(),
    duration_s=10.0,
    complete=True,
    operator="ada",
    home="h",
    room="r",
    scene="s",
)


def test_only_this_task_by_this_operator_today_counts() -> None:
    yesterday = (NOON - timedelta(days=1)).astimezone(UTC).isoformat()
    others = (
        replace(EPISODE, task="fold"),
        replace(EPISODE, operator="bob"),
        replace(EPISODE, started_at=yesterday),
        replace(EPISODE, complete=False),
        replace(EPISODE, started_at=""),
    )
    kept = (EPISODE, replace(EPISODE, outcome="failure", duration_s=14.0), replace(EPISODE, outcome="unset"))
    counted = tally((*others, *kept), PLAN, today=NOON.date())
    assert (counted.episodes, counted.target, counted.successes, counted.failures) == (3, 5, 1, 1)
    assert counted.success_rate == 0.5
    assert math.isclose(counted.mean_s, 34.0 / 3)
    assert math.isclose(counted.spread_s, math.sqrt(16.0 / 3))


def test_nothing_has_no_mean() -> None:
    counted = tally((), PLAN, today=NOON.date())
    assert counted.episodes == 0
    assert math.isnan(counted.mean_s)
    assert math.isnan(counted.spread_s)
    assert math.isnan(counted.success_rate)
    assert math.isnan(tally((EPISODE,), PLAN, today=NOON.date()).spread_s)


def test_a_scene_asks_for_another_after_so_many_in_a_row() -> None:
    here = ("h", "r", "s")
    other = replace(EPISODE, scene="t")
    assert scene_run((EPISODE, EPISODE, other, EPISODE), here) == 2
    assert scene_run((other, EPISODE), here) == 0
    assert nudge(2, PLAN) == ""
    assert "3 episodes" in nudge(3, PLAN)
    assert nudge(100, CollectionPlan(nudge_after=0)) == ""
