"""The policy process by itself: a robot that runs its chunks, and a policy on a server that may do anything wrong."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.autonomy.choice import HighLevel, PolicyChoice, PolicyKind
from app.autonomy.end_effector import EndEffector
from app.messages import Follow, GoAlone, Mode, Rest, Unpin, Veto
from app.session import Session
from tests.app.processes.policy_robot import PlayedRobot, ServedHere, Straight

pytestmark = pytest.mark.timeout(180)

LIFT, DROP = "lift it", "drop it"
STEP = 0.002


@pytest.fixture
def policy() -> Iterator[Straight]:
    made = Straight()
    yield made
    made.release.set()


@pytest.fixture
def server(policy: Straight) -> Iterator[ServedHere]:
    made = ServedHere(policy)
    made.start()
    yield made
    policy.release.set()
    made.stop()


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = Session("sim-kitchen", data_dir=tmp_path / "set", processes=())
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def robot(session: Session, server: ServedHere) -> Iterator[PlayedRobot]:
    """A robot beside a policy process that has loaded the server's policy."""
    with PlayedRobot(session) as made:
        session.autonomy.load(PolicyChoice(kind=PolicyKind.SERVER, source=server.address))
        made.wait_ready()
        yield made


def follow(text: str, **more: object) -> Follow:
    return Follow(subtask=text, origin="typed", **more)  # type: ignore[arg-type]


def told(robot: PlayedRobot, text: str) -> None:
    """In verbal mode, and moving under a subtask."""
    robot.enter(Mode.VERBAL)
    assert robot.tell(follow(text)).error == ""
    robot.wait_chunk(text, more_than=1)


def test_a_subtask_that_is_told_moves_the_robot_and_chunk_follows_chunk_without_a_jump(
    robot: PlayedRobot, policy: Straight
) -> None:
    told(robot, LIFT)
    robot.wait_chunk(LIFT, more_than=3)
    chunks = list(robot.chunks)
    assert all(chunk.mode is Mode.VERBAL and not chunk.final for chunk in chunks)
    assert len({chunk.applied_ns for chunk in chunks}) == 1
    assert [chunk.number for chunk in chunks] == sorted({chunk.number for chunk in chunks})
    moved = np.diff(np.array(robot.asked)[:, 0])
    assert moved.max() < 2 * STEP
    assert np.median(moved[moved > STEP / 10]) == pytest.approx(STEP, rel=0.1)
    # From the second on, each was made from what the first left to run.
    assert policy.asked[0] == (LIFT, None)
    committed = policy.asked[2][1]
    assert committed is not None
    assert 1 <= committed.frozen <= len(committed.actions) < 50
    assert committed.execute == 25


def test_another_subtask_is_acted_on_at_once_and_chunks_of_the_one_before_are_dropped(
    robot: PlayedRobot,
) -> None:
    told(robot, LIFT)
    assert robot.tell(follow(DROP)).error == ""
    applied = robot.wait_event(f"Subtask: {DROP}", kind="subtask").data["applied_ns"]
    chunk = robot.wait_chunk(DROP)
    assert chunk.applied_ns == applied
    assert (chunk.observed_ns - applied) / 1e9 < 5.0
    robot.wait_chunk(DROP, more_than=1)
    names = [made.subtask.decode() for made in robot.chunks]
    assert names == [LIFT] * names.count(LIFT) + [DROP] * names.count(DROP)


def test_without_a_subtask_or_a_mode_of_its_own_nothing_is_made(robot: PlayedRobot, policy: Straight) -> None:
    assert "hold, not the policy's" in robot.tell(follow(LIFT)).error
    robot.enter(Mode.VERBAL)
    time.sleep(0.3)
    assert policy.asked == []
    robot.tell(follow(LIFT))
    robot.wait_chunk(LIFT)
    robot.tell(Rest())
    robot.wait_event(f"{LIFT}: ended")
    made = len(policy.asked)
    robot.wait(lambda: not robot.running, "the last chunk to run out")
    assert len(policy.asked) <= made + 1  # one may have been under way


