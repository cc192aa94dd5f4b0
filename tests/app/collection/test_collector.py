"""From one episode to the next, step by step, and never the wrong episode."""

from __future__ import annotations

import math
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.collection.collector import SETTLED_S, Collector, Situation
from app.collection.orders import End, Follow, Order, Rate, Refuse, Restore, Say, Start, Trash
from app.collection.plan import CollectionPlan
from app.collection.view import Phase
from app.messages import AUTOMATIC_MODES, Mode

FOLLOWING = Situation(mode=Mode.TELEOP, following=True)
PLAN = CollectionPlan(task="wipe", countdown_s=0.0, reset_s=5.0)


class Driven:
    """A collector with a clock, whose recorder answers at once unless told otherwise."""

    def __init__(self, plan: CollectionPlan = PLAN, situation: Situation = FOLLOWING) -> None:
        self.collector = Collector()
        self.collector.plan = plan
        self.situation = situation
        self.now_s = 100.0
        self.answers = True
        self.made = 0
        self.orders: list[Order] = []

    @property
    def now_ns(self) -> int:
        return int(self.now_s * 1e9)

    @property
    def phase(self) -> Phase:
        return self.collector.view(self.now_ns).phase

    @property
    def aim(self) -> str:
        return self.collector.view(self.now_ns).aim

    def take(self, orders: list[Order]) -> list[Order]:
        """Carry orders out as a session would."""
        self.orders += orders
        for order in orders:
            if not self.answers:
                continue
            if isinstance(order, Start):
                self.made += 1
                running = f"ep-{self.made}"
                self.take(self.collector.started(running, self.now_ns))
                self.situation = replace(self.situation, recording_id=running)
            if isinstance(order, End):
                self.situation = replace(self.situation, recording_id="")
                self.take(self.collector.closed(order.outcome, self.now_ns))
        return orders

    def begin(self, *, at_once: bool = False) -> list[Order]:
        return self.take(self.collector.begin(self.now_ns, self.situation, at_once=at_once))

    def judge(self, outcome: str, aim: str | None = None) -> list[Order]:
        return self.take(self.collector.judge(outcome, self.aim if aim is None else aim, self.now_ns))

    def wait(self, seconds: float) -> list[Order]:
        """Let time pass in steps of 20 ms; every order of it."""
        given: list[Order] = []
        for _ in range(max(1, round(seconds * 50))):
            self.now_s += 0.02
            given += self.take(self.collector.step(self.now_ns, self.situation))
        return given


def test_a_countdown_is_said_second_by_second_and_then_the_episode_starts() -> None:
    driven = Driven(msgspec.structs.replace(PLAN, countdown_s=3.0))
    assert driven.begin() == [Say("3")]
    assert driven.phase is Phase.COUNTDOWN
    assert driven.wait(2.5) == [Say("2"), Say("1")]
    assert driven.wait(0.6) == [Start(driven.collector.plan)]
    assert driven.phase is Phase.RECORDING


def test_a_holding_robot_is_asked_to_follow_once_and_recording_waits_for_the_gate() -> None:
    driven = Driven(situation=Situation(mode=Mode.HOLD))
    assert driven.begin() == [Follow()]
    assert driven.wait(1.0) == []
    driven.situation = Situation(mode=Mode.TELEOP)
    assert driven.wait(1.0) == []
    assert driven.phase is Phase.ALIGNING
    driven.situation = FOLLOWING
    assert driven.wait(0.02) == [Start(PLAN)]


def test_an_alignment_that_ends_in_hold_is_given_up() -> None:
    driven = Driven(situation=Situation(mode=Mode.HOLD))
    driven.begin()
    driven.situation = Situation(mode=Mode.TELEOP)
    driven.wait(0.1)
    driven.situation = Situation(mode=Mode.HOLD)
    assert driven.wait(0.02) == [Say("Cancelled")]
    assert driven.phase is Phase.IDLE


def test_a_refusal_to_follow_ends_the_beginning() -> None:
    driven = Driven(situation=Situation(mode=Mode.HOLD))
    driven.begin()
    driven.collector.not_following()
    assert driven.phase is Phase.IDLE


@pytest.mark.parametrize("mode", sorted(AUTOMATIC_MODES))
def test_what_moves_by_itself_is_recorded_as_it_is(mode: Mode) -> None:
    driven = Driven(situation=Situation(mode=mode))
    assert driven.begin() == [Start(PLAN)]


def test_at_once_records_a_robot_that_holds_or_is_stopped() -> None:
    for mode in (Mode.HOLD, Mode.STOPPED):
        driven = Driven(msgspec.structs.replace(PLAN, countdown_s=3.0), Situation(mode=mode))
        assert driven.begin(at_once=True) == [Start(driven.collector.plan)]


