"""Chunks as motion: their own steps, no jump from one to the next, and a stand when no more come."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.messages import Mode
from app.robot.chunk_player import DECAY_SPEED, ChunkPlayer
from app.robot.chunks import ChunkError
from drivers.safety import SafetyLimits
from tests.app.robot.chunk_cases import STEP_NS, chunk
from tests.support.far_end import sim_kitchen

PROFILE = sim_kitchen()
DOF = PROFILE.dof
DT_S = 1.0 / PROFILE.control_rate_hz
BASE = next(s.slice for s in PROFILE.segments if s.kind == "base")
WAIST = next(s.start for s in PROFILE.segments if s.kind == "arm")
POSE = np.full(DOF, 0.25, np.float32)
BEGAN_NS = 10**12
SWEEP = np.linspace(0.0, 0.5, 50)


def player() -> ChunkPlayer:
    return ChunkPlayer(PROFILE, POSE, mode=Mode.VERBAL, began_ns=BEGAN_NS)


def sweep(start: float = 0.25, *, base: float = 0.0) -> NDArray[np.float64]:
    """A chunk in which the first joint goes from `start` by half a radian, while the base drives."""
    actions = np.tile(POSE.astype(np.float64), (50, 1))
    actions[:, WAIST] = start + SWEEP
    actions[:, BASE] = base
    return actions


def played(player: ChunkPlayer, ticks: int, *, speed: float = 1.0) -> NDArray[np.float32]:
    return np.array([player.step(speed=speed) for _ in range(ticks)])


def test_before_the_first_chunk_the_pose_is_held_with_the_wheels_at_rest() -> None:
    asked = played(player(), 5)
    assert np.array_equal(asked[:, WAIST], np.full(5, np.float32(0.25)))
    assert not asked[:, BASE].any()


def test_a_chunk_that_starts_where_the_robot_is_comes_out_as_it_is() -> None:
    one = player()
    one.offer(chunk(sweep(), number=1, now_ns=BEGAN_NS), now_ns=BEGAN_NS, speed=1.0)
    assert np.allclose(played(one, 50), sweep(), atol=1e-5)


def test_one_that_comes_late_goes_on_with_the_step_that_is_due() -> None:
    one = player()
    late_ns = 10 * STEP_NS
    now_ns = BEGAN_NS + late_ns
    one.offer(chunk(sweep(), number=1, now_ns=now_ns, late_ns=late_ns), now_ns=now_ns, speed=1.0)
    assert one.cursor == pytest.approx(10.0)
    asked = played(one, 40)
    assert np.allclose(np.diff(asked[:, WAIST])[-5:], SWEEP[1], atol=1e-5)
    assert asked[-1, WAIST] == pytest.approx(0.75, abs=1e-5)


def test_the_step_at_a_hand_over_is_no_larger_than_those_around_it_however_far_apart_the_chunks_are() -> None:
    one = player()
    one.offer(chunk(sweep(), number=1, now_ns=BEGAN_NS), now_ns=BEGAN_NS, speed=1.0)
    before = played(one, 25)
    now_ns = BEGAN_NS + 25 * STEP_NS
    one.offer(chunk(sweep(1.2), number=2, now_ns=now_ns), now_ns=now_ns, speed=1.0)
    after = played(one, 50)
    step = float(after[0, WAIST] - before[-1, WAIST])
    assert 0.0 < step <= SWEEP[1] + 1e-6
    # In the end it is where the new chunk leads, or on its way there at a bounded pace.
    steps = np.abs(np.diff(after[:, WAIST]))
    assert steps.max() <= SWEEP[1] + DECAY_SPEED["arm"] * DT_S + 1e-6


@settings(deadline=None)
@given(
    ends=st.lists(st.floats(-2.0, 2.0), min_size=2, max_size=6),
    cuts=st.lists(st.integers(1, 60), min_size=6, max_size=6),
    speed=st.sampled_from([0.25, 0.5, 1.0]),
)
def test_no_order_of_chunks_makes_it_jump(ends: list[float], cuts: list[int], speed: float) -> None:
    one, now_ns, asked = player(), BEGAN_NS, []
    for number, (end, ticks) in enumerate(zip(ends, cuts, strict=False)):
        actions = np.tile(POSE.astype(np.float64), (50, 1))
        actions[:, WAIST] = np.linspace(end, end + 0.5, 50)
        actions[:, BASE] = end / 4
        one.offer(chunk(actions, number=number, now_ns=now_ns), now_ns=now_ns, speed=speed)
        asked.append(played(one, ticks, speed=speed))
        now_ns += ticks * STEP_NS
    steps = np.abs(np.diff(np.concatenate([POSE[None], *asked])[:, WAIST]))
    assert steps.max() <= 0.5 / 49 + DECAY_SPEED["arm"] * DT_S + 1e-5


def test_at_half_speed_it_takes_twice_as_long_and_drives_half_as_fast() -> None:
    one = player()
    one.offer(chunk(sweep(base=0.2), number=1, now_ns=BEGAN_NS), now_ns=BEGAN_NS, speed=0.5)
    asked = played(one, 98, speed=0.5)
    assert asked[49, WAIST] == pytest.approx(0.25 + 0.25, abs=0.01)
    assert asked[-1, WAIST] == pytest.approx(0.75, abs=0.01)
    assert asked[90, BASE] == pytest.approx(0.1, abs=1e-6)


def test_when_none_follows_the_robot_stands_and_counts_how_long_it_waits() -> None:
    one = player()
    one.offer(chunk(sweep(base=0.2), number=1, now_ns=BEGAN_NS), now_ns=BEGAN_NS, speed=1.0)
    played(one, 50)
    assert one.starved_s == 0.0
    asked = played(one, 50)
    assert not one.moving
    assert not asked[1:, BASE].any()
    assert np.ptp(asked[1:, WAIST]) < 1e-6
    assert one.starved_s == pytest.approx(1.0, abs=2 * DT_S)
    now_ns = BEGAN_NS + 100 * STEP_NS
    one.offer(chunk(sweep(0.75), number=2, now_ns=now_ns), now_ns=now_ns, speed=1.0)
    assert (one.starved_s, one.late) == (0.0, 1)


def test_after_a_final_one_standing_is_as_it_should_be() -> None:
    one = player()
    one.offer(chunk(sweep(), number=1, now_ns=BEGAN_NS, final=True), now_ns=BEGAN_NS, speed=1.0)
    asked = played(one, 200)
    assert (one.starved_s, one.moving) == (0.0, False)
    assert asked[-1, WAIST] == pytest.approx(0.75, abs=1e-5)


def test_while_its_subtask_is_over_standing_is_no_waiting_until_the_next_chunk() -> None:
    one, other = player(), player()
    for each in (one, other):
        each.offer(chunk(sweep(base=0.2), number=1, now_ns=BEGAN_NS), now_ns=BEGAN_NS, speed=1.0)
    played(one, 70)
    played(other, 70)
    assert one.starved_s > 0.2
    one.rest()
    assert np.array_equal(played(one, 100), played(other, 100))  # it is no other motion
    assert (one.starved_s, one.moving) == (0.0, False)
    now_ns = BEGAN_NS + 170 * STEP_NS
    one.offer(chunk(sweep(0.75), number=2, now_ns=now_ns), now_ns=now_ns, speed=1.0)
    played(one, 80)
    assert one.late == 0
    assert one.starved_s > 0.2


def test_a_final_one_that_begins_elsewhere_is_still_followed_to_its_end() -> None:
    one = player()
    one.offer(chunk(sweep(1.25), number=1, now_ns=BEGAN_NS, final=True), now_ns=BEGAN_NS, speed=1.0)
    asked = played(one, 400)
    assert not one.moving
    assert asked[-1, WAIST] == pytest.approx(1.75, abs=1e-5)


def test_a_chunk_that_asks_for_the_impossible_asks_for_the_limit_and_does_not_haunt_the_next() -> None:
    one, limits = player(), SafetyLimits.from_profile(PROFILE)
    wild = np.tile(POSE.astype(np.float64), (50, 1))
    wild[20:] = 1e6
    one.offer(chunk(wild, number=1, now_ns=BEGAN_NS), now_ns=BEGAN_NS, speed=1.0)
    asked = played(one, 50)
    assert (asked <= limits.max + 1e-6).all()
    now_ns = BEGAN_NS + 50 * STEP_NS
    calm = np.tile(POSE.astype(np.float64), (50, 1))
    one.offer(chunk(calm, number=2, now_ns=now_ns, final=True), now_ns=now_ns, speed=1.0)
    asked = played(one, 2000)
    assert not one.moving
    arms = [s.slice for s in PROFILE.segments if s.kind == "arm"]
    assert all(np.allclose(asked[-1, arm], POSE[arm], atol=1e-4) for arm in arms)


def test_chunks_that_are_not_for_now_are_refused() -> None:
    one = player()
    with pytest.raises(ChunkError, match="autonomous mode, not verbal"):
        one.offer(chunk(sweep(), number=1, now_ns=BEGAN_NS, mode=Mode.AUTONOMOUS), now_ns=BEGAN_NS, speed=1.0)
    with pytest.raises(ChunkError, match="before this mode began"):
        one.offer(chunk(sweep(), number=1, now_ns=BEGAN_NS, late_ns=1), now_ns=BEGAN_NS, speed=1.0)
    now_ns = BEGAN_NS + 60 * STEP_NS
    with pytest.raises(ChunkError, match="too slow for its chunks"):
        one.offer(chunk(sweep(), number=1, now_ns=now_ns, late_ns=60 * STEP_NS), now_ns=now_ns, speed=1.0)
    assert one.chunk is None
    one.offer(chunk(sweep(), number=1, now_ns=now_ns), now_ns=now_ns, speed=1.0)
    with pytest.raises(ChunkError, match="came twice"):
        one.offer(chunk(sweep(), number=1, now_ns=now_ns), now_ns=now_ns, speed=1.0)
