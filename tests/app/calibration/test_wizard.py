"""The wizard without a window: a cancel at every step leaves nothing behind, and what was taken is what is solved."""

from __future__ import annotations

import time

import msgspec
import numpy as np
import pytest

from app.calibration.wizard import Phase, Wizard
from app.messages import Mode, Nudge
from app.session.view import RecordingView, Snapshot, TickView
from drivers.calibration.procedure import HomeStep, MoveStep, PoseStep
from drivers.profile import RobotProfile, load_profile, profile_path

SIM = load_profile("sim-kitchen")
TICK_NS = 20_000_000


class Bench:
    """A robot that stands still, and everything that was asked of it."""

    def __init__(self, profile: RobotProfile = SIM) -> None:
        self.profile = profile
        self.calls: list[tuple[object, ...]] = []
        self.torque = True
        self.mode = Mode.HOLD
        self.homed = True
        self.now_ns = time.monotonic_ns()
        self.position = np.zeros(profile.dof, np.float32)
        self.leader = np.zeros(profile.dof, np.float32)
        self.heard = True
        self.recording: RecordingView | None = None
        self.wizard = Wizard(profile, self)
        self.look()

    # -- what a wizard asks --------------------------------------------------------------------------------------------

    def set_torque(self, on: bool, *, lent: bool = False) -> None:
        self.calls.append(("set_torque", on, lent))
        self.torque = on

    def set_mode(self, mode: Mode) -> None:
        self.calls.append(("set_mode", mode))

    def nudge(self, nudge: Nudge) -> None:
        self.calls.append(("nudge", nudge))

    def probe_lift(self, lift: str, distance_m: float) -> None:
        self.calls.append(("probe_lift", lift, distance_m))

    def home_lifts(self) -> None:
        self.calls.append(("home_lifts",))
        self.homed = True

    # -- what a test does ----------------------------------------------------------------------------------------------

    def look(self, seconds: float = 0.0) -> None:
        """Let the wizard see the robot for a while."""
        for _ in range(1 + round(seconds * 50)):
            self.now_ns += TICK_NS
            self.wizard.apply(self.snapshot())

    def snapshot(self) -> Snapshot:
        zeros = np.zeros(self.profile.dof, np.float32)
        tick = TickView(
            time_ns=self.now_ns,
            position=self.position.copy(),
            velocity=zeros,
            effort=zeros,
            requested=zeros,
            sent=zeros,
            leader=self.leader.copy(),
        )
        return Snapshot(
            time_ns=self.now_ns,
            profile_name=self.profile.name,
            mode=self.mode,
            torque=self.torque,
            homed=self.homed,
            tick=tick if self.heard else None,
            recording=self.recording,
        )

    def begin(self, *parts: str) -> None:
        for part in parts:
            self.wizard.toggle(part)
        if not parts:
            self.wizard.choose_all()
        self.wizard.begin()
        assert self.wizard.phase is Phase.STEP, self.wizard.trouble

    def do(self) -> None:
        """The step that the wizard is at."""
        step = self.wizard.step
        if isinstance(step, PoseStep):
            self.look(1.2)
            assert self.wizard.can_take, self.wizard.reading.why
            self.wizard.take()
        elif isinstance(step, MoveStep):
            self.wizard.move()
            self.wizard.answer(0)
        elif isinstance(step, HomeStep):
            self.wizard.take()


STEPS = sum(len(procedure.steps) for procedure in Bench().wizard.procedures)


