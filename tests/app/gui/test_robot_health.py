"""What needs attention on the robot, in words, and how a repair is followed; no window is needed for it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from app.gui.robot.condition import Level, bus_condition, camera_condition, position_words, servo_condition
from app.gui.robot.facts import extremes, servo_facts, spread_ms
from app.gui.robot.groups import servo_groups
from app.gui.robot.mending import REBOOT_LIMIT_S, Mending, Stage
from app.gui.robot.pick import Kind, Pick
from app.gui.robot.troubles import troubles, verdict
from app.session.view import Notice, ProcessView, Snapshot
from drivers.profile import load_profile
from tests.support.fake_robot import OVERLOAD, SILENT, with_servo
from tests.support.fake_session import FakeSession, load_fake_profile

PROFILE = load_fake_profile()
ELBOW = Pick(Kind.SERVO, "left_follower", 4)


@pytest.fixture
def healthy() -> Snapshot:
    return FakeSession(moving=False).snapshot()


def test_every_servo_of_every_profile_has_its_place_once() -> None:
    for name in ("sim-kitchen", "single-arm", "bimanual", "aloha-kiwi"):
        profile = load_profile(name)
        picks = [place.pick for group in servo_groups(profile) for place in group.places]
        joints = [j for arm in (*profile.arms.values(), *profile.leaders.values()) for j in arm.joints]
        ends = len(profile.grippers) + len(profile.leaders) + len(profile.lifts) + (3 if profile.base else 0)
        assert len(picks) == len(set(picks)) == sum(len(joint.ids) for joint in joints) + ends, name


def test_devices_are_groups_and_a_shadow_follows_its_joint() -> None:
    groups = {group.title: group for group in servo_groups(PROFILE)}
    assert list(groups) == ["left arm", "right arm", "left leader", "right leader", "base", "lift"]
    parts = [place.part for place in groups["left arm"].places]
    assert parts[:5] == ["waist", "shoulder", "shadow", "elbow", "shadow"]
    elbow = groups["right leader"].places[3]
    assert (elbow.pick.name, elbow.leader) == ("right_leader", True)
    assert PROFILE.vector_names[elbow.slot] == "right_elbow"
    assert [place.slot for place in groups["base"].places] == [-1, -1, -1]


def test_a_healthy_robot_needs_nothing(healthy: Snapshot) -> None:
    found = troubles(healthy, PROFILE)
    assert found == ()
    assert verdict(healthy, found) == "All 40 servos answer. Nothing needs attention."


def test_errors_come_before_warnings_and_say_what_and_how(healthy: Snapshot) -> None:
    ill = with_servo(healthy, "right_follower", 2, temperature_c=74.0)
    ill = with_servo(ill, "left_follower", 5, faults=(OVERLOAD,))
    found = troubles(ill, PROFILE)
    assert [trouble.words for trouble in found] == ["left elbow shadow: overload", "right shoulder: hot"]
    assert found[0].pick == Pick(Kind.SERVO, "left_follower", 5)
    assert found[0].condition.remedy == OVERLOAD.remedy
    assert "74 °C and stops at 80 °C" in found[1].condition.what
    assert verdict(ill, found) == "2 things need attention"


def test_a_lost_line_is_one_thing_to_see_to_and_not_nine(healthy: Snapshot) -> None:
    buses = tuple(
        replace(bus, connected=False, last_error="the port is gone") if bus.name == "left_follower" else bus
        for bus in healthy.buses
    )
    lost = replace(healthy, buses=buses)
    for servo in healthy.servos:
        if servo.bus == "left_follower":
            lost = with_servo(lost, servo.bus, servo.id, answers=False)
    found = troubles(lost, PROFILE)
    assert [trouble.words for trouble in found] == ["left follower line: lost"]
    assert found[0].condition.what == "the port is gone"


@pytest.mark.parametrize(
    ("changes", "level", "word"),
    [
        ({"faults": (SILENT,), "answers": False}, Level.ERROR, "no reply"),
        ({"answers": False}, Level.ERROR, "no reply"),
        ({"in_hand": True, "faults": (OVERLOAD,)}, Level.BUSY, "set up"),
        ({"temperature_c": 70.0}, Level.WELL, ""),
        ({"temperature_c": 70.5}, Level.WARNING, "hot"),
        ({"voltage_v": 9.9}, Level.WARNING, "low voltage"),
        ({"voltage_v": 16.2}, Level.WARNING, "high voltage"),
        ({"max_temperature_c": float("nan"), "temperature_c": 79.0}, Level.WELL, ""),
    ],
)
def test_how_a_servo_is(healthy: Snapshot, changes: dict[str, object], level: Level, word: str) -> None:
    ill = with_servo(healthy, "left_follower", 4, **changes)
    servo = next(s for s in ill.servos if (s.bus, s.id) == ("left_follower", 4))
    condition = servo_condition(servo)
    assert (condition.level, condition.word) == (level, word)


def test_how_lines_and_cameras_are(healthy: Snapshot) -> None:
    bus, camera = healthy.buses[0], healthy.cameras[0]
    assert bus_condition(bus).level is Level.WELL
    assert bus_condition(replace(bus, reads=1000, failures=9)).level is Level.WELL
    assert bus_condition(replace(bus, reads=1000, failures=11)).word == "loses reads"
    assert bus_condition(replace(bus, reads=400, failures=11)).level is Level.WELL
    assert camera_condition(camera).level is Level.WELL
    assert camera_condition(replace(camera, rate_hz=26.0)).word == "slow"
    assert camera_condition(replace(camera, is_black=True)).word == "black"
    frozen = camera_condition(replace(camera, stale=True, age_ms=2300.0, can_reopen=True))
    assert (frozen.word, frozen.what) == ("frozen", "Its newest picture is 2.3 s old.")
    assert "reopen" in frozen.remedy
    assert camera_condition(replace(camera, stale=True, age_ms=float("inf"))).word == "no picture"


def test_the_whole_robot_can_need_attention_too(healthy: Snapshot) -> None:
    slow = replace(healthy, torque=False, homed=False, loop=replace(healthy.loop, rate_hz=41.0))
    lost = ProcessView(name="recorder", state="restarting", pid=0, cpu_share=0.0, detail="")
    words = [trouble.words for trouble in troubles(replace(slow, processes=(lost,)), PROFILE)]
    assert words == [
        "recorder process: lost",
        "servos: let go",
        "lift: does not know its zero",
        "control loop: slow, 41.0 Hz",
    ]


def test_cameras_that_are_being_opened_are_no_trouble(healthy: Snapshot) -> None:
    dark = tuple(replace(c, stale=True, age_ms=float("inf"), newest_ns=0) for c in healthy.cameras)
    starting = ProcessView(name="cameras", state="starting", pid=1, cpu_share=0.0, detail="")
    assert troubles(replace(healthy, cameras=dark, processes=(starting,)), PROFILE) == ()
    running = replace(starting, state="running")
    assert len(troubles(replace(healthy, cameras=dark, processes=(running,)), PROFILE)) == 4


def test_positions_in_the_unit_of_what_turns() -> None:
    assert position_words(-1.234, "rad", 2048) == "−1.23 rad"
    assert position_words(0.723, "opening", 2048) == "72 %"
    assert position_words(0.3124, "m", 2048) == "0.312 m"
    assert position_words(float("nan"), "rad", 2048) == "2048 ticks"
    assert position_words(float("nan"), "rad", None) == "–"


def test_figures_of_a_servo_and_the_extremes(healthy: Snapshot) -> None:
    hot = with_servo(
        healthy, "left_follower", 4, temperature_c=61.0, current_a=-1.0, load=-0.25, torque_on=False
    )
    place = servo_groups(PROFILE)[0].places[3]
    servo = next(s for s in hot.servos if (s.bus, s.id) == ("left_follower", 4))
    facts = dict(servo_facts(place, servo, hot))
    assert facts["Load"] == "1.00 of 4.00 A, 25%"
    assert facts["Temperature"] == "61 °C, stops at 80"
    assert facts["Torque"] == "off, and it should hold"
    assert re.fullmatch(r"[+−]\d\.\d\d rad, \d+ ticks", facts["Position"])
    assert dict(extremes(hot))["Warmest"] == "left elbow, 61 °C"


def test_the_spread_is_of_the_cameras_that_deliver(healthy: Snapshot) -> None:
    first, second, *rest = healthy.cameras
    cameras = (
        replace(first, newest_ns=1_000_000_000),
        replace(second, newest_ns=1_012_000_000),
        *(replace(camera, stale=True, newest_ns=5) for camera in rest),
    )
    assert spread_ms(replace(healthy, cameras=cameras)) == 12.0


@pytest.mark.parametrize(
    ("key", "pick"),
    [
        ("servo:left_follower:5:overload", Pick(Kind.SERVO, "left_follower", 5)),
        ("servo:body:None:watchdog", Pick(Kind.BUS, "body")),
        ("bus:body", Pick(Kind.BUS, "body")),
        ("camera:front", Pick(Kind.CAMERA, "front")),
        ("cameras", None),
        ("process:robot", None),
        ("mode", None),
    ],
)
def test_what_a_notice_is_about(key: str, pick: Pick | None) -> None:
    assert Pick.of_notice(key) == pick


def at(snapshot: Snapshot, seconds: float) -> Snapshot:
    return replace(snapshot, time_ns=round(seconds * 1e9))


class TestMending:
    """A reboot, second by second."""

    def begin(self, healthy: Snapshot, **changes: object) -> tuple[Mending, Snapshot]:
        ill = with_servo(
            healthy, "left_follower", 4, faults=(OVERLOAD,), torque_on=False, polled_ns=9 * 10**9
        )
        ill = with_servo(ill, "left_follower", 4, **changes)
        mending = Mending()
        servo = next(s for s in ill.servos if (s.bus, s.id) == ("left_follower", 4))
        mending.reboot(servo, now_ns=10 * 10**9)
        mending.apply(at(ill, 10.1))
        return mending, ill

    def test_it_is_done_when_the_servo_was_asked_again_and_holds(self, healthy: Snapshot) -> None:
        mending, ill = self.begin(healthy)
        assert mending.of(ELBOW) == (Stage.UNDER_WAY, "Rebooting")
        busy = with_servo(ill, "left_follower", 4, in_hand=True)
        mending.apply(at(busy, 10.5))
        cleared = with_servo(ill, "left_follower", 4, faults=())
        mending.apply(at(cleared, 11.0))
        assert mending.of(ELBOW) == (Stage.UNDER_WAY, "Rebooting")
        well = with_servo(cleared, "left_follower", 4, torque_on=True, polled_ns=11 * 10**9)
        mending.apply(at(well, 11.5))
        assert mending.of(ELBOW) == (Stage.DONE, "Rebooted, torque on again")
        mending.apply(at(well, 40.0))
        assert mending.of(ELBOW) is None

    def test_a_servo_without_a_fault_is_not_done_before_it_began(self, healthy: Snapshot) -> None:
        mending, ill = self.begin(healthy, faults=(), wanted=False)
        asked = with_servo(ill, "left_follower", 4, polled_ns=11 * 10**9)
        mending.apply(at(asked, 11.0))
        assert mending.of(ELBOW) == (Stage.UNDER_WAY, "Rebooting")
        mending.apply(at(with_servo(asked, "left_follower", 4, in_hand=True), 11.2))
        mending.apply(at(asked, 12.0))
        assert mending.of(ELBOW) == (Stage.DONE, "Rebooted; it is let go, as it was")

    def test_it_says_what_is_still_wrong_when_it_does_not_help(self, healthy: Snapshot) -> None:
        mending, ill = self.begin(healthy)
        mending.apply(at(ill, 10.0 + REBOOT_LIMIT_S + 0.1))
        assert mending.of(ELBOW) == (Stage.IN_VAIN, "Rebooting it did not help: still overload")

    def test_a_refusal_is_told_in_place(self, healthy: Snapshot) -> None:
        mending, ill = self.begin(healthy)
        old = Notice(key="command", level="warning", what="an older one", since_ns=9 * 10**9)
        mending.apply(at(replace(ill, notices=(old,)), 10.2))
        assert mending.of(ELBOW) == (Stage.UNDER_WAY, "Rebooting")
        new = replace(old, what="no servo 4 on left_follower", since_ns=10_100_000_000)
        mending.apply(at(replace(ill, notices=(new,)), 10.3))
        assert mending.of(ELBOW) == (Stage.IN_VAIN, "Refused: no servo 4 on left_follower")

    def test_a_camera_is_reopened(self, healthy: Snapshot) -> None:
        front = Pick(Kind.CAMERA, "front")
        mending = Mending()
        mending.reopen(healthy.cameras[0], now_ns=10 * 10**9)
        mending.apply(at(healthy, 10.5))
        assert mending.of(front) == (Stage.UNDER_WAY, "Reopening")
        again = replace(healthy, cameras=(replace(healthy.cameras[0], reopened=1), *healthy.cameras[1:]))
        mending.apply(at(again, 11.0))
        assert mending.of(front) == (Stage.DONE, "Reopened, and it delivers again")
