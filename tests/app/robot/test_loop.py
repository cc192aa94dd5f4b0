"""The whole loop on real lines: the drivers, simulated servos behind pseudo-terminals, and no physics."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from app.messages import Mode
from app.robot.arbiter import Inputs, ModeRefusedError
from app.robot.gate import GatePhase
from app.robot.loop import RobotLoop
from drivers.measurement import HomingState
from drivers.robot import Robot
from drivers.safety import SafetyLimits
from drivers.sim.faults import BusFaults
from tests.app.robot.chunk_cases import payload
from tests.drivers.robot_lines import FarEnd, far_end
from tests.support.far_end import sim_kitchen

PROFILE = sim_kitchen()
LIMITS = SafetyLimits.from_profile(PROFILE)
TICK_S = 1.0 / PROFILE.control_rate_hz
PATIENCE_S = 20.0
WAIST = 0
LIFT = next(segment.start for segment in PROFILE.segments if segment.kind == "lift")


class Bench:
    """A loop that a test turns, and what came out of it.

    Attributes:
        sent: what was sent, tick by tick.
        events: what was said.
    """

    def __init__(self, end: FarEnd, robot: Robot) -> None:
        self.end = end
        self.robot = robot
        self.sent: list[np.ndarray] = []
        self.events: list[tuple[str, str]] = []
        self.loop = RobotLoop(PROFILE, robot, self._say)
        self.inputs = Inputs()
        self.owner_alive = True

    def _say(self, kind: str, message: str, **rest: object) -> None:
        self.events.append((kind, message))

    def tick(self) -> None:
        started = time.monotonic()
        _, _, sent, _ = self.loop.tick(self.inputs, owner_alive=self.owner_alive)
        assert np.isfinite(sent).all()
        self.sent.append(sent)
        time.sleep(max(0.0, started + TICK_S - time.monotonic()))

    def ticks(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            self.tick()

    def until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not come about; said: {self.events}"
            self.tick()

    def follow(self) -> None:
        self.loop.change(Mode.TELEOP)
        self.until(lambda: self.loop.gate_phase is GatePhase.FOLLOWING, "following")

    def put_leader(self, joint: str, position_rad: float) -> None:
        leader = self.end.world.joint("left_leader", joint)
        self.end.do(lambda: setattr(leader, "position_rad", position_rad))

    def said(self, text: str) -> bool:
        return any(text in message for _, message in self.events)

    def greatest_steps(self, since: int = 0) -> np.ndarray:
        return np.abs(np.diff(np.array(self.sent[since:], np.float64), axis=0)).max(axis=0)

    def assert_no_jump(self, since: int = 0) -> None:
        """Positions moved no faster than they may, and speeds changed no faster than they may brake."""
        allowed = np.where(LIMITS.velocity_like, LIMITS.max_deceleration, LIMITS.max_velocity) * TICK_S
        assert (self.greatest_steps(since) <= allowed + 1e-5).all()


@contextmanager
def bench(runtime_dir: Path, *, lift_start_m: float = 0.01, homed: bool = True) -> Iterator[Bench]:
    with far_end(PROFILE, runtime_dir, lift_start_m=lift_start_m) as end:
        robot = Robot(PROFILE, resolve_port=end.resolve_port)
        try:
            report = robot.connect()
            assert report.ok, report
            one = Bench(end, robot)
            one.tick()
            if homed:
                one.until(lambda: robot.lifts_homed, "homing")
                one.ticks(0.1)
            yield one
        finally:
            robot.close()


def test_from_hold_through_gate_and_ramp_into_following_nothing_jumps(runtime_dir: Path) -> None:
    with bench(runtime_dir) as one:
        start = len(one.sent) - 1
        still = one.sent[-1]
        one.put_leader("waist", 0.4)
        one.ticks(0.3)
        assert np.allclose(one.sent[-1], still, atol=1e-3)
        one.follow()
        one.put_leader("waist", 0.9)
        one.put_leader("elbow", 1.0)
        one.until(lambda: abs(one.sent[-1][WAIST] - 0.9) < 0.01, "the motion")
        one.ticks(0.3)
        one.assert_no_jump(start)
        assert one.sent[-1][WAIST] == pytest.approx(0.9, abs=0.01)
        follower = one.end.world.joint("left_follower", "waist").position_rad
        assert follower == pytest.approx(0.9, abs=0.03)


def test_an_emergency_stop_in_mid_motion_comes_to_rest_within_the_braking_distance(
    runtime_dir: Path,
) -> None:
    with bench(runtime_dir) as one:
        one.follow()
        start = len(one.sent) - 1
        one.inputs = Inputs(twist=(0.3, 0.0, 0.0))
        one.put_leader("waist", 2.0)
        one.until(lambda: one.greatest_steps(-2)[WAIST] > 0.8 * LIMITS.max_velocity[WAIST] * TICK_S, "speed")
        one.tick()
        before, at = one.sent[-2], one.sent[-1]
        one.loop.stop("test")
        stopped = len(one.sent) - 1
        one.ticks(1.0)
        speed = (at - before)[WAIST] / TICK_S
        braking_m = speed**2 / (2 * LIMITS.max_acceleration[WAIST])
        way = np.array(one.sent[stopped:], np.float64)[:, WAIST]
        assert (np.diff(way) >= -1e-6).all()
        assert way[-1] - way[0] <= braking_m + 1e-3
        assert np.ptp(way[-10:]) == 0.0
        assert not one.sent[-1][LIMITS.velocity_like].any()
        one.assert_no_jump(start)
        assert one.loop.arbiter.mode is Mode.STOPPED
        assert one.said("Stopped: test")


def test_a_cut_line_holds_and_following_again_does_not_jump(runtime_dir: Path) -> None:
    with bench(runtime_dir) as one:
        one.follow()
        one.put_leader("waist", 0.5)
        one.ticks(0.3)
        start = len(one.sent) - 1
        one.end.set_faults("left_follower", BusFaults(cut=True))
        one.until(lambda: one.loop.arbiter.mode is Mode.HOLD, "hold")
        assert one.said("Holding: no answer from left_follower")
        one.until(lambda: one.said("The bus left_follower is lost"), "the bus's name")
        with pytest.raises(
            ModeRefusedError, match="no answer from left_follower; the robot holds until it is back"
        ):
            one.loop.change(Mode.TELEOP)
        one.put_leader("waist", -0.5)
        one.ticks(0.3)
        one.end.set_faults("left_follower", BusFaults())
        one.until(lambda: one.said("The bus left_follower is back"), "the bus's return")
        one.ticks(1.0)
        one.follow()
        one.put_leader("waist", -0.5)
        one.until(lambda: abs(one.sent[-1][WAIST] + 0.5) < 0.02, "the motion")
        # Where the servos came back, what is sent starts from where they are; beyond that nothing may leap.
        one.assert_no_jump(start)


def test_a_silent_leader_while_following_is_a_hold(runtime_dir: Path) -> None:
    with bench(runtime_dir) as one:
        one.follow()
        one.end.set_faults("right_leader", BusFaults(cut=True))
        one.until(lambda: one.loop.arbiter.mode is Mode.HOLD, "hold")
        assert one.said("Holding: a leader arm stopped answering")


def test_nobody_watching_is_a_hold_that_stays(runtime_dir: Path) -> None:
    with bench(runtime_dir) as one:
        one.follow()
        one.owner_alive = False
        one.tick()
        assert one.loop.arbiter.mode is Mode.HOLD
        assert one.said("Holding: nobody watches the robot")
        one.owner_alive = True
        one.ticks(0.2)
        assert one.loop.arbiter.mode is Mode.HOLD


def test_a_stop_also_stops_the_lifts_search_for_its_zero(runtime_dir: Path) -> None:
    with bench(runtime_dir, lift_start_m=0.4, homed=False) as one:
        joint = one.end.world.joint("body", "lift")
        start_rad = joint.position_rad
        one.until(lambda: joint.position_rad < start_rad - 0.5, "the search")
        one.loop.stop("test")
        one.ticks(0.3)
        stopped_rad = joint.position_rad
        one.ticks(0.7)
        assert joint.position_rad == pytest.approx(stopped_rad, abs=0.02)
        assert one.robot.homing == {"main": HomingState.FAILED}
        with pytest.raises(ModeRefusedError, match="release the emergency stop first"):
            one.loop.home_lifts()
        one.loop.arbiter.release()
        one.loop.home_lifts()
        one.until(lambda: joint.position_rad < stopped_rad - 0.5, "the search, asked for again")


def test_teleoperation_waits_for_the_lifts_zero(runtime_dir: Path) -> None:
    with (
        bench(runtime_dir, lift_start_m=0.4, homed=False) as one,
        pytest.raises(ModeRefusedError, match="does not know its zero yet; home it first"),
    ):
        one.loop.change(Mode.TELEOP)


def test_a_take_over_that_is_refused_ends_in_hold_and_not_in_a_robot_that_goes_on(runtime_dir: Path) -> None:
    with bench(runtime_dir, homed=False, lift_start_m=0.3) as one:
        one.loop.arbiter.load(np.tile(one.sent[-1], (500, 1)))
        one.loop.change(Mode.REPLAY)
        one.ticks(0.2)
        with pytest.raises(ModeRefusedError, match="home it first"):
            one.loop.change(Mode.TELEOP)
        assert one.loop.arbiter.mode is Mode.HOLD
        assert one.said("the take-over was refused")


# -- a policy's chunks -------------------------------------------------------------------------------------------------


def wave(bench: Bench) -> np.ndarray:
    """A second in which the first joint moves away from where it is and back."""
    steps = round(1.0 / TICK_S)
    actions = np.tile(bench.sent[-1].astype(np.float64), (steps, 1))
    actions[:, WAIST] += 0.2 * np.sin(np.linspace(0.0, np.pi, steps))
    return actions


def told(bench: Bench, **header: object) -> None:
    """Hand the loop a chunk, for verbal mode unless another is given."""
    bench.loop.take_chunk(payload(wave(bench), now_ns=time.monotonic_ns(), **header))


@contextmanager
def policy_bench(runtime_dir: Path, mode: Mode = Mode.VERBAL) -> Iterator[Bench]:
    with bench(runtime_dir) as one:
        one.loop.arbiter.policy_trouble = ""
        one.loop.change(mode)
        one.tick()
        yield one


def test_a_policy_moves_the_robot_by_chunks_and_holds_it_when_they_end(runtime_dir: Path) -> None:
    with policy_bench(runtime_dir) as one:
        start = float(one.sent[-1][WAIST])
        told(one)
        one.ticks(0.5)
        assert one.sent[-1][WAIST] - start > 0.1
        one.until(lambda: one.loop.arbiter.mode is Mode.HOLD, "holding for want of chunks")
        assert one.said("sends no more actions")
        assert abs(float(one.sent[-1][WAIST]) - start) < 0.01
        one.assert_no_jump()


def test_what_is_sent_catches_up_with_no_old_chunk_in_the_tick_that_the_next_takes_over(
    runtime_dir: Path,
) -> None:
    with policy_bench(runtime_dir) as one:
        pose = np.array(one.sent[-1], np.float64)
        sudden = np.tile(pose, (50, 1))
        sudden[2:, WAIST] += 1.0
        one.loop.take_chunk(payload(sudden, now_ns=time.monotonic_ns(), chunk=1))
        one.ticks(6 * TICK_S)
        still = np.tile(pose, (50, 1))
        one.loop.take_chunk(payload(still, now_ns=time.monotonic_ns(), chunk=2))
        one.tick()
        before, last, over = np.diff(np.array(one.sent[-4:], np.float64)[:, WAIST])
        assert 0.0 < before < last
        assert over <= before + 1e-6


def test_after_a_final_chunk_the_mode_stays(runtime_dir: Path) -> None:
    with policy_bench(runtime_dir) as one:
        told(one, final=1)
        one.ticks(3.0)
        assert one.loop.arbiter.mode is Mode.VERBAL


def test_a_policy_whose_subtask_was_ended_leaves_the_robot_standing_in_its_mode(runtime_dir: Path) -> None:
    with policy_bench(runtime_dir, Mode.AUTONOMOUS) as one:
        applied_ns = time.monotonic_ns()
        told(one, mode=int(Mode.AUTONOMOUS), applied_ns=applied_ns)
        one.ticks(0.2)
        one.loop.arbiter.policy_rested_ns = time.monotonic_ns()  # vetoed: nothing is in force
        one.ticks(3.0)
        assert one.loop.arbiter.mode is Mode.AUTONOMOUS
        one.loop.arbiter.policy_rested_ns = 0
        told(one, mode=int(Mode.AUTONOMOUS), applied_ns=time.monotonic_ns(), chunk=2)
        one.until(
            lambda: one.loop.arbiter.mode is Mode.HOLD, "holding for want of chunks of the next subtask"
        )
        one.assert_no_jump()


def test_that_nothing_was_in_force_before_a_subtask_excuses_no_want_of_its_chunks(runtime_dir: Path) -> None:
    with policy_bench(runtime_dir, Mode.AUTONOMOUS) as one:
        one.loop.arbiter.policy_rested_ns = time.monotonic_ns()
        told(one, mode=int(Mode.AUTONOMOUS), applied_ns=time.monotonic_ns())
        one.until(lambda: one.loop.arbiter.mode is Mode.HOLD, "holding for want of chunks")


def test_a_policy_that_is_lost_after_its_last_chunk_leaves_the_robot_in_hold(runtime_dir: Path) -> None:
    with policy_bench(runtime_dir, Mode.AUTONOMOUS) as one:
        told(one, final=1, mode=int(Mode.AUTONOMOUS))
        one.loop.arbiter.policy_trouble = "the policy process is lost"
        one.ticks(0.5)
        assert one.loop.arbiter.mode is Mode.AUTONOMOUS  # what it had sent is run to its end
        one.until(lambda: one.loop.arbiter.mode is Mode.HOLD, "holding")


def test_what_a_policy_must_not_send_is_counted_and_named_and_moves_nothing(runtime_dir: Path) -> None:
    with policy_bench(runtime_dir) as one:
        start = one.sent[-1].copy()
        broken = wave(one)
        broken[3] = np.nan
        one.loop.take_chunk(payload(broken, now_ns=time.monotonic_ns()))
        one.ticks(0.3)
        assert one.loop.refused_chunks == 1
        assert "nan at step 3" in one.loop.refusal
        assert np.allclose(one.sent[-1], start, atol=1e-4)


def test_a_chunk_wakes_no_robot_that_is_not_the_policys(runtime_dir: Path) -> None:
    with bench(runtime_dir) as one:
        start = one.sent[-1].copy()
        told(one)
        one.ticks(0.3)
        assert "the robot is in hold" in one.loop.refusal
        assert np.allclose(one.sent[-1], start, atol=1e-4)


def test_the_dead_mans_switch_lets_a_policy_move_and_its_release_holds(runtime_dir: Path) -> None:
    with bench(runtime_dir) as one:
        one.loop.arbiter.policy_trouble = ""
        with pytest.raises(ModeRefusedError, match="dead man's switch"):
            one.loop.change(Mode.VERBAL, dead_man=True)
        one.inputs = Inputs(dead_man=True)
        one.loop.change(Mode.VERBAL, dead_man=True, dead_man_held=True)
        one.tick()
        told(one)
        one.ticks(0.2)
        assert one.loop.arbiter.mode is Mode.VERBAL
        one.inputs = Inputs()
        one.tick()
        assert one.loop.arbiter.mode is Mode.HOLD
        assert one.said("dead man's switch was let go")
