"""What goes wrong on the serial lines: named, held or survived, and nothing else is lost."""

from __future__ import annotations

import time

import numpy as np
import pytest

from app.messages import Mode, Source
from app.session.view import ServoView, Snapshot
from drivers.sim.faults import BusFaults, Faults
from tests.support.live_session import LiveSession, log_of

pytestmark = pytest.mark.timeout(180)

HOLDS_WITHIN_TICKS = 25
"""Half a second at 50 Hz."""

BUS, GRIPPER = "right_follower", 9


def test_a_pulled_cable_holds_is_named_and_only_its_arm_is_missing(live: LiveSession) -> None:
    live.warm_up()
    episode_id = live.start_episode("pull the cable")
    time.sleep(0.5)
    cut_ns = time.monotonic_ns()
    live.set_faults("left_follower", cut=True)
    notice = live.notice("bus:left_follower")
    live.wait(lambda now: now.mode is Mode.HOLD, "hold")
    assert (notice.level, notice.what) == ("error", "The bus left_follower is lost")
    assert "cable" in notice.remedy
    assert "The bus left_follower is lost" in log_of(live, "robot")
    assert any("left_follower is lost" in line for line in live.now.log)
    live.wait(lambda now: any(b.name == "left_follower" and not b.connected for b in now.buses), "its health")
    live.session.set_mode(Mode.TELEOP)
    live.refused("the robot holds until it is back")
    time.sleep(1.0)

    live.heal()
    live.no_notice("bus:left_follower")
    live.no_notice("mode")
    live.hold()
    again_ns = time.monotonic_ns()
    live.follow()
    live.assert_no_jump(again_ns)
    live.warm_up()
    live.assert_no_jump(again_ns)
    live.hold()
    episode = live.end_episode(episode_id)

    names = episode.attributes.vector_names
    left = np.array(["left" in name for name in names])
    known = np.isfinite(episode.state.position)
    dead = ~known[:, left].any(axis=1)
    assert dead.sum() >= 50
    assert known[dead][:, ~left].all()
    first_dead = int(np.flatnonzero(dead & (episode.state.time_ns > cut_ns))[0])
    held = episode.action.source[first_dead + HOLDS_WITHIN_TICKS : int(np.flatnonzero(dead)[-1])]
    assert (held == Source.HOLD).all()
    assert np.isfinite(episode.action.sent).all()
    for camera in episode.attributes.cameras:
        times = episode.camera(camera.name).time_ns
        during = (times > episode.state.time_ns[dead][0]) & (times < episode.state.time_ns[dead][-1])
        assert during.sum() > 10, camera.name
    assert any("left_follower is lost" in event.message for event in episode.events)


def test_one_packet_in_a_hundred_lost_and_another_damaged_is_driven_through(live: LiveSession) -> None:
    live.warm_up()
    before = {bus.name: bus.retries for bus in live.now.buses}
    noisy = BusFaults(loss=0.01, corruption=0.01)
    live.world.set_faults(Faults(buses=dict.fromkeys(live.session.profile.buses, noisy)))
    noise_ns = time.monotonic_ns()
    seen = set()
    while time.monotonic_ns() - noise_ns < 10e9:
        now = live.now
        seen.add(now.mode)
        seen |= {n.what for n in now.notices if n.key.startswith(("bus:", "servo:", "mode"))}
        time.sleep(0.02)
    assert seen == {Mode.TELEOP}
    live.wait(
        lambda now: all(bus.retries > before[bus.name] for bus in now.buses) and len(now.buses) == 5,
        "retries counted on every bus",
    )
    live.assert_no_jump(time.monotonic_ns() - int(8e9))
    assert live.moved_lately() > 0.02


def test_a_silent_servo_is_named_and_taken_up_again(live: LiveSession) -> None:
    live.warm_up()
    live.set_faults("left_follower", silent_ids=(5,))
    notice = live.notice("servo:left_follower:5")
    live.wait(lambda now: now.mode is Mode.HOLD, "hold")
    assert "servo 5 (left elbow" in notice.what
    assert "cable and power" in notice.remedy
    assert "servo 5 (left elbow" in log_of(live, "robot")
    live.heal()
    live.no_notice("servo:left_follower:5")
    live.hold()
    again_ns = time.monotonic_ns()
    live.follow()
    live.assert_no_jump(again_ns)


def test_an_overload_is_named_and_its_notice_leads_out_of_it(live: LiveSession) -> None:
    live.warm_up()
    live.set_faults("right_follower", overload_ids=(2,))
    notice = live.notice("servo:right_follower:2:overload")
    live.wait(lambda now: now.mode is Mode.HOLD, "hold")
    assert "overload on servo 2 (right shoulder" in notice.what
    assert "reboot" in notice.remedy
    assert notice.action_label
    assert "overload on servo 2" in log_of(live, "robot")
    time.sleep(0.5)
    assert live.now.mode is Mode.HOLD
    live.session.do(notice.action)
    live.no_notice("servo:right_follower:2")
    live.hold()
    again_ns = time.monotonic_ns()
    live.follow()
    live.assert_no_jump(again_ns)


@pytest.mark.parametrize(
    ("action", "refusal"),
    [
        ("reboot_servo nowhere 2", "no bus 'nowhere'; this robot has left_leader"),
        ("reboot_servo body 77", "no servo 77 on body; there are 1, 2, 3, 4"),
        ("dance", "no such action: 'dance'"),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_ends(
    live: LiveSession, action: str, refusal: str
) -> None:
    live.session.do(action)
    live.refused(refusal)
    assert {process.state for process in live.now.processes} == {"running", "ready"}


def gripper_of(snapshot: Snapshot) -> ServoView | None:
    return next((s for s in snapshot.servos if (s.bus, s.id) == (BUS, GRIPPER)), None)


def test_an_overloaded_servo_is_seen_rebooted_and_well_again(live: LiveSession) -> None:
    def gripper(so: object, what: str) -> ServoView:
        found = gripper_of(live.wait(lambda now: so(gripper_of(now)), what))  # type: ignore[operator]
        assert found is not None
        return found

    well = gripper(lambda servo: servo and servo.torque_on and servo.polled_ns, "the gripper's figures")
    assert (well.label, well.answers, well.wanted, well.faults) == ("right gripper", True, True, ())
    assert well.max_temperature_c == 80.0
    assert well.current_limit_a == live.session.profile.grippers["right"].current_limit_a
    assert len(live.now.servos) == 40
    assert all(sum(bus.latency_counts) > 0 for bus in live.now.buses)

    live.set_faults(BUS, overload_ids=(GRIPPER,))
    ill = gripper(lambda servo: servo and servo.faults, "the overload among its figures")
    assert [fault.code for fault in ill.faults] == ["overload"]
    assert ill.faults[0].needs_reboot
    assert "take the load off" in ill.faults[0].remedy
    gripper(lambda servo: servo and not servo.torque_on, "the torque it lost")

    live.heal()
    live.session.reboot_servo(BUS, GRIPPER)
    mended = gripper(
        lambda servo: (
            servo
            and not servo.faults
            and servo.answers
            and not servo.in_hand
            and servo.torque_on
            and servo.position_ticks is not None
        ),
        "the gripper's recovery",
    )
    assert mended.polled_ns > ill.polled_ns
    assert mended.current_limit_a == well.current_limit_a
    live.no_notice(f"servo:{BUS}:{GRIPPER}")