def test_a_stop_ends_a_countdown_and_refuses_a_new_one_but_keeps_a_recording() -> None:
    driven = Driven(msgspec.structs.replace(PLAN, countdown_s=3.0))
    driven.begin()
    driven.situation = Situation(mode=Mode.STOPPED)
    assert Say("Cancelled") in driven.wait(0.02)
    assert isinstance(driven.begin()[0], Refuse)
    running = Driven()
    running.begin()
    running.situation = replace(running.situation, mode=Mode.STOPPED, following=False)
    running.wait(1.0)
    assert running.phase is Phase.RECORDING


def test_a_key_meant_for_the_last_episode_never_hits_the_next() -> None:
    driven = Driven()
    driven.begin()
    driven.wait(1.0)
    first = driven.aim
    driven.judge("success")
    assert driven.phase is Phase.RESETTING
    driven.begin()
    assert driven.phase is Phase.RECORDING
    # The screen still showed the first one, or its key is still on its way.
    assert driven.aim == first
    assert driven.judge("failure") == [Rate(first, "failure"), Say("Failure")]
    assert driven.judge("discard", first) == [Trash(first), Say("Discarded")]
    assert driven.phase is Phase.RECORDING
    driven.wait(SETTLED_S + 0.1)
    assert driven.aim == "ep-2"
    assert driven.judge("success") == [End("ep-2", "success")]


def test_the_first_episode_cannot_be_ended_by_the_key_that_began_it() -> None:
    driven = Driven()
    driven.begin()
    assert isinstance(driven.judge("unset")[0], Refuse)
    assert isinstance(driven.judge("unset", "ep-1")[0], Refuse)
    assert driven.phase is Phase.RECORDING


def test_a_second_judgement_while_the_episode_closes_counts_when_it_is_closed() -> None:
    driven = Driven()
    driven.begin()
    driven.wait(1.0)
    driven.answers = False
    driven.judge("success")
    assert driven.phase is Phase.CLOSING
    assert driven.judge("failure") == []
    assert driven.collector.closed("success", driven.now_ns) == [Rate("ep-1", "failure"), Say("Failure")]


@pytest.mark.parametrize(
    ("ended_as", "then"),
    [
        ("success", [Trash("ep-2"), Say("Taken back")]),
        ("discard", [Restore("ep-2"), Say("Brought back")]),
    ],
)
def test_taking_back_while_an_episode_closes_means_that_one_and_not_the_one_before(
    ended_as: str, then: list[Order]
) -> None:
    driven = Driven()
    driven.begin()
    driven.wait(1.0)
    driven.judge("success")
    driven.begin()
    driven.wait(1.0)
    driven.answers = False
    assert driven.judge(ended_as) == [End("ep-2", ended_as)]
    assert driven.collector.take_back() == []
    assert driven.collector.closed(ended_as, driven.now_ns) == then


def test_the_same_key_twice_is_one_judgement() -> None:
    driven = Driven()
    driven.begin()
    driven.wait(1.0)
    driven.answers = False
    driven.judge("discard")
    driven.judge("discard")
    assert driven.collector.closed("discard", driven.now_ns) == []
    assert driven.judge("discard") == []


def test_the_last_one_is_taken_back_and_brought_again() -> None:
    driven = Driven()
    driven.begin()
    driven.wait(1.0)
    driven.judge("success")
    assert driven.collector.take_back() == [Trash("ep-1"), Say("Taken back")]
    assert driven.collector.take_back() == [Restore("ep-1"), Say("Brought back")]
    assert driven.collector.view(driven.now_ns).last_outcome == "success"


def test_a_discarded_one_that_is_judged_again_comes_out_of_the_trash() -> None:
    driven = Driven()
    driven.begin()
    driven.wait(1.0)
    driven.judge("discard")
    assert driven.judge("success") == [Restore("ep-1"), Rate("ep-1", "success"), Say("Success")]


def test_an_older_episode_is_no_aim() -> None:
    driven = Driven()
    for _ in range(2):
        driven.begin()
        driven.wait(1.0)
        driven.judge("success")
    orders = driven.judge("discard", "ep-1")
    assert len(orders) == 1
    assert isinstance(orders[0], Refuse)
    assert "ep-1" in orders[0].why


def test_the_time_limit_ends_an_episode() -> None:
    driven = Driven(msgspec.structs.replace(PLAN, limit_s=2.0))
    driven.begin()
    assert driven.wait(1.9) == []
    assert driven.wait(0.2) == [Say("Time is up"), End("ep-1", "unset")]
    assert driven.phase is Phase.RESETTING


def test_a_recorder_that_does_not_close_at_the_time_limit_is_not_asked_again_and_again() -> None:
    driven = Driven(msgspec.structs.replace(PLAN, limit_s=2.0))
    driven.begin()
    driven.wait(1.9)
    driven.answers = False
    assert End("ep-1", "unset") in driven.wait(0.2)
    driven.collector.not_closed(driven.situation)
    assert driven.wait(5.0) == []
    assert driven.judge("success") == [End("ep-1", "success")]


