"""A lift's search for its zero, tick by tick, without a servo."""

from __future__ import annotations

import math

import pytest

from drivers.errors import LiftNotHomedError
from drivers.lift import ServoLift
from drivers.measurement import HomingState
from drivers.profile.schema import Homing, Lift

TICK_NS = 20_000_000
M_PER_TICK = 0.131 / 4096
STALL_UNITS = 400
"""1.08 A, above the threshold below."""


class Carriage:
    """A carriage that follows its goal at once, down to a stop at which the current grows."""

    def __init__(self, lift: ServoLift, *, height_m: float, has_stop: bool = True) -> None:
        self.lift = lift
        self.sense = -1 if lift.lift.inverted else 1
        self.height_m = height_m
        self.lowest_m = height_m
        self.has_stop = has_stop
        self.offset_ticks = 1234
        self.now_ns = 1_000_000_000

    @property
    def ticks(self) -> int:
        return self.offset_ticks + round(self.sense * self.height_m / M_PER_TICK)

    def tick(self, *, read: bool = True) -> HomingState:
        goal = self.lift.homing_goal()
        before, current = self.height_m, 0
        if goal is not None:
            wanted_m = self.sense * (goal - self.offset_ticks) * M_PER_TICK
            self.height_m = max(0.0, wanted_m) if self.has_stop else wanted_m
            if self.height_m - wanted_m > 0.005:
                current = -self.sense * STALL_UNITS
        self.lowest_m = min(self.lowest_m, self.height_m)
        velocity_rad_s = (self.height_m - before) / 0.02 * math.tau / 0.131
        state = (current, round(self.sense * velocity_rad_s / (0.229 * math.tau / 60)), self.ticks)
        self.now_ns += TICK_NS
        self.lift.advance(state if read else None, now_ns=self.now_ns)
        return self.lift.state


def lift(*, inverted: bool = False) -> ServoLift:
    homing = Homing(speed_m_s=0.05, stall_current_a=0.9, stall_s=0.15)
    parts = Lift(bus="body", id=4, inverted=inverted, m_per_rev=0.131, max_m=0.55, homing=homing)
    return ServoLift("main", parts, slot=17)


@pytest.mark.parametrize("inverted", [False, True], ids=["straight", "inverted"])
def test_the_stop_becomes_zero_and_the_carriage_rises_off_it(inverted: bool) -> None:
    tested = lift(inverted=inverted)
    carriage = Carriage(tested, height_m=0.1)
    tested.start_homing(now_ns=carriage.now_ns)
    states = [carriage.tick() for _ in range(300)]
    assert states[-1] is HomingState.HOMED
    assert states.index(HomingState.RISING) >= 0.1 / 0.05 / 0.02
    assert carriage.lowest_m == 0.0
    assert carriage.height_m == pytest.approx(tested.lift.min_m, abs=0.0025)
    assert tested.height_m(carriage.ticks) == pytest.approx(carriage.height_m, abs=1e-4)
    goal = tested.goal_ticks(0.3)
    assert tested.height_m(goal) == pytest.approx(0.3, abs=1e-4)
    assert tested.height_m(tested.goal_ticks(-1.0)) == pytest.approx(tested.lift.min_m, abs=1e-4)
    assert tested.height_m(tested.goal_ticks(9.0)) == pytest.approx(tested.lift.max_m, abs=1e-4)


def test_without_a_zero_there_is_no_height_and_no_target() -> None:
    tested = lift()
    assert math.isnan(tested.height_m(2048))
    assert tested.homing_goal() is None
    with pytest.raises(
        LiftNotHomedError, match=r"lift main was sent to 0\.300 m, and is not homed; home it first"
    ):
        tested.goal_ticks(0.3)


def test_a_search_that_feels_no_stop_fails_and_goes_nowhere_further() -> None:
    tested = lift()
    carriage = Carriage(tested, height_m=0.1, has_stop=False)
    tested.start_homing(now_ns=carriage.now_ns)
    while carriage.tick() is not HomingState.FAILED:
        ticks = carriage.ticks
    assert "no stop was felt" in tested.why_failed
    assert tested.homing_goal() is None
    assert tested.place_to_stay(now_ns=carriage.now_ns) == pytest.approx(ticks, abs=50)
    assert tested.place_to_stay(now_ns=carriage.now_ns + 10**9) is None
    tested.start_homing(now_ns=carriage.now_ns)
    assert tested.state is HomingState.SEARCHING


def test_a_carriage_that_moves_with_effort_has_not_found_its_stop() -> None:
    tested = lift()
    tested.start_homing(now_ns=0)
    for tick in range(1, 50):
        downward_units = round(-0.05 * math.tau / 0.131 / (0.229 * math.tau / 60))
        tested.advance((-STALL_UNITS, downward_units, 9000 - 31 * tick), now_ns=tick * TICK_NS)
        assert tested.state is HomingState.SEARCHING


def test_a_search_that_cannot_see_its_servo_fails() -> None:
    tested = lift()
    carriage = Carriage(tested, height_m=0.3)
    tested.start_homing(now_ns=carriage.now_ns)
    assert carriage.tick() is HomingState.SEARCHING
    assert [carriage.tick(read=False) for _ in range(10)][-1] is HomingState.SEARCHING
    assert [carriage.tick(read=False) for _ in range(30)][-1] is HomingState.FAILED


def test_a_search_stopped_before_it_saw_its_servo_names_no_place_from_before() -> None:
    tested = lift()
    carriage = Carriage(tested, height_m=0.3)
    tested.start_homing(now_ns=carriage.now_ns)
    carriage.tick()
    tested.stop_homing(now_ns=carriage.now_ns)
    assert tested.place_to_stay(now_ns=carriage.now_ns) == carriage.ticks
    tested.start_homing(now_ns=carriage.now_ns)
    tested.stop_homing(now_ns=carriage.now_ns)
    assert tested.place_to_stay(now_ns=carriage.now_ns) is None


def test_a_lift_whose_servo_lost_its_turns_forgets_its_zero() -> None:
    tested = lift()
    carriage = Carriage(tested, height_m=0.02)
    tested.start_homing(now_ns=carriage.now_ns)
    while carriage.tick() is not HomingState.HOMED:
        pass
    tested.forget_zero()
    assert math.isnan(tested.height_m(carriage.ticks))
    assert not tested.homed


def test_a_zero_found_by_a_program_that_has_ended_gives_the_same_heights() -> None:
    first = lift()
    carriage = Carriage(first, height_m=0.02)
    first.start_homing(now_ns=carriage.now_ns)
    while carriage.tick() is not HomingState.HOMED:
        pass
    second = lift()
    assert second.zero_ticks is None
    second.recall_zero(first.zero_ticks or 0.0)
    assert second.homed
    assert second.homing_goal() is None
    assert second.height_m(carriage.ticks) == first.height_m(carriage.ticks)