@pytest.mark.parametrize("steps_done", range(STEPS + 1))
@pytest.mark.parametrize("way", ["cancel", "stop", "lost", "pause"])
def test_ended_at_any_step_torque_is_as_it_was_and_the_base_is_held(steps_done: int, way: str) -> None:
    before = profile_path("sim-kitchen").read_bytes()
    bench = Bench()
    bench.begin()
    for _ in range(steps_done):
        bench.do()
    at_step = bench.wizard.phase is Phase.STEP
    if at_step:
        bench.wizard.move()
        moving = bench.wizard.moved
        bench.wizard.release()
        assert not bench.torque
    if way == "cancel":
        bench.wizard.cancel()
    elif way == "pause":
        bench.wizard.pause()
    elif way == "stop":
        bench.mode = Mode.STOPPED
        bench.look()
    else:
        bench.heard = False
        bench.look(0.2)
        bench.wizard.cancel()
    assert bench.torque
    if at_step and moving and way != "stop":
        assert ("set_mode", Mode.HOLD) in bench.calls
    if way in ("cancel", "lost") or (way == "stop" and at_step):
        assert bench.wizard.phase is Phase.CHOOSE
        assert bench.wizard.changes == ()
    assert profile_path("sim-kitchen").read_bytes() == before


def test_servos_that_were_let_go_before_it_began_stay_so() -> None:
    bench = Bench()
    bench.torque = False
    bench.look()
    bench.begin("arm.left")
    bench.wizard.release()
    bench.wizard.cancel()
    assert not any(call[0] == "set_torque" for call in bench.calls)


def test_what_is_let_go_of_is_lent_so_that_a_killed_window_gives_it_back() -> None:
    bench = Bench()
    bench.begin("arm.left")
    bench.wizard.release()
    assert bench.calls == [("set_torque", False, True)]
    bench.wizard.power()
    assert bench.calls[-1] == ("set_torque", True, False)


def test_servos_that_somebody_else_has_powered_again_are_not_taken_for_limp() -> None:
    bench = Bench()
    bench.begin("arm.left")
    bench.wizard.release()
    bench.torque = True  # not done yet
    bench.look()
    assert bench.wizard.let_go
    bench.torque = False
    bench.look()
    bench.torque = True
    bench.look()
    assert not bench.wizard.let_go
    assert "powered again" in bench.wizard.trouble


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("mode", "hold it first"),
        ("stopped", "release it first"),
        ("heard", "not heard"),
        ("recording", "end it first"),
        ("chosen", "at least one"),
    ],
)
def test_it_does_not_begin_while_the_robot_is_not_ready_for_it(what: str, why: str) -> None:
    bench = Bench()
    if what != "chosen":
        bench.wizard.toggle("arm.left")
    if what == "mode":
        bench.mode = Mode.TELEOP
    elif what == "stopped":
        bench.mode = Mode.STOPPED
    elif what == "heard":
        bench.heard = False
    elif what == "recording":
        bench.recording = RecordingView("ep", "a task", 0, 0.0, 0, 0, 0, 0)
    bench.look()
    bench.wizard.begin()
    assert bench.wizard.phase is Phase.CHOOSE
    assert why in bench.wizard.trouble


def test_a_moving_arm_is_not_taken_and_named() -> None:
    bench = Bench()
    bench.begin("arm.left")
    bench.look(1.2)
    bench.position[2] += 0.1
    bench.look()
    bench.wizard.take()
    assert bench.wizard.phase is Phase.STEP
    assert bench.wizard.trouble.startswith("Not taken: left elbow moved by 5.7°")
    bench.do()
    assert bench.wizard.phase is Phase.REVIEW


def test_back_takes_a_step_anew_and_skip_leaves_its_part_out() -> None:
    bench = Bench()
    bench.begin("arm.left", "arm.right", "gripper.left")
    bench.do()
    bench.position[0] = 0.2
    bench.wizard.back()
    assert bench.wizard.place == (1, 4)
    bench.do()
    bench.wizard.skip()
    assert bench.wizard.step is not None
    assert bench.wizard.step.id == "closed"
    bench.wizard.skip()
    assert bench.wizard.phase is Phase.REVIEW
    assert bench.wizard.done == ("arm.left",)
    waist = bench.wizard.changes[0]
    assert waist.new == round(2048 + 0.2 * 4096 / (2 * np.pi))
    bench.wizard.back()  # to the first step of the gripper that was skipped, none of which was taken
    assert bench.wizard.step.id == "closed"


