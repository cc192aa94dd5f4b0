from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gui.jog_wish import HAND_M_S, PLAIN_KEYS, JogKeys, JogSpeeds, JogWish
from tests.support.fake_session import load_fake_profile


@pytest.mark.parametrize(
    ("held", "wish"),
    [
        (["W"], JogWish(base=(1, 0, 0))),
        (["W", "D"], JogWish(base=(1, -1, 0))),
        (["Q"], JogWish(base=(0, 0, 1))),
        (["Up"], JogWish(linear=(1, 0, 0))),
        (["Shift", "Up"], JogWish(linear=(0, 0, 1))),
        (["Shift", "Left"], JogWish(angular=(0, 0, 1))),
        (["Ctrl", "Right"], JogWish(angular=(1, 0, 0))),
        (["PgUp", "["], JogWish(lift=1, opening=-1)),
        (["Left", "Right"], JogWish()),
        (["Shift"], JogWish()),
    ],
)
def test_held_keys_make_a_wish(held: list[str], wish: JogWish) -> None:
    keys = JogKeys()
    for key in held:
        assert keys.press(key)
    assert keys.wish == wish


def test_other_keys_are_left_alone() -> None:
    keys = JogKeys()
    assert not keys.press("R")
    assert not keys.release("W")


@given(st.lists(st.tuples(st.sampled_from([*PLAIN_KEYS, "Shift", "Ctrl"]), st.booleans())))
def test_whatever_was_pressed_clearing_makes_it_still(events: list[tuple[str, bool]]) -> None:
    keys = JogKeys()
    for key, down in events:
        _ = keys.press(key) if down else keys.release(key)
        for value in (
            *keys.wish.base,
            *keys.wish.linear,
            *keys.wish.angular,
            keys.wish.opening,
            keys.wish.lift,
        ):
            assert -1 <= value <= 1
    keys.clear()
    assert keys.wish.still


def test_full_speed_is_the_profiles_and_the_factor_slows_only_the_hand_here() -> None:
    """Base and lift are slowed down by the robot's process for every source alike; here too, it would count twice."""
    profile = load_fake_profile()
    assert profile.base is not None
    wish = JogWish(base=(1, 0, -1), lift=1, linear=(1, 0, 0))
    jog = JogSpeeds.of(profile).jog(wish, hand="left", factor=0.5, time_ns=7)
    assert jog.base_twist == pytest.approx((profile.base.max_speed_m_s, 0, -profile.base.max_yaw_rate_rad_s))
    assert jog.lift_m_s == pytest.approx(profile.lifts["main"].max_speed_m_s)
    assert jog.linear_m_s == pytest.approx((HAND_M_S / 2, 0, 0))
    assert (jog.hand, jog.time_ns) == ("left", 7)


def test_two_sources_add_up_to_full_speed_at_most() -> None:
    assert JogWish(lift=0.7) + JogWish(lift=0.7) == JogWish(lift=1.0)
