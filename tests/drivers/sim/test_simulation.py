"""The real-time loop: pace, hands, state, the control channel."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from drivers.sim import control_table as ct
from drivers.sim.hands_file import HANDS_FILE, HANDS_TIMEOUT_NS, HandsReader, HandsWriter
from drivers.sim.interface import Hands
from drivers.sim.remote import SimRemote, SimRemoteError
from drivers.sim.statefile import STATE_FILE, StateReader
from tests.support.far_end import FarEnd, eventually, far_end, sim_kitchen


@pytest.fixture
def far(runtime_dir: Path) -> Iterator[FarEnd]:
    with far_end(runtime_dir) as end:
        yield end


@pytest.fixture
def remote(far: FarEnd) -> Iterator[SimRemote]:
    with SimRemote(far.runtime_dir) as client:
        yield client


def some_hands() -> Hands:
    return Hands(
        leader_rad={"left": np.linspace(-1.0, 1.0, 6)},
        leader_opening={"right": 0.25},
        base_twist=(0.1, -0.2, 0.3),
        lift_m_s=0.05,
        moving_base=True,
    )


def test_simulated_time_keeps_pace_with_real_time(far: FarEnd) -> None:
    assert eventually(lambda: len(far.statuses) > 5)
    first, last = far.statuses[0], far.statuses[-1]
    simulated_s = (last.steps - first.steps) * far.world.step_s
    real_s = (last.time_ns - first.time_ns) * 1e-9
    given_up_s = (last.slips - first.slips) * 1.0
    assert simulated_s == pytest.approx(real_s, abs=0.06 + given_up_s)
    assert last.real_time_factor > 0


def test_lost_time_is_given_up_and_counted_not_raced_after(
    far: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    world_step = far.world.step
    stalls = [0.3]

    def stalling_step() -> None:
        if stalls:
            time.sleep(stalls.pop())
        world_step()

    assert eventually(lambda: bool(far.statuses))
    before = far.statuses[-1]
    monkeypatch.setattr(far.world, "step", stalling_step)
    assert eventually(lambda: far.statuses[-1].slips > before.slips)
    after = far.statuses[-1]
    assert (after.steps - before.steps) * far.world.step_s < (after.time_ns - before.time_ns) * 1e-9 - 0.1


def test_the_state_file_follows_the_world(far: FarEnd) -> None:
    reader = StateReader(far.runtime_dir / STATE_FILE)
    assert eventually(lambda: reader.newest() is not None)
    first = reader.newest()
    assert first is not None
    assert len(first.state) == far.world.state_size
    assert first.sim_time_s == first.state[0]

    def newer() -> bool:
        snapshot = reader.newest()
        return snapshot is not None and snapshot.time_ns > first.time_ns

    assert eventually(newer)
    reader.close()


def test_hands_reach_the_world_and_let_go_when_nobody_writes(far: FarEnd) -> None:
    writer = HandsWriter(far.runtime_dir, sim_kitchen())
    wanted = some_hands()

    def reached() -> bool:
        writer.write(wanted)
        got = far.world.hands
        return got is not None and "left" in got.leader_rad

    assert eventually(reached)
    got = far.world.hands
    assert got is not None
    np.testing.assert_array_equal(got.leader_rad["left"], wanted.leader_rad["left"])
    assert got.leader_opening == {"right": 0.25}
    assert (got.base_twist, got.lift_m_s, got.moving_base) == ((0.1, -0.2, 0.3), 0.05, True)
    assert eventually(lambda: far.world.hands is not None and not far.world.hands.leader_rad)
    writer.close()


def test_a_half_written_wish_is_not_taken(runtime_dir: Path) -> None:
    profile = sim_kitchen()
    writer, reader = HandsWriter(runtime_dir, profile), HandsReader(runtime_dir, profile)
    writer.write(some_hands())
    raw = (runtime_dir / HANDS_FILE).read_bytes()
    sequence = int.from_bytes(raw[8:16], "little")
    with (runtime_dir / HANDS_FILE).open("r+b") as file:
        file.seek(8)
        file.write((sequence + 1).to_bytes(8, "little"))
    assert reader.news(now_ns=time.monotonic_ns()) is None
    writer.close()
    # The writer was killed inside; the next one puts the sequence right.
    writer = HandsWriter(runtime_dir, profile)
    writer.write(some_hands())
    assert reader.news(now_ns=time.monotonic_ns()) is not None
    assert reader.news(now_ns=time.monotonic_ns()) is None
    later = reader.news(now_ns=time.monotonic_ns() + HANDS_TIMEOUT_NS)
    assert later is not None
    assert later.leader_rad == {}
    with pytest.raises(KeyError, match="no leader 'third'; the profile has left, right"):
        writer.write(Hands(leader_opening={"third": 1.0}))
    writer.close()
    reader.close()


def test_truth_comes_over_the_control_channel(remote: SimRemote) -> None:
    first = remote.truth()
    np.testing.assert_array_equal(first.objects["cup"], [1, 0, 0, 1, 0, 0, 0])
    assert remote.truth().sim_time_s >= first.sim_time_s


def test_objects_are_placed(remote: SimRemote) -> None:
    remote.place("cup", [1, 2, 3, 1, 0, 0, 0])
    np.testing.assert_array_equal(remote.truth().objects["cup"], [1, 2, 3, 1, 0, 0, 0])
    with pytest.raises(SimRemoteError, match="no object 'moon'; there are cup"):
        remote.place("moon", [1, 2, 3, 1, 0, 0, 0])
    assert remote.truth().objects.keys() == {"cup"}


def test_after_a_reset_powered_servos_hold_the_new_place(far: FarEnd, remote: SimRemote) -> None:
    waist = far.world.joint("left_follower", "waist")
    with far.port("left_follower") as port:
        port.put(1, ct.TORQUE_ENABLE, 1)
        port.put(1, ct.GOAL_POSITION, 3000)
        assert eventually(lambda: port.get(1, ct.PRESENT_POSITION) == 3000)
        remote.reset(7, robot=False)
        assert port.get(1, ct.GOAL_POSITION) == 3000
        remote.reset(8, robot=True)
        assert port.get(1, ct.GOAL_POSITION) == 2048
        assert port.get(1, ct.PRESENT_POSITION) == 2048
    assert far.world.resets == [(7, False), (8, True)]
    assert waist.position_rad == 0.0


def test_a_world_that_is_not_there_is_an_error_with_a_time_limit(runtime_dir: Path) -> None:
    with SimRemote(runtime_dir, timeout_s=0.1) as remote:
        for _ in range(2):
            with pytest.raises(SimRemoteError, match=r"did not answer GetTruth in 0\.1 s"):
                remote.truth()
        with far_end(runtime_dir):
            patient = SimRemote(runtime_dir)
            assert patient.truth().objects
            patient.close()
