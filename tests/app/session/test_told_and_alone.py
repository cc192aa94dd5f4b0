"""A policy moves the robot through a session of processes: told by a person, alone, and lost; the scripted one."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from app.autonomy.choice import PolicyChoice, PolicyKind
from app.messages import Jog, Mode
from app.session.policy_view import PolicyView, SubtaskView
from app.session.view import Snapshot
from drivers.sim.operator.places import COUNTER_LIFT_M
from drivers.sim.operator.subtasks import is_at_counter
from tests.support.live_session import LiveSession

pytestmark = pytest.mark.timeout(240)

SCRIPTED = PolicyChoice(kind=PolicyKind.SCRIPTED)


@pytest.fixture
def scripted(live: LiveSession) -> Iterator[LiveSession]:
    live.session.autonomy.load(SCRIPTED)
    live.wait(lambda now: state_of(now) == "ready", "the scripted policy")
    yield live
    live.hold()
    live.session.autonomy.load(None)
    live.wait(lambda now: now.policy is None, "no policy")


def view_of(now: Snapshot) -> PolicyView:
    assert now.policy is not None
    return now.policy


def state_of(now: Snapshot) -> str:
    return now.policy.state if now.policy is not None else ""


def subtask_of(now: Snapshot, text: str) -> SubtaskView | None:
    """The newest of these words, in force or past."""
    view = view_of(now)
    seen = (*view.past, *((view.subtask,) if view.subtask is not None else ()))
    return next((subtask for subtask in reversed(seen) if subtask.text == text), None)


def acts(now: Snapshot) -> bool:
    """Whether something that nobody told it is being done."""
    subtask = view_of(now).subtask
    return subtask is not None and subtask.origin == "model" and subtask.first_action_ns > 0


def is_done(now: Snapshot, text: str) -> bool:
    seen = subtask_of(now, text)
    return seen is not None and seen.done


def tell(live: LiveSession, text: str) -> None:
    live.session.autonomy.listen()
    live.wait(lambda now: now.mode is Mode.VERBAL, "verbal mode")
    live.session.autonomy.tell(text, origin="typed")


def test_without_a_policy_there_is_nobody_to_tell(live: LiveSession) -> None:
    live.session.autonomy.listen()
    live.refused("no policy is loaded; choose one")
    assert live.now.mode is Mode.HOLD
    assert live.now.policy is None


def test_what_is_told_is_done_recorded_and_judged(scripted: LiveSession) -> None:
    episode_id = scripted.start_episode("raise the lift")
    tell(scripted, "raise the lift")
    now = scripted.wait(lambda now: is_done(now, "raise the lift"), "the lift to be raised")
    assert scripted.world.truth().lift_m == pytest.approx(COUNTER_LIFT_M, abs=0.02)
    seen = subtask_of(now, "raise the lift")
    assert seen is not None
    assert seen.origin == "typed"
    assert 0 < seen.first_action_ns - seen.applied_ns < 5e9
    scripted.session.autonomy.thumb(seen.applied_ns, 1)
    scripted.wait(lambda now: getattr(subtask_of(now, "raise the lift"), "thumb", 0) == 1, "a thumb up")
    scripted.end_episode(episode_id, "success")
    kinds = [(event.kind, event.data.get("state")) for event in scripted.verified(episode_id).events]
    assert ("subtask", "applied") in kinds
    assert ("subtask", "acting") in kinds
    assert ("subtask", "done") in kinds
    assert ("thumb", None) in kinds


def test_words_that_are_no_subtask_are_told_with_those_that_are_near(scripted: LiveSession) -> None:
    tell(scripted, "rise the lift")
    assert "did you mean 'raise the lift'" in scripted.notice("policy").what
    scripted.session.autonomy.tell("lower the lift", origin="typed")
    scripted.wait(lambda now: is_done(now, "lower the lift"), "the lift to be lowered")
    scripted.no_notice("policy")


def test_alone_a_task_is_done_and_that_is_said(scripted: LiveSession) -> None:
    scripted.session.autonomy.go_alone("drive to the counter")
    scripted.wait(lambda now: now.mode is Mode.AUTONOMOUS, "autonomous mode")
    scripted.wait(lambda now: "policy: Task done: drive to the counter" in now.log, "the task to be done")
    assert is_at_counter(scripted.world.truth())
    view = view_of(scripted.now)
    assert view.task == "drive to the counter"
    assert view.proposals[0].verdict == "applied"
    assert view.past[-1].origin == "model"
    assert view.finished is not None
    assert view.finished.task == "drive to the counter"
    assert 0 < view.finished.subtasks <= len(view.past)
    assert view.finished.took_ns > 0
    scripted.session.set_mode(Mode.HOLD)
    scripted.wait(lambda now: now.mode is Mode.HOLD, "hold")
    assert view_of(scripted.now).finished == view.finished  # said until something else is begun
    tell(scripted, "raise the lift")
    scripted.wait(lambda now: view_of(now).finished is None, "the end of the task before to be forgotten")


def test_after_a_veto_of_the_only_way_a_person_names_another_and_it_goes_on(scripted: LiveSession) -> None:
    scripted.session.reset_world(3)
    scripted.session.autonomy.go_alone("put the cup in the sink")
    now = scripted.wait(lambda now: acts(now), "something to be done")
    vetoed = view_of(now).subtask
    assert vetoed is not None
    scripted.session.autonomy.veto(vetoed.text)
    scripted.wait(lambda now: view_of(now).subtask is None, "the veto")
    remedy = scripted.notice("proposal").remedy
    assert "name a subtask yourself" in remedy
    assert f"lift the veto on {vetoed.text}" in remedy
    since_ns = time.monotonic_ns()
    scripted.wait(lambda now: now.time_ns - since_ns > 4e9, "its last chunk to have run out")
    assert scripted.now.mode is Mode.AUTONOMOUS
    scripted.session.autonomy.tell("lower the lift", origin="key")
    scripted.wait(lambda now: is_done(now, "lower the lift"), "the lift to be lowered")
    scripted.session.autonomy.veto("")
    scripted.wait(lambda now: acts(now) and view_of(now).subtask != vetoed, "it to go on by itself")
    scripted.no_notice("proposal")
    assert scripted.now.mode is Mode.AUTONOMOUS


def test_the_dead_mans_switch_is_held_before_a_policy_moves_the_robot_and_while_it_does(
    scripted: LiveSession,
) -> None:
    scripted.session.autonomy.listen(dead_man=True)
    scripted.refused("hold it first")

    def held(until: Callable[[Snapshot], bool]) -> Callable[[Snapshot], bool]:
        def look(now: Snapshot) -> bool:
            scripted.session.jog(Jog(time_ns=time.monotonic_ns()))
            return until(now)

        return look

    pressed_ns = time.monotonic_ns()
    scripted.wait(held(lambda _: time.monotonic_ns() - pressed_ns > 3e8), "the switch to be held")
    scripted.session.autonomy.listen(dead_man=True)
    scripted.wait(held(lambda now: now.mode is Mode.VERBAL), "verbal mode")
    scripted.wait(lambda now: now.mode is Mode.HOLD, "hold")
    assert "dead man's switch was let go" in scripted.now.log[-1]


def test_who_says_hold_while_the_policy_has_not_answered_yet_is_not_overruled(scripted: LiveSession) -> None:
    (pid,) = [process.pid for process in scripted.now.processes if process.name == "policy"]
    os.kill(pid, signal.SIGSTOP)
    began_ns = time.monotonic_ns()
    scripted.session.autonomy.go_alone("drive to the counter")
    scripted.session.set_mode(Mode.HOLD)
    time.sleep(0.3)
    os.kill(pid, signal.SIGCONT)
    resumed_ns = time.monotonic_ns()
    scripted.wait(
        lambda now: now.time_ns - resumed_ns > 2e9 and not view_of(now).task, "the task to be forgotten"
    )
    assert set(scripted.session.ticks(began_ns)["mode"].tolist()) == {int(Mode.HOLD)}


def test_a_policy_that_is_killed_ends_what_it_did_and_the_robot_holds(scripted: LiveSession) -> None:
    tell(scripted, "lower the lift")
    scripted.wait(lambda now: getattr(view_of(now).subtask, "first_action_ns", 0) > 0, "the first action")
    (pid,) = [process.pid for process in scripted.now.processes if process.name == "policy"]
    os.kill(pid, signal.SIGKILL)
    scripted.wait(lambda now: state_of(now) == "lost", "the loss to be seen")
    assert "the robot holds" in scripted.notice("process:policy").remedy
    scripted.wait(lambda now: now.mode is Mode.HOLD, "hold")
    now = scripted.wait(lambda now: state_of(now) == "ready", "the policy to be back")
    assert view_of(now).subtask is None
    assert view_of(now).past[-1].text == "lower the lift"
    assert view_of(now).past[-1].ended_ns > 0
    tell(scripted, "lower the lift")
    scripted.wait(lambda now: is_done(now, "lower the lift"), "the lift to be lowered after all")
