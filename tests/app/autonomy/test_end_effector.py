"""Poses of the hands become the joint angles that bring the hands there, or are refused by how far they miss."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.autonomy.end_effector import LONGEST_STEP_RAD, EndEffector, OutOfReach, end_effector_width
from drivers.kinematics import forward, rotation_vector
from drivers.profile import RobotProfile, load_profile

PROFILE: RobotProfile = load_profile("sim-kitchen")
HOME = np.array(PROFILE.arms["right"].home_rad)
LEFT, RIGHT = slice(0, 6), slice(7, 13)
HANDS = EndEffector(PROFILE)


def at_home() -> NDArray[np.float64]:
    state = np.zeros(PROFILE.dof)
    state[LEFT] = state[RIGHT] = HOME
    state[[6, 13, 17]] = (0.4, 0.6, 0.3)
    return state


def poses(rows: NDArray[np.float64], side: str, where: slice) -> list[tuple[NDArray[np.float64], ...]]:
    chain = PROFILE.arms[side].chain
    assert chain is not None
    made = [forward(chain, row[where]) for row in rows]
    return [(pose.position_m, pose.rotation) for pose in made]


offsets = st.lists(st.floats(-0.35, 0.35), min_size=12, max_size=12)


@settings(max_examples=40, deadline=None)
@given(start=offsets, end=offsets)
def test_there_and_back_the_hands_are_where_they_were(start: list[float], end: list[float]) -> None:
    """Joints to poses to joints: perhaps other joints, but the same hands, and never a leap on the way."""
    share = np.linspace(0.0, 1.0, 20)[:, None]
    rows = np.tile(at_home(), (20, 1))
    moved = np.array(start) + share * (np.array(end) - np.array(start))
    rows[:, LEFT] += moved[:, :6]
    rows[:, RIGHT] += moved[:, 6:]
    back = HANDS.to_joints(HANDS.from_joints(rows), rows[0])
    for side, where in (("left", LEFT), ("right", RIGHT)):
        for (at, rotation), (wanted_at, wanted) in zip(
            poses(back, side, where), poses(rows, side, where), strict=True
        ):
            np.testing.assert_allclose(at, wanted_at, atol=1e-3)
            assert np.linalg.norm(rotation_vector(wanted @ rotation.T)) < 0.01
        assert np.abs(np.diff(back[:, where], axis=0)).max() < LONGEST_STEP_RAD


def test_what_is_no_arm_passes_through() -> None:
    rows = np.tile(at_home(), (3, 1))
    rows[:, 14:17] = (0.1, -0.2, 0.3)
    made = HANDS.from_joints(rows)
    assert made.shape == (3, HANDS.width) == (3, end_effector_width(PROFILE))
    np.testing.assert_array_equal(made[:, [6, 13, 14, 15, 16, 17]], rows[:, [6, 13, 14, 15, 16, 17]])
    np.testing.assert_allclose(HANDS.to_joints(made, at_home())[:, 6], 0.4)


def test_a_pose_out_of_reach_is_refused_with_the_miss() -> None:
    rows = HANDS.from_joints(np.tile(at_home(), (4, 1)))
    rows[2, 7] += 2.0
    with pytest.raises(OutOfReach, match=r"the right hand cannot be at .* as step 2 .* misses by \d+ mm"):
        HANDS.to_joints(rows, at_home())


def test_a_leap_from_one_step_to_the_next_is_refused() -> None:
    rows = np.tile(at_home(), (4, 1))
    rows[2:, RIGHT.start] += 0.8
    with pytest.raises(OutOfReach, match=r"the right arm would turn by 0\.80 rad from step 1 to step 2"):
        HANDS.to_joints(HANDS.from_joints(rows), at_home())


def test_another_width_is_refused() -> None:
    with pytest.raises(OutOfReach, match=r"\(2, 7\); sim-kitchen takes \(T, 18\)"):
        HANDS.to_joints(np.zeros((2, 7)), at_home())
