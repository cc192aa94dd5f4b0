"""Sticks into wishes: nothing without a dead man's switch, full speed at the end of a stick."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.hands.gamepad import (
    BASE_M_S,
    BASE_RAD_S,
    DEAD_ZONE,
    GRIP_PER_S,
    HAND_M_S,
    HAND_RAD_S,
    LIFT_M_S,
    Gamepad,
    Sticks,
    jog_of,
)

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
    assert jog_of(replace(state, left_bumper=False, right_bumper=False), "right") is None


@given(sticks)
def test_the_base_and_a_hand_never_move_together_and_never_too_fast(state: Sticks) -> None:
    jog = jog_of(state, "right")
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
    jog = jog_of(Sticks(left_bumper=True, left_y=1.0, left_x=1.0, right_x=-1.0, up=True), "right")
    assert jog is not None
    assert jog.base_twist == pytest.approx((BASE_M_S, -BASE_M_S, BASE_RAD_S))
    assert jog.lift_m_s == pytest.approx(LIFT_M_S)
    assert jog.hand == ""


def test_the_right_bumper_moves_the_hand_and_its_gripper() -> None:
    jog = jog_of(Sticks(right_bumper=True, left_y=-1.0, right_y=1.0, right_trigger=1.0), "left")
    assert jog is not None
    assert jog.hand == "left"
    assert jog.linear_m_s == pytest.approx((-HAND_M_S, 0.0, HAND_M_S))
    assert jog.opening_rate == pytest.approx(-GRIP_PER_S)
    assert jog.base_twist == (0.0, 0.0, 0.0)


@given(st.floats(-DEAD_ZONE + 1e-6, DEAD_ZONE - 1e-6))
def test_a_stick_at_rest_is_at_rest(drift: float) -> None:
    jog = jog_of(Sticks(left_bumper=True, left_x=drift, left_y=drift, right_x=drift), "right")
    assert jog is not None
    assert not any(jog.base_twist)


@given(axis, axis)
def test_more_stick_is_never_less_motion(a: float, b: float) -> None:
    low, high = sorted((a, b))
    slow = jog_of(Sticks(left_bumper=True, left_y=low), "right")
    fast = jog_of(Sticks(left_bumper=True, left_y=high), "right")
    assert slow is not None
    assert fast is not None
    assert slow.base_twist[0] <= fast.base_twist[0] + 1e-12


def test_without_a_gamepad_nothing_is_wanted() -> None:
    gamepad = Gamepad(("left", "right"))
    try:
        if not gamepad.name:
            assert gamepad.poll() is None or gamepad.name
    finally:
        gamepad.close()