def test_back_from_a_part_goes_to_the_first_step_of_one_that_was_skipped() -> None:
    bench = Bench()
    bench.begin("gripper.left", "gripper.right")
    bench.wizard.skip()
    bench.wizard.back()
    assert bench.wizard.place == (1, 4)


def test_a_gripper_counts_only_once_it_has_come_to_rest() -> None:
    bench = Bench()
    bench.begin("gripper.left")
    bench.look(1.2)
    assert bench.wizard.can_take
    bench.wizard.move()
    assert not bench.wizard.can_take
    assert bench.wizard.reading.why == "the robot is moving it"
    bench.look(2.0)
    assert not bench.wizard.can_take
    bench.look(2.5)
    assert bench.wizard.can_take


def test_a_lift_on_its_stop_is_tried_the_other_way_and_the_answer_means_the_same() -> None:
    bench = Bench()
    bench.begin("lift.main")
    bench.wizard.move()
    bench.wizard.answer(2)
    assert "other way" in bench.wizard.trouble
    bench.wizard.move()
    distances = [call[2] for call in bench.calls if call[0] == "probe_lift"]
    assert distances == [0.02, -0.02]
    bench.wizard.answer(0)  # up, though it was told to go down: it is inverted
    bench.wizard.move()
    assert "at the top" in bench.wizard.trouble
    assert ("home_lifts",) not in bench.calls
    bench.wizard.skip()
    assert [change.new for change in bench.wizard.changes] == [True]


def test_a_lift_that_goes_up_is_homed_when_it_is_asked_for() -> None:
    bench = Bench()
    bench.homed = False
    bench.look()
    bench.begin("lift.main")
    bench.wizard.move()
    bench.wizard.answer(0)
    bench.wizard.take()
    assert "not found its zero" in bench.wizard.trouble
    bench.wizard.move()
    bench.look()
    bench.wizard.take()
    assert bench.wizard.phase is Phase.REVIEW
    assert not any(change.changes for change in bench.wizard.changes)


def test_nothing_moves_while_the_servos_are_let_go_of() -> None:
    bench = Bench()
    bench.begin("wheels")
    bench.wizard.release()
    bench.look()
    bench.wizard.move()
    assert "power them first" in bench.wizard.trouble
    assert not [call for call in bench.calls if call[0] == "nudge"]


def test_a_leader_is_set_against_what_its_follower_has_become() -> None:
    bench = Bench()
    bench.begin("arm.left", "leader.left")
    home = np.array(SIM.arms["left"].home_rad, np.float32)
    bench.position[:6] = home + 0.1  # a wrong zero: it stands at home
    bench.leader[:6] = home - 0.05
    bench.do()
    bench.do()
    leaders = [c for c in bench.wizard.changes if c.key[0] == "leaders" and c.key[-1] == "zero_ticks"]
    ticks = 4096 / (2 * np.pi)
    for change, joint in zip(leaders, SIM.leaders["left"].joints, strict=True):
        sense = -1 if joint.inverted else 1
        assert change.new == pytest.approx(2048 - sense * 0.05 * ticks, abs=1)


def test_a_write_that_failed_can_be_tried_again() -> None:
    bench = Bench()
    bench.begin("arm.left")
    bench.do()
    assert bench.wizard.begin_writing()
    assert not bench.wizard.begin_writing()
    bench.wizard.cancel()
    assert bench.wizard.phase is Phase.WRITING
    bench.wizard.end_writing(error="the disk is full")
    assert bench.wizard.phase is Phase.REVIEW
    assert bench.wizard.begin_writing()
    bench.wizard.end_writing()
    assert bench.wizard.phase is Phase.WRITTEN


def test_a_robot_without_leaders_base_and_lift_has_only_what_it_has() -> None:
    bare = msgspec.structs.replace(SIM, leaders={}, base=None, lifts={})
    ids = [procedure.id for procedure in Bench(bare).wizard.procedures]
    assert ids == ["arm.left", "arm.right", "gripper.left", "gripper.right"]
