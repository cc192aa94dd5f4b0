"""Sticks into wishes: nothing without a dead man's switch, full speed at the end of a stick."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.hands.gamepad import (
    BOUNCE_S,
    DEAD_ZONE,
    GRIP_PER_S,
    HAND_M_S,
    HAND_RAD_S,
    Buttons,
    Gamepad,
    Sticks,
    jog_of,
)
from app.hands.limits import PUBLISHED_M_S, PUBLISHED_M_S2, PUBLISHED_YAW_RAD_S2, FootLimits, SoftStart
from app.inputs.trigger import PAD_BUTTONS, parse_trigger
from drivers.profile import load_profile

LIMITS = FootLimits(base_m_s=0.4, yaw_rad_s=1.0, lift_m_s=0.1)
BASE_M_S, BASE_RAD_S, LIFT_M_S = LIMITS.base_m_s, LIMITS.yaw_rad_s, LIMITS.lift_m_s

axis = st.floats(-1, 1)
sticks = st.builds(
    Sticks,
    left_x=axis,
    left_y=axis,
    right_x=axis,
    right_y=axis,
    left_trigger=st.floats(0, 1),
    right_trigger=st.floats(0, 1),
    left_bumper=st.booleans(),
    right_bumper=st.booleans(),
    up=st.booleans(),
    down=st.booleans(),
)


@given(sticks)
def test_nothing_moves_without_a_dead_mans_switch(state: Sticks) -> None:
    assert jog_of(replace(state, left_bumper=False, right_bumper=False), "right", LIMITS) is None


@given(sticks)
def test_the_base_and_a_hand_never_move_together_and_never_too_fast(state: Sticks) -> None:
    jog = jog_of(state, "right", LIMITS)
    if jog is None:
        return
    base = any(jog.base_twist) or bool(jog.lift_m_s)
    hand = any(jog.linear_m_s) or any(jog.angular_rad_s) or bool(jog.opening_rate)
    assert not (base and hand)
    assert all(
        abs(v) <= limit for v, limit in zip(jog.base_twist, (BASE_M_S, BASE_M_S, BASE_RAD_S), strict=True)
    )
    assert abs(jog.lift_m_s) <= LIFT_M_S
    assert max(map(abs, jog.linear_m_s)) <= HAND_M_S
    assert max(map(abs, jog.angular_rad_s)) <= HAND_RAD_S
    assert abs(jog.opening_rate) <= GRIP_PER_S


def test_the_left_bumper_drives() -> None:
    jog = jog_of(Sticks(left_bumper=True, left_y=1.0, left_x=1.0, right_x=-1.0, up=True), "right", LIMITS)
    assert jog is not None
    assert jog.base_twist == pytest.approx((BASE_M_S, -BASE_M_S, BASE_RAD_S))
    assert jog.lift_m_s == pytest.approx(LIFT_M_S)
    assert jog.hand == ""


def test_the_right_bumper_moves_the_hand_and_its_gripper() -> None:
    jog = jog_of(Sticks(right_bumper=True, left_y=-1.0, right_y=1.0, right_trigger=1.0), "left", LIMITS)
    assert jog is not None
    assert jog.hand == "left"
    assert jog.linear_m_s == pytest.approx((-HAND_M_S, 0.0, HAND_M_S))
    assert jog.opening_rate == pytest.approx(-GRIP_PER_S)
    assert jog.base_twist == (0.0, 0.0, 0.0)


@given(st.floats(-DEAD_ZONE + 1e-6, DEAD_ZONE - 1e-6))
def test_a_stick_at_rest_is_at_rest(drift: float) -> None:
    jog = jog_of(Sticks(left_bumper=True, left_x=drift, left_y=drift, right_x=drift), "right", LIMITS)
    assert jog is not None
    assert not any(jog.base_twist)


@given(axis, axis)
def test_more_stick_is_never_less_motion(a: float, b: float) -> None:
    low, high = sorted((a, b))
    slow = jog_of(Sticks(left_bumper=True, left_y=low), "right", LIMITS)
    fast = jog_of(Sticks(left_bumper=True, left_y=high), "right", LIMITS)
    assert slow is not None
    assert fast is not None
    assert slow.base_twist[0] <= fast.base_twist[0] + 1e-12


def test_without_a_gamepad_nothing_is_wanted() -> None:
    gamepad = Gamepad(("left", "right"), LIMITS)
    try:
        if not gamepad.name:
            assert gamepad.poll() is None or gamepad.name
    finally:
        gamepad.close()


def test_the_speed_slows_the_hand_here_and_the_base_in_the_robots_process() -> None:
    state = Sticks(right_bumper=True, left_y=1.0)
    slow = jog_of(state, "left", LIMITS, factor=0.25)
    assert slow is not None
    assert slow.linear_m_s[0] == pytest.approx(HAND_M_S / 4)
    base = jog_of(replace(state, left_bumper=True), "left", LIMITS, factor=0.25)
    assert base is not None
    assert base.base_twist[0] == pytest.approx(BASE_M_S)


@pytest.mark.parametrize("name", ["sim-kitchen", "aloha-kiwi", "bimanual"])
def test_no_foot_drives_faster_than_the_profile_or_what_is_published(name: str) -> None:
    profile = load_profile(name)
    limits = FootLimits.of(profile)
    assert limits.base_m_s <= PUBLISHED_M_S
    if profile.base is None:
        assert limits == FootLimits(lift_m_s=limits.lift_m_s)
    else:
        assert limits.base_m_s <= profile.base.max_speed_m_s
        assert limits.yaw_rad_s <= profile.base.max_yaw_rate_rad_s
    for lift in profile.lifts.values():
        assert limits.lift_m_s <= lift.max_speed_m_s


twist = st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), st.floats(-1.57, 1.57))


@given(st.lists(twist, min_size=1, max_size=30))
def test_the_base_sets_off_gently_and_stops_at_once(wanted: list[tuple[float, float, float]]) -> None:
    start, before = SoftStart(), (0.0, 0.0, 0.0)
    for goal in wanted:
        asked = start.step(goal, 0.02)
        for now, last, aim, most in zip(
            asked, before, goal, (PUBLISHED_M_S2, PUBLISHED_M_S2, PUBLISHED_YAW_RAD_S2), strict=True
        ):
            assert abs(now) <= abs(aim)
            assert now * aim >= 0
            assert abs(now) <= abs(last) + most * 0.02 + 1e-12
        before = asked
    assert start.step((0.0, 0.0, 0.0), 0.02) == (0.0, 0.0, 0.0)


def test_a_button_is_one_press_however_long_it_is_held_and_however_it_bounces() -> None:
    buttons, told = Buttons(), []
    states = [set(), {"a"}, {"a"}, set(), {"a"}, {"a"}]
    for number, down in enumerate(states):
        told += buttons.step(down, number * BOUNCE_S / 4)
    assert told == ["pad:a"]
    now_s = 10.0
    for down, later_s in ((set(), 0.0), (set(), 2 * BOUNCE_S), ({"a"}, 3 * BOUNCE_S)):
        told += buttons.step(down, now_s + later_s)
    assert told == ["pad:a", "pad:a"]


def test_the_dead_mans_switches_are_no_triggers_nor_is_what_they_give_another_meaning() -> None:
    buttons = Buttons()
    assert buttons.step({"leftshoulder", "dpup"}, 0.0) == ()
    assert buttons.step({"leftshoulder", "dpup", "b"}, 0.02) == ("pad:b",)
    assert Buttons().step({"dpup"}, 0.0) == ("pad:dpup",)


def test_every_button_has_a_trigger() -> None:
    for name in PAD_BUTTONS:
        assert parse_trigger(f"pad:{name}") == f"pad:{name}"
