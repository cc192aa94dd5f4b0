"""The safety filter holds for any input, and stays out of the way of what is within the limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from drivers.profile import RobotProfile, load_profile
from drivers.safety import (
    STEP_RANGE_S,
    Clip,
    Filtered,
    SafetyLimits,
    SafetyState,
    filter_action,
)

Vector = NDArray[np.float64]

DT_S = 0.02
ARM, GRIPPER, BASE, LIFT = 0, 6, slice(14, 17), 17
PROFILE: RobotProfile = load_profile("sim-kitchen")
LIMITS = SafetyLimits.from_profile(PROFILE)
D = PROFILE.dof
START = np.array([0.0, -1.5, 2.3, 0.0, 0.77, 0.0, 0.5] * 2 + [0.0, 0.0, 0.0, 0.3])
UNKNOWN = np.full(D, np.nan)


@dataclass
class Filter:
    """The filter over ticks, with what is the same in most of them filled in."""

    state: SafetyState

    @classmethod
    def at(cls, pose: Vector) -> Filter:
        return cls(SafetyState.at_rest(pose))

    def step(
        self,
        requested: Vector,
        *,
        measured: Vector = UNKNOWN,
        age_s: float = 0.0,
        dt_s: float = DT_S,
        hand_over: bool = False,
    ) -> Filtered:
        filtered = filter_action(
            requested,
            state=self.state,
            measured=measured,
            age_s=age_s,
            dt_s=dt_s,
            limits=LIMITS,
            hand_over=hand_over,
        )
        self.state = filtered.state
        return filtered


def asking(**entries: float) -> Vector:
    """The start, with some entries changed: `e0=1.0`."""
    wanted = START.copy()
    for name, value in entries.items():
        wanted[int(name[1:])] = value
    return wanted


anything = st.one_of(st.floats(-4.0, 4.0), st.floats(allow_nan=True, allow_infinity=True))
sane = st.floats(-4.0, 4.0)
ticks = st.lists(
    st.tuples(
        hnp.arrays(np.float64, D, elements=anything, fill=sane),
        hnp.arrays(np.float64, D, elements=anything, fill=st.just(np.nan)),
        st.one_of(st.just(0.0), st.floats(allow_nan=True)),
        st.one_of(st.just(DT_S), st.floats(0.0, 0.2), st.floats(allow_nan=True)),
        st.integers(1, 12),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ticks)
def test_whatever_comes_in_what_goes_out_is_finite_within_limits_and_never_jumps(
    inputs: list[tuple[Vector, Vector, float, float, int, bool]],
) -> None:
    safe = Filter.at(START)
    position_like = ~LIMITS.velocity_like
    for requested, measured, age_s, dt_s, repeats, hand_over in inputs:
        for tick in range(repeats):
            before = safe.state
            filtered = safe.step(
                requested, measured=measured, age_s=age_s, dt_s=dt_s, hand_over=hand_over and tick == 0
            )
            dt = STEP_RANGE_S[0] if not dt_s > STEP_RANGE_S[0] else min(dt_s, STEP_RANGE_S[1])
            assert filtered.sent.dtype == np.float32
            assert np.isfinite(filtered.sent).all()
            assert (filtered.sent >= LIMITS.min - 1e-6).all()
            assert (filtered.sent <= LIMITS.max + 1e-6).all()
            moved = np.abs(safe.state.sent - before.sent)
            changed = np.abs(safe.state.velocity - before.velocity)
            most = LIMITS.max_velocity * dt
            assert (moved <= most + 1e-9)[position_like].all()
            assert (changed <= LIMITS.max_acceleration * dt + 1e-7)[position_like].all()
            assert (moved <= LIMITS.max_deceleration * dt + 1e-9)[LIMITS.velocity_like].all()


@settings(max_examples=60, deadline=None)
@given(st.floats(-2.6, 2.6), st.lists(st.floats(0.001, 0.05), min_size=1, max_size=20))
def test_a_target_that_stands_is_reached_and_not_overshot_however_the_ticks_jitter(
    goal: float, jitter: list[float]
) -> None:
    safe = Filter.at(START)
    furthest = 0.0
    for tick in range(400):
        safe.step(asking(e0=goal), dt_s=jitter[tick % len(jitter)] if tick < 150 else DT_S)
        furthest = max(furthest, float(safe.state.sent[ARM]) * np.sign(goal))
    assert safe.state.sent[ARM] == pytest.approx(goal, abs=1e-4)
    assert furthest <= abs(goal) + 1e-9


def test_a_step_takes_hardly_longer_than_the_limits_demand() -> None:
    safe = Filter.at(START)
    needed_s = 1.0 / 2.5 + 2.5 / 15.0
    for _ in range(int(needed_s / DT_S) + 3):
        safe.step(asking(e0=1.0))
    assert safe.state.sent[ARM] == pytest.approx(1.0, abs=0.005)


@pytest.mark.parametrize(("amplitude_rad", "rate_hz"), [(0.6, 0.5), (0.3, 1.0), (0.05, 2.5)])
def test_the_motion_of_a_hand_passes_unchanged(amplitude_rad: float, rate_hz: float) -> None:
    rng = np.random.default_rng(0)
    safe = Filter.at(START)
    for tick in range(300):
        angle = 2 * np.pi * rate_hz * tick * DT_S
        growth = min(1.0, tick / 50)
        # A leader's encoder counts in steps of 1.5 mrad.
        wanted = asking(e0=growth * amplitude_rad * np.sin(angle) + rng.uniform(-0.0008, 0.0008))
        filtered = safe.step(wanted, measured=safe.state.sent)
        assert filtered.sent[ARM] == pytest.approx(wanted[ARM], abs=2e-3)
    assert filtered.clips[ARM] & Clip.POSITION == 0


def test_a_hand_that_stops_dead_is_overshot_by_no_more_than_the_braking_distance() -> None:
    safe = Filter.at(START)
    for tick in range(100):
        goal = 0.01 * tick
        safe.step(asking(e0=goal))
    speed = float(safe.state.velocity[ARM])
    furthest = goal
    for _ in range(50):
        furthest = max(furthest, float(safe.step(asking(e0=goal)).sent[ARM]))
    assert furthest - goal <= speed * speed / (2 * 15.0)
    assert safe.state.sent[ARM] == pytest.approx(goal, abs=1e-4)


@pytest.mark.parametrize("next_goal", [2.0, 0.0, -2.0])
def test_where_one_plan_gives_way_to_another_nothing_is_caught_up_with_in_that_tick(next_goal: float) -> None:
    safe = Filter.at(START)
    for _ in range(4):
        safe.step(asking(e0=2.0, e14=0.5, e17=0.5))
    last, before = safe.state.velocity, safe.state.velocity_before
    assert before is not None
    assert (last > before)[[ARM, LIFT]].all()
    safe.step(asking(e0=next_goal, e14=-0.5, e17=0.5), hand_over=True)
    least = np.minimum(np.abs(last), np.abs(before))
    assert (np.abs(safe.state.velocity) <= least + 1e-12).all()
    # It goes on as it may from the next tick.
    for _ in range(100):
        safe.step(asking(e0=next_goal))
    assert safe.state.sent[ARM] == pytest.approx(next_goal, abs=1e-3)


def test_a_plan_that_gives_way_to_another_delays_no_stop() -> None:
    safe = Filter.at(START)
    for _ in range(15):
        safe.step(asking(e0=2.0, e14=0.5))
    moving = safe.state
    safe.step(UNKNOWN, hand_over=True)
    assert safe.state.velocity[ARM] == pytest.approx(moving.velocity[ARM] - 15.0 * DT_S)
    assert safe.state.sent[14] == pytest.approx(moving.sent[14] - 2.0 * DT_S)


@pytest.mark.parametrize(
    ("broken", "flag"),
    [
        ({"requested": UNKNOWN}, Clip.NONFINITE),
        ({"age_s": 1.0}, Clip.STALE),
        ({"age_s": float("nan")}, Clip.STALE),
    ],
)
def test_no_number_or_an_old_one_stops_everything_within_its_braking_distance(
    broken: dict[str, object], flag: Clip
) -> None:
    safe = Filter.at(START)
    wanted = asking(e0=2.0, e6=1.0, e14=0.5, e16=1.0, e17=0.5)
    for _ in range(15):
        safe.step(wanted)
    moving = safe.state
    assert moving.velocity[ARM] > 1.0
    assert moving.sent[14] > 0.2
    stop: dict[str, object] = {"requested": wanted} | broken
    for _ in range(40):
        filtered = safe.step(**stop)  # type: ignore[arg-type]  # one of several arguments, by the case
        assert (filtered.clips & flag == flag).all()
    travelled = safe.state.sent - moving.sent
    braking = moving.velocity**2 / (2 * LIMITS.max_acceleration)
    assert (np.abs(travelled) <= braking + 1e-9)[~LIMITS.velocity_like].all()
    assert (safe.state.sent[BASE] == 0.0).all()
    assert (safe.state.velocity == 0.0).all()


def test_a_base_brakes_harder_than_it_starts_and_reverses_no_harder() -> None:
    safe = Filter.at(START)
    start = safe.step(asking(e14=0.5)).sent[14]
    assert start == pytest.approx(1.0 * DT_S)
    for _ in range(50):
        safe.step(asking(e14=0.5))
    before = safe.state.sent[14]
    assert before == pytest.approx(0.5)
    assert before - safe.step(asking(e14=-0.5)).sent[14] == pytest.approx(2.0 * DT_S)
    for _ in range(11):
        safe.step(asking(e14=-0.5))
    lowest = safe.state.sent[14]
    assert safe.step(asking(e14=-0.5)).sent[14] == pytest.approx(lowest - DT_S)


@pytest.mark.parametrize("way", [-1.0, 1.0])
def test_a_hand_that_runs_past_a_limit_is_braked_before_it(way: float) -> None:
    safe = Filter.at(START)
    for tick in range(120):
        sent = safe.step(asking(e0=way * 0.04 * tick)).sent[ARM]
        assert abs(sent) <= 2.6 + 1e-6
    assert sent == pytest.approx(way * 2.6, abs=1e-3)


def test_a_target_waits_for_an_arm_that_something_blocks() -> None:
    safe = Filter.at(START)
    for _ in range(100):
        filtered = safe.step(asking(e0=2.0), measured=START)
    assert filtered.sent[ARM] == pytest.approx(0.35, abs=1e-3)
    assert filtered.clips[ARM] & Clip.LEAD


def test_a_gripper_may_press_on_what_it_holds() -> None:
    safe = Filter.at(START)
    for _ in range(100):
        filtered = safe.step(asking(e6=0.0), measured=START)
    assert filtered.sent[GRIPPER] == pytest.approx(0.0, abs=1e-4)


def test_what_stands_outside_its_limits_comes_back_without_a_jump() -> None:
    outside = asking(e0=3.0, e17=0.0)
    safe = Filter.at(outside)
    previous = outside[ARM]
    for _ in range(200):
        filtered = safe.step(outside)
        assert previous - 2.5 * DT_S - 1e-6 <= filtered.sent[ARM] <= previous + 1e-6
        previous = float(filtered.sent[ARM])
    assert filtered.sent[ARM] == pytest.approx(2.6, abs=1e-4)
    assert filtered.sent[LIFT] == pytest.approx(0.005, abs=1e-4)
    assert filtered.clips[ARM] & Clip.POSITION


def test_a_hold_at_the_stopping_point_brakes_from_the_first_tick() -> None:
    safe = Filter.at(START)
    for tick in range(60):
        safe.step(asking(e0=0.02 * tick))
    speed, at = float(safe.state.velocity[ARM]), float(safe.state.sent[ARM])
    assert speed == pytest.approx(1.0, abs=1e-6)
    stop = at + speed * speed / (2 * 15.0)
    safe.state = safe.state.standing_goal()
    for _ in range(30):
        filtered = safe.step(asking(e0=stop))
        assert safe.state.velocity[ARM] < speed
        assert filtered.sent[ARM] <= stop + 1e-6


def test_flags_name_the_limit_that_applied() -> None:
    safe = Filter.at(START)
    clips = safe.step(asking(e0=5.0, e1=-1.4)).clips
    assert clips[0] == Clip.POSITION | Clip.VELOCITY | Clip.ACCELERATION
    assert clips[1] == Clip.VELOCITY | Clip.ACCELERATION
    assert clips[2] == 0


def test_limits_come_from_the_profile_in_its_order() -> None:
    assert LIMITS.velocity_like.tolist() == [False] * 14 + [True] * 3 + [False]
    assert LIMITS.max_velocity[[0, 3, 6, 16, 17]].tolist() == pytest.approx([2.5, 4.0, 3.0, 1.57, 0.15])
    assert LIMITS.max[[6, 14, 17]].tolist() == pytest.approx([1.0, 0.5, 0.55])
    assert LIMITS.command_timeout_s.tolist() == pytest.approx([0.2] * D)


def test_a_robot_of_unknown_pose_is_refused() -> None:
    with pytest.raises(ValueError, match=r"not known in entries \[3\]"):
        SafetyState.at_rest(asking(e3=np.nan))
