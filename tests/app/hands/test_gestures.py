"""Gestures of the handles, on traces of fifty readings a second."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from app.hands.gestures import HELD_S, Gestures
from tests.support.far_end import sim_kitchen

PROFILE = sim_kitchen()
DT_S = 0.02
ARMS = {segment.name: segment.slice for segment in PROFILE.segments if segment.kind == "arm"}
GRIPS = {segment.name: segment.start for segment in PROFILE.segments if segment.kind == "gripper"}
BOTH, LEFT, RIGHT = "grip:both-held", "grip:left-twice", "grip:right-twice"
TICK_RAD = 2 * np.pi / 4096

Opening = Callable[[float], float]


class Trace:
    """Plays readings to the gestures and keeps what they told, and when."""

    def __init__(self) -> None:
        self.gestures = Gestures(PROFILE)
        self.now_s = 100.0
        self.told: list[str] = []
        self.progress: list[float] = []
        self.pose = np.zeros(PROFILE.dof, np.float32)
        self._rng = np.random.default_rng(5)

    def play(
        self,
        seconds: float,
        *,
        left: float | Opening = 1.0,
        right: float | Opening = 1.0,
        speed_rad_s: float = 0.0,
        jitter_rad: float = 0.0,
        follower_gap: float | None = None,
        silent: bool = False,
    ) -> Trace:
        for number in range(round(seconds / DT_S)):
            at_s = number * DT_S
            self.pose[ARMS["left"].start + 1] += speed_rad_s * DT_S
            leader = self.pose.copy()
            for name, opening in (("left", left), ("right", right)):
                leader[ARMS[name]] += self._rng.uniform(-jitter_rad, jitter_rad, 6)
                leader[GRIPS[name]] = opening(at_s) if callable(opening) else opening
            followers = None
            if follower_gap is not None:
                followers = leader.copy()
                for start in GRIPS.values():
                    followers[start] += follower_gap
            if silent:
                leader[:] = np.nan
            self.now_s += DT_S
            self.told += self.gestures.step(leader, self.now_s, followers=followers)
            self.progress.append(self.gestures.progress[1])
        return self


def squeezes(*begin_s: float, lasting_s: float = 0.2) -> Opening:
    return lambda at_s: 0.02 if any(start <= at_s < start + lasting_s for start in begin_s) else 1.0


def test_both_closed_and_still_is_the_gesture_once() -> None:
    trace = Trace().play(0.5).play(HELD_S + 1.0, left=0.03, right=0.05)
    assert trace.told == [BOTH]


def test_progress_fills_and_is_gone_when_let_go() -> None:
    trace = Trace().play(0.5).play(0.8, left=0.0, right=0.0)
    assert trace.gestures.progress[0] == "both-held"
    assert trace.progress[-1] == pytest.approx(0.8 / HELD_S, abs=0.05)
    assert (np.diff(trace.progress) >= 0).all()
    trace.play(0.1)
    assert trace.gestures.progress == ("", 0.0)
    assert trace.told == []


def test_it_arms_again_only_after_both_were_open() -> None:
    trace = Trace().play(0.5).play(2.0, left=0.0, right=0.0)
    trace.play(0.3, left=1.0, right=0.0).play(2.0, left=0.0, right=0.0)
    assert trace.told == [BOTH]
    trace.play(0.3).play(2.0, left=0.0, right=0.0)
    assert trace.told == [BOTH, BOTH]


def test_handles_that_rest_closed_have_not_been_squeezed() -> None:
    assert Trace().play(3.0, left=0.0, right=0.0).told == []


def test_the_jitter_of_a_hand_and_of_the_encoders_is_still() -> None:
    trace = Trace().play(0.5, jitter_rad=2 * TICK_RAD)
    trace.play(HELD_S + 0.3, left=0.02, right=0.02, jitter_rad=2 * TICK_RAD)
    assert trace.told == [BOTH]


@pytest.mark.parametrize("speed_rad_s", [0.2, 0.5, 2.0])
def test_a_grasp_with_both_hands_in_motion_is_work(speed_rad_s: float) -> None:
    trace = Trace().play(0.5).play(4.0, left=0.0, right=0.0, speed_rad_s=speed_rad_s)
    assert trace.told == []
    assert max(trace.progress) < 0.2


def test_a_grasp_that_pauses_and_goes_on_is_work() -> None:
    trace = Trace().play(0.5)
    for _ in range(4):
        trace.play(0.8, left=0.0, right=0.0, speed_rad_s=0.6).play(0.9, left=0.0, right=0.0)
    assert trace.told == []


def test_a_pot_held_still_between_both_hands_is_work() -> None:
    trace = Trace().play(0.5, follower_gap=0.0).play(4.0, left=0.0, right=0.0, follower_gap=0.2)
    assert trace.told == []
    assert max(trace.progress) == 0.0


def test_a_follower_that_lags_only_delays_the_gesture() -> None:
    trace = Trace().play(0.5, follower_gap=0.0).play(0.3, left=0.0, right=0.0, follower_gap=0.5)
    assert trace.play(HELD_S + 0.1, left=0.0, right=0.0, follower_gap=0.02).told == [BOTH]


def test_one_hand_is_no_gesture_of_both() -> None:
    assert Trace().play(0.5).play(4.0, left=0.0).told == []


def test_a_handle_squeezed_twice() -> None:
    assert Trace().play(0.5).play(1.5, left=squeezes(0.1, 0.5)).told == [LEFT]
    assert Trace().play(0.5).play(1.5, right=squeezes(0.1, 0.5)).told == [RIGHT]


@pytest.mark.parametrize(
    "right",
    [squeezes(0.1), squeezes(0.1, 2.0), squeezes(0.1, 1.0, lasting_s=0.6)],
    ids=["once", "too far apart", "held rather than squeezed"],
)
def test_other_squeezes_are_work(right: Opening) -> None:
    assert Trace().play(0.5).play(3.0, right=right).told == []


def test_a_second_grip_on_the_way_is_work() -> None:
    assert Trace().play(0.5).play(1.5, left=squeezes(0.1, 0.5), speed_rad_s=0.4).told == []


def test_a_reading_that_fails_for_a_tick_is_overlooked_and_a_leader_lost_is_not() -> None:
    trace = Trace().play(0.5).play(0.6, left=0.0, right=0.0).play(0.04, silent=True)
    assert trace.play(0.7, left=0.0, right=0.0).told == [BOTH]
    trace = Trace().play(0.5).play(0.6, left=0.0, right=0.0).play(0.5, silent=True)
    assert trace.play(3.0, left=0.0, right=0.0).told == []


def test_hands_of_somebody_else_are_forgotten() -> None:
    trace = Trace().play(0.5).play(0.6, left=0.0, right=0.0)
    trace.gestures.forget()
    assert trace.play(3.0, left=0.0, right=0.0).told == []
