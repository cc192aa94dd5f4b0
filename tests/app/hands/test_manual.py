"""Hands moved by keys and handles: within the joints' limits, and still when out of reach or let go."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.hands.manual import HANDLE_SPEED_M_S, ManualHands
from app.messages import Jog, MoveHand
from drivers.kinematics import forward
from drivers.sim.interface import Hands
from tests.support.far_end import sim_kitchen

DT_S = 0.02
PROFILE = sim_kitchen()
ARM = PROFILE.arms["right"]
CHAIN = ARM.chain
LOW = np.array([joint.min_rad for joint in ARM.joints])
SPEEDS = np.array([joint.max_velocity_rad_s for joint in PROFILE.leaders["right"].joints])
HIGH = np.array([joint.max_rad for joint in ARM.joints])


def hands_at_home() -> ManualHands:
    hands = ManualHands(PROFILE)
    pose = np.zeros(PROFILE.dof, np.float32)
    for segment in PROFILE.segments:
        if segment.kind == "arm":
            pose[segment.slice] = PROFILE.arms[segment.name].home_rad
        elif segment.kind == "gripper":
            pose[segment.slice] = 0.5
    hands.rest_on(pose)
    return hands


def grasp_m(hands: ManualHands, hand: str = "right") -> np.ndarray:
    assert CHAIN is not None
    chain = PROFILE.arms[hand].chain
    assert chain is not None
    return forward(chain, hands.leader_rad[hand]).position_m


def jog(hands: ManualHands, *, seconds: float, **wish: object) -> None:
    for _ in range(round(seconds / DT_S)):
        hands.take_jog(Jog(time_ns=time.monotonic_ns(), hand="right", **wish))  # type: ignore[arg-type]
        hands.step(DT_S)


def test_a_jog_moves_the_grasp_point_as_asked() -> None:
    hands = hands_at_home()
    before, left = grasp_m(hands), hands.leader_rad["left"].copy()
    jog(hands, seconds=0.5, linear_m_s=(0.0, 0.0, 0.1))
    assert grasp_m(hands) - before == pytest.approx([0.0, 0.0, 0.05], abs=0.004)
    assert np.array_equal(hands.leader_rad["left"], left)


def test_a_jog_opens_and_closes_within_what_a_gripper_can() -> None:
    hands = hands_at_home()
    jog(hands, seconds=2.0, opening_rate=1.5)
    assert hands.leader_opening["right"] == 1.0
    jog(hands, seconds=2.0, opening_rate=-1.5)
    assert hands.leader_opening["right"] == 0.0


def test_a_jog_that_is_not_repeated_ends() -> None:
    hands = hands_at_home()
    old_ns = time.monotonic_ns() - 220_000_000  # `Jog` promises 200 ms
    hands.take_jog(Jog(time_ns=old_ns, hand="right", linear_m_s=(0.1, 0.0, 0.0), base_twist=(1.0, 0.0, 0.0)))
    before = hands.leader_rad["right"].copy()
    hands.step(DT_S)
    assert hands.jog is None
    assert np.array_equal(hands.leader_rad["right"], before)


@settings(max_examples=10, deadline=None)
@example(direction=(-1.0, 0.0, -1.0), turn=(1.0, 0.0, 0.0))
@given(direction=st.tuples(*[st.floats(-1, 1)] * 3), turn=st.tuples(*[st.floats(-1, 1)] * 3))
def test_a_jog_never_leaves_the_joints_limits_nor_jumps(
    direction: tuple[float, float, float], turn: tuple[float, float, float]
) -> None:
    hands = hands_at_home()
    before = hands.leader_rad["right"].copy()
    for _ in range(30):
        wish = Jog(
            time_ns=time.monotonic_ns(),
            hand="right",
            linear_m_s=tuple(1.0 * x for x in direction),
            angular_rad_s=turn,
        )
        hands.take_jog(wish)
        hands.step(DT_S)
        joints = hands.leader_rad["right"]
        assert np.isfinite(joints).all()
        assert (joints >= LOW - 1e-9).all()
        assert (joints <= HIGH + 1e-9).all()
        assert (np.abs(joints - before) <= SPEEDS * DT_S + 1e-9).all()
        before = joints.copy()


def test_a_handle_is_followed_calmly_to_its_place() -> None:
    hands = hands_at_home()
    start = grasp_m(hands)
    x, y, z = (start + np.array([0.0, 0.05, 0.05])).tolist()
    hands.take_goal(MoveHand(hand="right", position_m=(x, y, z), opening=0.2))
    before = start
    for _ in range(50):
        hands.step(DT_S)
        now = grasp_m(hands)
        assert np.linalg.norm(now - before) < HANDLE_SPEED_M_S * DT_S * 1.5 + 0.002
        before = now
    assert grasp_m(hands) == pytest.approx([x, y, z], abs=0.01)
    assert hands.leader_opening["right"] == 0.2


def test_a_handle_out_of_reach_leaves_the_hand_where_it_can_be() -> None:
    hands = hands_at_home()
    hands.take_goal(MoveHand(hand="right", position_m=(5.0, 0.0, 0.0)))
    for _ in range(400):
        hands.step(DT_S)
    settled = hands.leader_rad["right"].copy()
    for _ in range(50):
        hands.step(DT_S)
    assert np.abs(hands.leader_rad["right"] - settled).max() < 1e-3
    assert np.linalg.norm(grasp_m(hands)) < 1.5


def test_resting_hands_follow_their_followers_and_forget_handles() -> None:
    hands = hands_at_home()
    x, y, z = (grasp_m(hands) + np.array([0.0, 0.0, 0.1])).tolist()
    hands.take_goal(MoveHand(hand="right", position_m=(x, y, z)))
    pose = np.full(PROFILE.dof, 0.3, np.float32)
    hands.rest_on(pose)
    hands.step(DT_S)
    assert hands.leader_rad["right"] == pytest.approx(np.full(6, 0.3))
    assert hands.leader_opening["left"] == pytest.approx(0.3)


def test_a_hand_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no hand 'middle'; this robot has left, right"):
        ManualHands(PROFILE).take_goal(MoveHand(hand="middle", position_m=(0.0, 0.0, 0.0)))


def test_after_the_scripted_operator_a_jog_goes_on_from_where_its_hands_are() -> None:
    hands = hands_at_home()
    jog(hands, seconds=0.1, linear_m_s=(0.0, 0.0, 0.1))
    there = hands.leader_rad["right"] + 0.3
    hands.take_over(Hands(leader_rad={"right": there}, leader_opening={"right": 0.1}))
    before = grasp_m(hands)
    jog(hands, seconds=0.1, linear_m_s=(0.0, 0.0, 0.1))
    assert grasp_m(hands) - before == pytest.approx([0.0, 0.0, 0.01], abs=0.004)
