"""Reasons to doubt: silence with patience, faults that come and go, an owner who looks away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.robot.watch import PATIENCE_TICKS, Watch
from drivers.measurement import Fault, Measurement
from tests.support.far_end import sim_kitchen

PROFILE = sim_kitchen()
LEFT = next(s for s in PROFILE.segments if (s.kind, s.name) == ("arm", "left")).slice


class Said:
    """What was said, by kind and message."""

    def __init__(self) -> None:
        self.events: list[dict[str, object]] = []

    def __call__(self, kind: str, message: str, **rest: object) -> None:
        self.events.append({"kind": kind, "message": message, **rest})

    def kinds(self) -> list[object]:
        return [event["kind"] for event in self.events]


def measurement(*, silent: slice | None = None, lost: tuple[str, ...] = ()) -> Measurement:
    zeros = np.zeros(PROFILE.dof, np.float32)
    fresh = np.ones(PROFILE.dof, bool)
    if silent is not None:
        fresh[silent] = False
    return Measurement(
        time_ns=1,
        position=zeros,
        velocity=zeros,
        effort=zeros,
        fresh=fresh,
        leader=zeros,
        leader_fresh=np.ones(PROFILE.dof, bool),
        lost=lost,
    )


def fault(code: str = "overload", *, bus: str = "left_follower", servo_id: int | None = 5) -> Fault:
    return Fault(
        bus=bus,
        servo_id=servo_id,
        label="left elbow",
        code=code,
        message=f"{code} on servo 5 (left elbow)",
        remedy="take the load off",
        needs_reboot=True,
    )


def test_patience_with_a_silent_follower_is_a_tenth_of_a_second() -> None:
    assert PATIENCE_TICKS / sim_kitchen().control_rate_hz <= 0.1


def test_a_follower_may_miss_a_few_ticks_and_not_more() -> None:
    watch = Watch(PROFILE, Said())
    for _ in range(PATIENCE_TICKS):
        assert watch.reason_to_hold(measurement(silent=LEFT), owner_alive=True) == ""
    assert watch.reason_to_hold(measurement(silent=LEFT), owner_alive=True) == "no answer from left_follower"
    assert watch.blocked
    assert watch.lost_slots(measurement())[LEFT].all()
    assert watch.reason_to_hold(measurement(), owner_alive=True) == ""
    assert not watch.blocked


def test_patience_starts_anew_with_every_answer() -> None:
    watch = Watch(PROFILE, Said())
    for _ in range(10):
        for _ in range(PATIENCE_TICKS):
            assert watch.reason_to_hold(measurement(silent=LEFT), owner_alive=True) == ""
        watch.reason_to_hold(measurement(), owner_alive=True)


def test_a_lost_bus_is_said_once_and_so_is_its_return() -> None:
    said = Said()
    watch = Watch(PROFILE, said)
    for lost in (("body",), ("body",), (), ()):
        watch.reason_to_hold(measurement(lost=lost), owner_alive=True)
    assert said.kinds() == ["fault", "fault_cleared"]
    assert said.events[0]["message"] == "The bus body is lost"
    assert said.events[0]["remedy"]
    assert said.events[0]["key"] == said.events[1]["key"] == "bus:body"


def test_faults_are_said_when_new_and_when_over() -> None:
    said = Said()
    watch = Watch(PROFILE, said)
    watch.take_faults((fault(),))
    watch.take_faults((fault(),))
    assert said.kinds() == ["fault"]
    assert said.events[0]["needs_reboot"] is True
    assert watch.reason_to_hold(measurement(), owner_alive=True) == "overload on left elbow"
    watch.take_faults(())
    assert said.kinds() == ["fault", "fault_cleared"]
    assert said.events[0]["key"] == said.events[1]["key"]
    assert watch.reason_to_hold(measurement(), owner_alive=True) == ""


def test_a_servo_that_only_complains_does_not_hold_the_robot() -> None:
    watch = Watch(PROFILE, Said())
    watch.take_faults((fault("voltage"),))
    assert watch.reason_to_hold(measurement(), owner_alive=True) == ""


def test_a_leaders_fault_is_said_and_holds_nobody() -> None:
    said = Said()
    watch = Watch(PROFILE, said)
    watch.take_faults((fault("silent", bus="left_leader"),))
    assert said.kinds() == ["fault"]
    assert watch.reason_to_hold(measurement(), owner_alive=True) == ""


def test_a_bus_fault_is_not_told_twice() -> None:
    said = Said()
    Watch(PROFILE, said).take_faults((fault("lost", servo_id=None),))
    assert said.events == []


def test_an_owner_who_looks_away_is_said_once_and_holds_the_robot() -> None:
    said = Said()
    watch = Watch(PROFILE, said)
    assert watch.reason_to_hold(measurement(), owner_alive=False) == "nobody watches the robot"
    watch.reason_to_hold(measurement(), owner_alive=False)
    assert said.kinds() == ["owner"]
    assert watch.reason_to_hold(measurement(), owner_alive=True) == ""


def test_a_leader_moves_its_followers_slots() -> None:
    slots = Watch(PROFILE, Said()).leader_slots("right")
    names = [PROFILE.vector_names[slot] for slot in slots]
    assert len(names) == 7
    assert all("right" in name for name in names)
    assert "gripper" in names[-1]


def test_patience_counts_each_bus_for_itself() -> None:
    watch = Watch(PROFILE, Said())
    for tick in range(20):
        even = tick % 2 == 0
        fresh = measurement().fresh.copy()
        fresh[LEFT if even else slice(LEFT.stop + 1, None)] = False
        assert watch.reason_to_hold(replace(measurement(), fresh=fresh), owner_alive=True) == ""


def test_a_lift_that_does_not_know_its_height_is_not_silent() -> None:
    watch = Watch(PROFILE, Said())
    lift = next(s for s in PROFILE.segments if s.kind == "lift").slice
    for _ in range(PATIENCE_TICKS + 5):
        assert watch.reason_to_hold(measurement(silent=lift), owner_alive=True) == ""
    assert watch.reason_to_hold(measurement(silent=lift, lost=("body",)), owner_alive=True)


def test_a_lost_bus_takes_no_patience() -> None:
    watch = Watch(PROFILE, Said())
    assert watch.reason_to_hold(measurement(lost=("body",)), owner_alive=True) == "no answer from body"
    assert watch.reason_to_hold(measurement(lost=("left_leader",)), owner_alive=True) == ""


def test_a_tripped_watchdog_of_a_whole_bus_is_told() -> None:
    said = Said()
    Watch(PROFILE, said).take_faults((fault("watchdog", servo_id=None),))
    assert said.kinds() == ["fault"]
