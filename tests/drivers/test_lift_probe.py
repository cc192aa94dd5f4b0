"""A lift's small move to see which way is up: without a zero, against a stop, and when its servo falls silent."""

from __future__ import annotations

import math

import pytest

from drivers.lift_probe import LEAD_TURNS, MAX_BLIND_S, PROBE_SPEED_M_S, SLACK_S, STAY_S, LiftProbe
from drivers.profile.schema import Homing, Lift

TICK_NS = 20_000_000
M_PER_TICK = 0.131 / 4096
STALL_UNITS = 400
"""1.08 A, above the threshold below."""


class Carriage:
    """A carriage that follows the probe's goal at once, down to a stop at which the current grows."""

    def __init__(self, *, inverted: bool, truly_inverted: bool, height_m: float, way_m: float) -> None:
        homing = Homing(speed_m_s=0.05, stall_current_a=0.9, stall_s=0.15)
        lift = Lift(bus="body", id=4, inverted=inverted, m_per_rev=0.131, max_m=0.55, homing=homing)
        self.now_ns = 1_000_000_000
        self.probe = LiftProbe(lift, way_m, now_ns=self.now_ns)
        self.sense = -1 if truly_inverted else 1
        self.height_m = self.start_m = height_m
        self.goals: list[int] = []

    def tick(self, *, read: bool = True) -> None:
        before, current = self.height_m, 0
        goal = self.probe.goal_ticks
        if goal is not None:
            self.goals.append(goal)
            wanted_m = self.sense * (goal - 500) * M_PER_TICK
            self.height_m = max(0.0, wanted_m)
            if self.height_m - wanted_m > 0.002:
                current = -self.sense * STALL_UNITS
        velocity_rad_s = (self.height_m - before) / 0.02 * math.tau / 0.131
        units = round(self.sense * velocity_rad_s / (0.229 * math.tau / 60))
        ticks = 500 + round(self.sense * self.height_m / M_PER_TICK)
        self.now_ns += TICK_NS
        self.probe.advance((current, units, ticks) if read else None, now_ns=self.now_ns)

    def run(self, seconds: float = 4.0) -> None:
        for _ in range(round(seconds * 50)):
            self.tick()


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("truly_inverted", [False, True])
@pytest.mark.parametrize("way_m", [0.02, -0.02])
def test_it_goes_the_way_that_the_profile_calls_up_slowly_and_stops(
    inverted: bool, truly_inverted: bool, way_m: float
) -> None:
    carriage = Carriage(inverted=inverted, truly_inverted=truly_inverted, height_m=0.3, way_m=way_m)
    carriage.run()
    went_m = carriage.height_m - carriage.start_m
    assert went_m == pytest.approx(way_m if inverted == truly_inverted else -way_m, abs=1e-3)
    assert max(abs(b - a) for a, b in zip(carriage.goals, carriage.goals[1:], strict=False)) <= 14
    assert not carriage.probe.moving
    assert carriage.probe.over(now_ns=carriage.now_ns)


def test_against_a_stop_it_ends_and_pushes_no_further() -> None:
    carriage = Carriage(inverted=True, truly_inverted=False, height_m=0.004, way_m=0.02)
    carriage.run()
    assert not carriage.probe.moving
    assert carriage.height_m == 0.0
    assert carriage.goals[-1] == pytest.approx(500, abs=2)
    assert min(carriage.goals) > 500 - LEAD_TURNS * 4096 - 20


def test_a_silent_servo_ends_it_where_it_was_and_it_says_so_for_a_moment() -> None:
    carriage = Carriage(inverted=False, truly_inverted=False, height_m=0.3, way_m=0.02)
    carriage.run(0.5)
    for _ in range(round(MAX_BLIND_S * 50) + 2):
        carriage.tick(read=False)
    assert not carriage.probe.moving
    assert not carriage.probe.over(now_ns=carriage.now_ns)
    assert carriage.probe.over(now_ns=carriage.now_ns + round(STAY_S * 1e9) + 1)


def test_it_ends_when_it_is_told() -> None:
    carriage = Carriage(inverted=False, truly_inverted=False, height_m=0.3, way_m=0.02)
    carriage.run(0.3)
    carriage.probe.end(now_ns=carriage.now_ns)
    at_m = carriage.height_m
    carriage.run()
    assert carriage.height_m == pytest.approx(at_m, abs=1e-3)


def test_a_servo_that_does_not_follow_is_not_waited_for() -> None:
    carriage = Carriage(inverted=False, truly_inverted=False, height_m=0.3, way_m=0.02)
    stands = (0, 0, 2500)  # no current either: its torque is gone
    for _ in range(round((0.02 / PROBE_SPEED_M_S + SLACK_S) * 50) + 2):
        carriage.now_ns += TICK_NS
        carriage.probe.advance(stands, now_ns=carriage.now_ns)
    assert not carriage.probe.moving
    assert carriage.probe.goal_ticks == 2500