def test_a_policy_that_answers_what_cannot_be_run_is_named_and_the_robot_stands(
    robot: PlayedRobot, policy: Straight
) -> None:
    told(robot, LIFT)
    for wrong, said in (
        ("nan", "is nan, in 1 of 900 places"),
        ("shape", r"[50, 14]; this robot takes floats [T, 18]"),
        ("raise", "out of memory on the accelerator"),
    ):
        policy.wrong = wrong
        event = robot.wait_event(said, kind="policy")
        assert event.level == "error"
        assert event.key == "policy"
        assert "the robot holds" in event.remedy
        robot.wait(lambda: not robot.running, "the last chunk to run out")
        assert robot.state == "ready"
        policy.wrong = ""
        robot.wait(lambda: robot.running, "the robot to go on")
    robot.wait_event("makes chunks again", kind="policy")
    assert all(np.isfinite(chunk.actions).all() for chunk in robot.chunks)
    assert robot.refusal == ""


def test_a_policy_whose_cameras_are_gone_does_not_act_blindly(robot: PlayedRobot, policy: Straight) -> None:
    told(robot, LIFT)
    robot.blind = True
    event = robot.wait_event("none of its cameras (front) has sent a picture", kind="policy")
    assert "the robot holds" in event.remedy
    robot.wait(lambda: not robot.running, "the last chunk to run out")
    robot.blind = False
    robot.wait(lambda: robot.running, "the robot to go on")


def test_a_policy_slower_than_its_chunks_moves_the_robot_in_part_only(
    robot: PlayedRobot, policy: Straight
) -> None:
    told(robot, LIFT)
    policy.wrong = "slow"
    robot.wait(lambda: not robot.running, "the last chunk to run out")
    policy.wrong = ""
    before = len(robot.chunks)
    robot.wait(lambda: len(robot.chunks) > before + 2, "chunks in time again")
    assert np.diff(np.array(robot.asked)[:, 0]).max() < 2 * STEP


def test_a_policy_that_hangs_is_said_to_and_moves_the_robot_again_when_it_does_no_longer(
    robot: PlayedRobot, policy: Straight
) -> None:
    told(robot, LIFT)
    policy.wrong = "hang"
    event = robot.wait_event("makes no actions", kind="policy")
    assert "3 s" in event.message
    robot.wait(lambda: not robot.running, "the last chunk to run out")
    policy.wrong = ""
    policy.release.set()
    robot.wait(lambda: robot.running, "the robot to go on")


def test_a_server_that_goes_is_told_and_is_taken_up_again(robot: PlayedRobot, server: ServedHere) -> None:
    told(robot, LIFT)
    server.stop()
    robot.wait(lambda: robot.state == "failed", "the policy to count as failed")
    event = robot.wait_event("The policy cannot be used", kind="policy")
    assert server.address.removeprefix("ws://") in event.message
    assert event.remedy == "it is tried again by itself"
    robot.wait(lambda: not robot.running, "the last chunk to run out")
    server.start()
    robot.wait_ready()
    robot.wait(lambda: robot.running, "the robot to go on")


def test_a_process_that_is_killed_or_hangs_is_started_again_and_loads_the_same(
    robot: PlayedRobot, session: Session
) -> None:
    numbered = 0
    for number, name in ((signal.SIGKILL, "killed"), (signal.SIGSTOP, "hung")):
        told(robot, LIFT)
        assert robot.chunks[-1].number > numbered
        (pid,) = [p.pid for p in session.snapshot().processes if p.name == "policy"]
        os.kill(pid, number)
        robot.wait(lambda: not robot.running, f"the last chunk of one {name} to run out")
        robot.wait(
            lambda pid=pid: any(
                p.name == "policy" and p.pid not in (0, pid) for p in session.snapshot().processes
            ),
            "a new process",
        )
        robot.wait_ready()
        assert not robot.running
        numbered = robot.chunks[-1].number
        robot.chunks.clear()
        robot.enter(Mode.HOLD)


def test_alone_the_high_level_names_subtasks_and_a_person_has_the_last_word(
    robot: PlayedRobot, policy: Straight
) -> None:
    assert robot.tell(GoAlone(task="tidy up")).error == ""
    robot.enter(Mode.AUTONOMOUS)
    robot.wait_chunk(LIFT)
    assert policy.tasks[0] == ("tidy up", ())
    robot.tell(follow(DROP, pinned=True))
    robot.wait_chunk(DROP)
    robot.wait(
        lambda: any(e.kind == "proposal" and e.data["verdict"] == "overridden" for e in list(robot.events)),
        "a proposal to be overridden",
    )
    robot.tell(Unpin())
    before = len([c for c in robot.chunks if c.subtask.decode() == LIFT])
    robot.wait_chunk(LIFT, more_than=before)
    robot.tell(Veto(subtask=LIFT))
    robot.wait(
        lambda: any(e.kind == "proposal" and e.data["verdict"] == "vetoed" for e in list(robot.events)),
        "a proposal to be vetoed",
    )
    policy.named = "wipe it"
    robot.wait_chunk("wipe it")
    assert {chunk.mode for chunk in robot.chunks} == {Mode.AUTONOMOUS}


