"""Driving, recording and replaying through a session of real processes."""

from __future__ import annotations

import time

import numpy as np
import pytest
import zarr

from app.messages import Jog, Mode, Source
from drivers.safety import SafetyLimits
from drivers.sim.evaluate import in_sink
from recordings import Dataset, Outcome
from tests.support.live_session import LiveSession

pytestmark = pytest.mark.timeout(240)

SPONGE = "put the sponge in the sink"


def arms_of(live: LiveSession) -> np.ndarray:
    """(D,) which numbers are arm joints."""
    mask = np.zeros(live.session.profile.dof, bool)
    for segment in live.session.profile.segments:
        mask[segment.slice] = segment.kind == "arm"
    return mask


def base_speed(live: LiveSession, *, over_s: float = 0.3) -> float:
    """How fast the base is in the world, m/s."""
    before = live.world.truth()
    time.sleep(over_s)
    after = live.world.truth()
    way = np.subtract(after.base_pose[:2], before.base_pose[:2])
    return float(np.linalg.norm(way) / (after.sim_time_s - before.sim_time_s))


def drive(live: LiveSession, *, seconds: float) -> None:
    """Hold a key that drives ahead."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        live.session.jog(Jog(time_ns=time.monotonic_ns(), base_twist=(0.2, 0.0, 0.0)))
        time.sleep(0.03)


def test_an_episode_follows_another_at_once_and_each_keeps_its_own(live: LiveSession) -> None:
    live.warm_up()
    first = live.start_episode("wipe the table")
    time.sleep(0.7)
    live.session.end_episode("success")
    second = live.start_episode("close the drawer")
    time.sleep(0.7)
    live.end_episode(second, "failure")

    one, two = live.verified(first), live.verified(second)
    assert (one.attributes.task, one.attributes.outcome) == ("wipe the table", Outcome.SUCCESS)
    assert (two.attributes.task, two.attributes.outcome) == ("close the drawer", Outcome.FAILURE)
    assert one.attributes.operator == "tester"
    assert one.attributes.environment.room == "kitchen"
    gap_ns = int(two.action.time_ns[0]) - int(one.action.time_ns[-1])
    assert 0 < gap_ns < 2e9
    for camera in one.attributes.cameras:
        assert one.camera(camera.name).time_ns[-1] < two.camera(camera.name).time_ns[0]
    for episode in (one, two):
        assert len(episode.state.time_ns) == len(episode.action.time_ns) > 10
        assert (np.diff(episode.action.time_ns) > 0).all()
        assert len(episode.simulation.time_ns) > 3


def test_an_episode_can_be_discarded_and_fetched_back(live: LiveSession) -> None:
    episode_id = live.start_episode("a mistake")
    time.sleep(0.3)
    live.session.discard_episode()
    live.wait(lambda now: any(e.episode_id == episode_id for e in now.trashed), "the trash")
    assert all(e.episode_id != episode_id for e in live.now.episodes)
    live.session.restore_episode(episode_id)
    live.wait(lambda now: any(e.episode_id == episode_id for e in now.episodes), "the list")
    live.session.annotate_episode(episode_id, outcome="failure", notes="kept after all", tags=("odd",))
    live.wait(lambda now: any(e.notes == "kept after all" for e in now.episodes), "the notes")
    assert live.verified(episode_id).attributes.tags == ("odd",)


def test_commands_out_of_turn_are_refused_and_pass(live: LiveSession) -> None:
    live.session.end_episode()
    live.refused("no episode is being recorded; start one first")
    episode_id = live.start_episode("running")
    live.session.start_episode("another")
    live.refused(f"episode {episode_id} is still being recorded")
    live.end_episode(episode_id, "unset")


def test_a_replay_does_what_was_recorded_and_ends_in_hold(live: LiveSession) -> None:
    live.warm_up()
    episode_id = live.start_episode("to be replayed")
    time.sleep(2.0)
    recorded = live.end_episode(episode_id)
    live.hold()

    asked_ns = time.monotonic_ns()
    live.session.replay(episode_id)
    live.session.set_mode(Mode.HOLD)  # before it has been read
    time.sleep(2.0)
    assert (live.session.ticks(asked_ns)["mode"] == Mode.HOLD).all(), "a hold is not overruled"

    again = live.start_episode("the replay")
    live.session.replay(episode_id)
    live.wait(lambda now: now.mode is Mode.REPLAY, "the replay")
    live.wait(lambda now: now.mode is Mode.HOLD, "its end")
    assert any("Replay finished; holding" in line for line in live.now.log)
    time.sleep(0.3)
    replayed = live.end_episode(again)

    length = len(recorded.action.time_ns)
    rows = np.flatnonzero(replayed.action.source == Source.REPLAY)
    assert len(rows) >= length
    rows = rows[-length:]
    assert np.array_equal(replayed.action.requested[rows], recorded.action.sent)
    arms = arms_of(live)
    sent = np.abs(replayed.action.sent[rows] - recorded.action.sent)[:, arms]
    measured = np.abs(replayed.state.position[rows] - recorded.state.position)[:, arms]
    assert np.nanmax(sent) < 0.02
    assert np.nanmax(measured) < 0.1
    after = replayed.action.source[rows[-1] + 1 :]
    assert len(after) > 5
    assert (after == Source.HOLD).all()


def test_an_unknown_episode_is_not_replayed(live: LiveSession) -> None:
    live.session.replay("20200101-000000-0001")
    live.refused("20200101-000000-0001")
    assert live.now.mode is Mode.HOLD


def test_a_stop_is_deaf_until_it_is_released_from_its_notice(live: LiveSession) -> None:
    live.warm_up()
    live.session.stop("the red button")
    live.wait(lambda now: now.mode is Mode.STOPPED, "the stop")
    live.wait(lambda now: live.moved_lately(seconds=0.3) < 1e-4, "rest")
    notice = live.notice("mode")
    assert (notice.level, notice.what) == ("error", "Stopped: the red button")
    live.session.set_mode(Mode.TELEOP)
    live.refused("release the emergency stop first")
    assert live.now.mode is Mode.STOPPED
    live.session.do(notice.action)
    live.wait(lambda now: now.mode is Mode.HOLD, "the release")
    live.no_notice("mode")


def test_servos_that_are_let_go_follow_nobody_until_they_are_powered_where_they_are(
    live: LiveSession,
) -> None:
    live.hold()
    live.session.set_torque(False)
    assert live.notice("torque").action == "torque_on"
    live.session.set_mode(Mode.TELEOP)
    live.refused("power them first")
    assert live.now.mode is Mode.HOLD
    powered_ns = time.monotonic_ns()
    live.session.do("torque_on")
    live.no_notice("torque")
    live.follow()
    rows = live.session.ticks(powered_ns)
    limits = SafetyLimits.from_profile(live.session.profile)
    arms = arms_of(live)
    # NaN where a line of a busy machine did not answer in time.
    assert not (np.abs(rows["velocity"][:, arms]) > 1.2 * limits.max_velocity[arms]).any()
    live.hold()
    live.session.reset_world(0)


def test_a_window_that_hangs_is_a_hold_and_the_end_of_the_episode(live: LiveSession) -> None:
    live.warm_up()
    episode_id = live.start_episode("the window hangs")
    live.watching.clear()
    try:
        live.wait(lambda now: now.mode is Mode.HOLD, "hold")
        live.wait(lambda now: now.recording is None, "the end of the episode")
        assert any("nobody watches the robot" in line for line in live.now.log)
        assert any("the window stopped answering" in line for line in live.now.log)
    finally:
        live.watching.set()
    live.no_notice("mode")
    assert live.now.mode is Mode.HOLD
    assert live.verified(episode_id).attributes.complete
    live.follow()


def test_keys_drive_the_base_only_while_following_and_only_while_held(live: LiveSession) -> None:
    drive(live, seconds=0.4)
    assert base_speed(live) < 0.01
    live.follow()
    start = live.world.truth().base_pose
    drive(live, seconds=1.0)
    assert live.world.truth().base_pose[0] - start[0] > 0.03
    live.wait(lambda now: base_speed(live) < 0.01, "standstill")


def test_the_kitchen_is_put_in_order_under_a_robot_that_holds(live: LiveSession) -> None:
    live.warm_up()
    live.session.reset_world(3)
    live.refused("hold it before resetting the kitchen")
    live.hold()
    before = live.world.truth().objects
    live.session.reset_world(3)
    live.wait(
        lambda now: any(
            np.abs(pose[:3] - before[name][:3]).max() > 1e-3
            for name, pose in live.world.truth().objects.items()
        ),
        "the objects' new places",
    )
    time.sleep(1.0)
    profile = live.session.profile
    for name, arm in profile.arms.items():
        assert live.world.truth().arm_rad[name] == pytest.approx(np.array(arm.home_rad), abs=0.05)
    rows = live.session.ticks(time.monotonic_ns() - 400_000_000)
    assert np.nanmax(np.abs(rows["velocity"][:, arms_of(live)])) < 0.1
    assert live.now.mode is Mode.HOLD
    again_ns = time.monotonic_ns()
    live.follow()
    live.assert_no_jump(again_ns)


def test_a_task_is_done_through_leaders_drivers_and_servos_and_opens_with_plain_zarr(
    live: LiveSession,
) -> None:
    live.session.reset_world(0)
    time.sleep(1.0)
    episode_id = live.start_episode(SPONGE)
    live.session.run_script(SPONGE)
    live.wait(lambda now: now.script == SPONGE, "the script")
    live.wait(lambda now: now.script == "", "the end of the script", timeout_s=180)
    assert in_sink(live.world.truth(), "sponge"), live.now.log
    assert any(f"{SPONGE}: done" in line for line in live.now.log), live.now.log
    episode = live.end_episode(episode_id)
    assert episode.attributes.task == SPONGE

    group = zarr.open_group(Dataset.open(live.data_dir).path / "episodes" / episode_id, mode="r")
    assert group["action/sent"].shape == group["state/position"].shape
    assert np.isfinite(group["action/sent"][:]).all()
    assert group["cameras/front/frames"][0].any()


def turn_handles(live: LiveSession, rate_per_s: float) -> None:
    """Open or close both handles, one after the other, as keys do."""
    for hand in live.session.profile.leaders:
        deadline = time.monotonic() + 0.4
        while time.monotonic() < deadline:
            live.session.jog(Jog(time_ns=time.monotonic_ns(), hand=hand, opening_rate=rate_per_s))
            time.sleep(0.03)


def test_a_gesture_of_the_handles_is_a_press_and_is_kept_in_the_episode(live: LiveSession) -> None:
    held = "grip:both-held"
    live.follow()
    turn_handles(live, 4.0)
    episode_id = live.start_episode("gesture")
    live.session.presses()
    turn_handles(live, -4.0)
    live.wait(lambda now: now.gesture[1] > 0.2, "progress of the gesture")
    live.wait(lambda now: held in live.session.presses(), "the press")
    assert live.now.mode is Mode.TELEOP
    kept = live.end_episode(episode_id).events
    assert [event.data["trigger"] for event in kept if event.kind == "input"] == [held]
    assert not any("handles" in line for line in live.now.log)

    live.session.stop_on(frozenset({held}))
    turn_handles(live, 4.0)
    turn_handles(live, -4.0)
    live.wait(lambda now: now.mode is Mode.STOPPED, "STOP by a gesture, with no window")
    live.session.stop_on(frozenset())