def test_after_the_reset_the_next_begins_by_itself_only_where_it_is_wanted() -> None:
    once = Driven()
    once.begin()
    once.wait(1.0)
    once.judge("success")
    assert once.wait(5.1) == [Say("Ready")]
    assert once.phase is Phase.IDLE
    again = Driven(msgspec.structs.replace(PLAN, repeat=True))
    again.begin()
    again.wait(1.0)
    again.judge("success")
    assert Start(again.collector.plan) in again.wait(5.1)
    again.wait(1.0)
    again.situation = replace(again.situation, target_reached=True)
    again.judge("success")
    assert Start(again.collector.plan) not in again.wait(20.0)


@pytest.mark.parametrize("trouble", [{"ready": False}, {"mode": Mode.STOPPED}])
def test_after_a_stop_or_a_loss_the_next_waits_for_a_person(trouble: dict[str, object]) -> None:
    driven = Driven(msgspec.structs.replace(PLAN, repeat=True))
    driven.begin()
    driven.wait(1.0)
    driven.judge("success")
    well = driven.situation
    driven.situation = replace(well, **trouble)  # type: ignore[arg-type]
    assert driven.wait(5.1) == [Say("Paused")]
    driven.situation = well
    assert driven.wait(20.0) == []
    assert driven.begin() == [Start(driven.collector.plan)]


def test_without_a_reset_time_the_next_is_waited_for() -> None:
    driven = Driven(msgspec.structs.replace(PLAN, reset_s=0.0, repeat=True))
    driven.begin()
    driven.wait(1.0)
    driven.judge("success")
    assert driven.phase is Phase.IDLE
    assert driven.wait(100.0) == []


def test_an_episode_that_the_recorder_ends_by_itself_is_the_last_one() -> None:
    driven = Driven()
    driven.begin()
    driven.wait(1.0)
    driven.situation = replace(driven.situation, recording_id="")
    driven.wait(0.1)
    assert driven.phase is Phase.IDLE
    assert driven.judge("success") == [Rate("ep-1", "success"), Say("Success")]


def test_an_episode_that_was_begun_elsewhere_is_judged_like_any_other() -> None:
    driven = Driven()
    driven.situation = replace(driven.situation, recording_id="other")
    driven.wait(1.0)
    assert driven.judge("success") == [End("other", "success")]
    # The recorder's heartbeat still tells of it for a moment.
    driven.situation = replace(driven.situation, recording_id="other")
    driven.wait(0.1)
    assert driven.phase is Phase.RESETTING


def test_a_recorder_that_refuses_leaves_things_as_they_are() -> None:
    driven = Driven()
    driven.answers = False
    driven.begin()
    assert driven.phase is Phase.STARTING
    driven.collector.not_started()
    assert driven.phase is Phase.IDLE
    driven.answers = True
    driven.begin()
    driven.wait(1.0)
    driven.answers = False
    driven.judge("success")
    driven.collector.not_closed(driven.situation)
    assert driven.phase is Phase.RECORDING


def test_a_session_that_is_not_ready_begins_nothing() -> None:
    driven = Driven(situation=Situation(ready=False))
    assert isinstance(driven.begin()[0], Refuse)
    assert driven.phase is Phase.IDLE


def test_only_what_runs_out_shows_time_left() -> None:
    driven = Driven(msgspec.structs.replace(PLAN, countdown_s=3.0))
    assert math.isnan(driven.collector.view(driven.now_ns).left_s)
    driven.begin()
    driven.wait(1.0)
    view = driven.collector.view(driven.now_ns)
    assert view.left_s == pytest.approx(2.0)
    assert view.total_s == 3.0
    driven.wait(2.1)
    assert math.isnan(driven.collector.view(driven.now_ns).left_s)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["begin", "cancel", "take back", "stop", "go", *("success", "failure", "discard")]
            ),
            st.floats(0.02, 8.0),
        ),
        max_size=30,
    )
)
def test_whatever_is_pressed_no_order_is_for_another_episode_than_was_shown(
    keys: list[tuple[str, float]],
) -> None:
    driven = Driven(msgspec.structs.replace(PLAN, countdown_s=1.0, repeat=True))
    for key, pause_s in keys:
        aim = driven.aim
        before = len(driven.orders)
        match key:
            case "begin":
                driven.begin()
            case "cancel":
                driven.take(driven.collector.cancel())
            case "take back":
                driven.take(driven.collector.take_back())
            case "stop":
                driven.situation = replace(driven.situation, mode=Mode.STOPPED, following=False)
            case "go":
                driven.situation = replace(driven.situation, mode=Mode.TELEOP, following=True)
            case outcome:
                driven.judge(outcome, aim)
                hit = {
                    o.episode_id
                    for o in driven.orders[before:]
                    if isinstance(o, End | Rate | Trash | Restore)
                }
                assert hit <= {aim}
        driven.wait(pause_s)
    starts = sum(isinstance(order, Start) for order in driven.orders)
    ends = [order.episode_id for order in driven.orders if isinstance(order, End)]
    assert len(ends) == len(set(ends))
    assert starts - len(ends) in (0, 1)