def test_a_high_level_that_hangs_delays_no_chunk(robot: PlayedRobot, policy: Straight) -> None:
    robot.tell(GoAlone(task="tidy up"))
    robot.enter(Mode.AUTONOMOUS)
    robot.wait_chunk(LIFT)
    policy.wrong = "hang high"
    asked = len(policy.tasks)
    robot.wait(lambda: len(policy.tasks) > asked, "the high level to be asked again")
    before = len(robot.chunks)
    robot.wait(lambda: len(robot.chunks) > before + 4, "more chunks")
    assert np.diff(np.array(robot.asked)[-100:, 0]).max() < 2 * STEP


def test_implicit_gives_the_task_to_the_low_level(
    session: Session, robot: PlayedRobot, policy: Straight, server: ServedHere
) -> None:
    session.autonomy.load(
        PolicyChoice(kind=PolicyKind.SERVER, source=server.address, high_level=HighLevel.IMPLICIT)
    )
    robot.wait(lambda: robot.high_level is HighLevel.IMPLICIT, "the choice to be taken over")
    robot.wait_ready()
    robot.tell(GoAlone(task="tidy up"))
    robot.enter(Mode.AUTONOMOUS)
    robot.wait_chunk("tidy up")
    assert policy.tasks == []


def test_at_half_speed_chunks_are_asked_for_half_as_often(robot: PlayedRobot) -> None:
    robot.speed = 0.5
    told(robot, LIFT)
    robot.wait_chunk(LIFT, more_than=4)
    seen_s = [chunk.observed_ns / 1e9 for chunk in robot.chunks]
    assert np.median(np.diff(seen_s)[1:]) == pytest.approx(1.0, abs=0.3)
    moved = np.diff(np.array(robot.asked)[:, 0])
    assert np.median(moved[moved > STEP / 10]) == pytest.approx(STEP / 2, rel=0.15)


def test_a_choice_that_cannot_work_fails_with_what_to_do(session: Session, robot: PlayedRobot) -> None:
    session.autonomy.load(PolicyChoice(kind=PolicyKind.CHECKPOINT, source="/nowhere/at/all"))
    robot.wait(lambda: robot.state == "failed", "the policy to fail")
    view = session.snapshot().policy
    assert view is not None
    assert view.detail == "no folder /nowhere/at/all; choose the folder that holds the checkpoint"


def test_poses_of_the_hands_become_joints_and_one_out_of_reach_is_refused(
    session: Session, robot: PlayedRobot, policy: Straight, server: ServedHere
) -> None:
    hands = EndEffector(session.profile)
    policy.convert = hands.from_joints
    session.autonomy.load(
        PolicyChoice(kind=PolicyKind.SERVER, source=server.address, action_space="end_effector")
    )
    robot.wait(lambda: robot.action_space == "end_effector", "the choice to be taken over")
    robot.wait_ready()
    told(robot, LIFT)
    chunk = robot.wait_chunk(LIFT, more_than=2)
    assert np.diff(chunk.actions[:, 0]).mean() == pytest.approx(STEP, rel=0.1)
    np.testing.assert_allclose(chunk.actions[:, 1:6], 0.1, atol=0.02)
    policy.convert = lambda rows: hands.from_joints(rows) + 3.0 * (np.arange(18) == 7)
    event = robot.wait_event("the right hand cannot be at", kind="policy")
    assert " mm and " in event.message
    robot.wait(lambda: not robot.running, "the last chunk to run out")


def test_a_small_policy_of_random_weights_sees_pictures_and_makes_chunks(
    session: Session, robot: PlayedRobot
) -> None:
    session.autonomy.load(
        PolicyChoice(kind=PolicyKind.RANDOM, source="pi05-small", known=(LIFT, DROP), seed=3)
    )
    robot.wait(lambda: robot.find("random pi05-small", kind="policy") is not None, "the random policy")
    robot.tell(GoAlone(task="tidy up"))
    robot.enter(Mode.AUTONOMOUS)
    robot.wait(lambda: len(robot.chunks) > 2, "chunks")
    assert robot.chunks[-1].subtask.decode() in (LIFT, DROP)
    assert robot.chunks[-1].actions.shape == (50, 18)
