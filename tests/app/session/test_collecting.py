"""Collecting episodes and taking over, through a session of real processes."""

from __future__ import annotations

import time

import msgspec
import numpy as np
import pytest

from app.collection.plan import CollectionPlan
from app.collection.view import Phase
from app.messages import Mode, Source
from recordings import Dataset, Episode
from tests.support.live_session import LiveSession

pytestmark = pytest.mark.timeout(240)

PLAN = CollectionPlan(task="wipe the table", operator="ada", scene="blue cloth", countdown_s=0.4, reset_s=3.0)


def reach(live: LiveSession, phase: Phase) -> None:
    live.wait(lambda now: now.collection.phase is phase, f"phase {phase}")


def record_one(live: LiveSession, outcome: str) -> str:
    """Collect an episode as an operator would; its id."""
    live.session.begin()
    running = live.wait(
        lambda now: now.collection.phase is Phase.RECORDING and now.recording is not None, "recording"
    ).recording
    assert running is not None
    live.wait(lambda now: now.collection.aim == running.episode_id, "the episode to be an aim")
    live.session.judge(outcome, aim=live.now.collection.aim)
    live.wait(lambda now: now.collection.last_id == running.episode_id, "the episode to be closed")
    return running.episode_id


def opened(live: LiveSession, episode_id: str) -> Episode:
    return Dataset.open(live.data_dir).episode(episode_id)


def test_a_holding_robot_goes_through_countdown_and_gate_into_an_episode_that_is_judged_and_counted(
    live: LiveSession,
) -> None:
    live.hold()
    live.session.set_plan(msgspec.structs.replace(PLAN, countdown_s=30.0))
    live.session.begin()
    reach(live, Phase.COUNTDOWN)
    live.session.cancel()
    reach(live, Phase.IDLE)
    live.session.set_plan(PLAN)
    live.wait(lambda now: now.collection.plan == PLAN, "the plan")
    before = live.now.collection.tally.episodes
    first = record_one(live, "success")
    assert live.now.collection.phase is Phase.RESETTING
    live.session.judge("failure", aim=first)
    live.wait(
        lambda now: any(e.episode_id == first and e.outcome == "failure" for e in now.episodes), "judged anew"
    )
    second = record_one(live, "discard")
    live.wait(lambda now: any(e.episode_id == second for e in now.trashed), "the trash")
    live.session.take_back()
    live.wait(lambda now: any(e.episode_id == second for e in now.episodes), "the second one back")
    live.session.take_back()
    live.wait(lambda now: any(e.episode_id == second for e in now.trashed), "the trash again")
    counted = live.wait(lambda now: now.collection.tally.episodes == before + 1, "the tally").collection
    assert counted.tally.failures == 1
    assert counted.scene_episodes >= 1
    episode = opened(live, first)
    assert (episode.attributes.operator, episode.attributes.environment.scene) == ("ada", "blue cloth")
    assert episode.attributes.environment.room == "kitchen"
    assert set(episode.attributes.counts.sources) == {"teleop"}
    live.verified(first)


def test_one_press_takes_over_from_a_replay_and_the_same_episode_says_from_where_to_where(
    live: LiveSession,
) -> None:
    live.warm_up()
    made = live.start_episode("warm up")
    time.sleep(2.5)
    live.end_episode(made)
    live.hold()
    live.session.set_plan(msgspec.structs.replace(PLAN, countdown_s=0.0))
    live.session.replay(made)
    live.wait(lambda now: now.mode is Mode.REPLAY, "replay")
    live.session.begin()
    running = live.wait(lambda now: now.recording is not None, "recording").recording
    assert running is not None
    live.wait(lambda now: now.replay_progress > 0.2, "the replay to move")
    before_ns = time.monotonic_ns()
    live.session.set_mode(Mode.TELEOP)
    live.wait(lambda now: now.mode is Mode.TELEOP and now.intervening, "intervention")
    live.wait(lambda now: now.gate is None and now.mode is Mode.TELEOP, "following")
    live.assert_no_jump(before_ns)
    live.hold()
    assert not live.now.intervening
    live.wait(lambda now: now.collection.aim == running.episode_id, "the aim")
    live.session.judge("success", aim=running.episode_id)
    live.wait(lambda now: now.collection.last_id == running.episode_id, "the episode to be closed")
    episode = opened(live, running.episode_id)
    source = np.asarray(episode.action.source)
    order = [int(code) for code in source[np.flatnonzero(np.diff(source, prepend=255))]]
    assert order == [Source.REPLAY, Source.INTERVENTION, Source.HOLD]
    assert episode.attributes.counts.sources["intervention"] == int((source == Source.INTERVENTION).sum())
    marks = [event for event in episode.events if event.kind == "intervention"]
    assert [event.data["state"] for event in marks] == ["began", "ended"]
    assert marks[0].data["taken_over_from"] == "replay"
