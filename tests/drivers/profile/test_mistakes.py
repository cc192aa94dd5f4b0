"""Each kind of mistake in a profile: named with its file, line, key, the value seen and what is allowed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from drivers.profile import Mistake, ProfileError, load_profile

ROBOT = """\
name = "test-robot"
vector = ["arm.left", "gripper.left", "base", "lift.main"]

[buses.left_leader]
port = "/dev/serial/by-id/leader"

[buses.left_follower]
port = "/dev/serial/by-id/follower"
watchdog_ms = 200

[buses.body]
port = "/dev/serial/by-id/body"

[arms.left]
bus = "left_follower"
home_rad = [0.0, 0.5]
rest_rad = [0.0, -0.5]
joints = [
  { name = "waist", ids = [1], min_rad = -1.5, max_rad = 1.5 },
  { name = "shoulder", ids = [2, 3], min_rad = -1.0, max_rad = 1.0 },
]

[arms.left.chain]
mount_m = [0.0, 0.0, 0.0]
links = [
  { offset_m = [0.0, 0.0, 0.0], axis = [0.0, 0.0, 1.0] },
  { offset_m = [0.0, 0.0, 0.1], axis = [0.0, 1.0, 0.0] },
]
grasp_offset_m = [0.1, 0.0, 0.0]

[grippers.left]
bus = "left_follower"
id = 9
closed_rad = -0.6
open_rad = 1.4
opening_m = 0.1

[leaders.left]
bus = "left_leader"
follows = "left"
drivable = true
joints = [
  { name = "waist", ids = [1], min_rad = -1.5, max_rad = 1.5 },
  { name = "shoulder", ids = [2, 3], min_rad = -1.0, max_rad = 1.0 },
]
handle = { id = 9, closed_rad = -0.6, open_rad = 0.3 }

[base]
bus = "body"
ids = [1, 2, 3]
wheel_radius_m = 0.06
base_radius_m = 0.2

[lifts.main]
bus = "body"
id = 4
m_per_rev = 0.1
max_m = 0.5

[cameras.front]
source = 0
width_px = 640
height_px = 480
"""


def load(text: str, tmp_path: Path) -> ProfileError:
    """The error that a file of this text raises."""
    path = tmp_path / "robot.toml"
    path.write_text(text)
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    assert str(path) in str(caught.value)
    return caught.value


def mistakes_after(old: str, new: str, tmp_path: Path) -> tuple[Mistake, ...]:
    assert ROBOT.count(old) >= 1, f"{old!r} is not in the profile"
    return load(ROBOT.replace(old, new, 1), tmp_path).mistakes


def line_number(fragment: str, text: str) -> int:
    return text[: text.index(fragment)].count("\n") + 1


@dataclass(frozen=True)
class Case:
    """One edit of the good profile, and the one mistake that it makes; `on_line` is on its line, by default the key."""

    old: str
    new: str
    key: str
    says: str
    on_line: str = ""


CASES = {
    "unknown key": Case(
        "watchdog_ms", "watchdog", "buses.left_follower.watchdog", 'did you mean "watchdog_ms"'
    ),
    "unknown table": Case("[lifts.main]", "[lift.main]", "lift", 'did you mean "lifts"'),
    "unknown key in an array": Case(
        "ids = [1], min", "idz = [1], ids = [1], min", "arms.left.joints[0].idz", '"ids"'
    ),
    "missing key": Case("opening_m = 0.1\n", "", "grippers.left.opening_m", "missing", "[grippers.left]"),
    "wrong type": Case(
        "id = 4", 'id = "four"', "lifts.main.id", '"four" is not a whole number from 0 to 252'
    ),
    "a float for a whole number": Case(
        "ids = [2, 3], min", "ids = [2, 3.5], min", "arms.left.joints[1].ids[1]", "3.5"
    ),
    "true for a number": Case("id = 4", "id = true", "lifts.main.id", "true is not a whole number"),
    "a number for text": Case(
        'bus = "body"\nid = 4', "bus = 3\nid = 4", "lifts.main.bus", "3 is not a string"
    ),
    "a table for a value": Case("id = 4", "id = {}", "lifts.main.id", "a table is not"),
    "a value for a table": Case(
        "[cameras.front]", "[cameras]\nx = 1\n[cameras.front]", "cameras.x", "not a table"
    ),
    "out of range": Case("id = 4", "id = 253", "lifts.main.id", "253 is not a whole number from 0 to 252"),
    "not positive": Case(
        "opening_m = 0.1", "opening_m = 0", "grippers.left.opening_m", "0 is not a finite number above 0"
    ),
    "nan": Case("max_m = 0.5", "max_m = nan", "lifts.main.max_m", "nan is not a finite number"),
    "infinity": Case("closed_rad = -0.6\n", "closed_rad = -inf\n", "grippers.left.closed_rad", "-inf"),
    "nan in an array": Case("home_rad = [0.0, 0.5]", "home_rad = [0.0, nan]", "arms.left.home_rad[1]", "nan"),
    "unknown baud rate": Case(
        "watchdog_ms = 200", "baud = 9600", "buses.left_follower.baud", "57600, 115200"
    ),
    "unknown model": Case(
        "ids = [1], min", 'model = "XM540W270", ids = [1], min', "arms.left.joints[0].model", '"XM540-W270"'
    ),
    "three servos on a joint": Case(
        "ids = [2, 3], min", "ids = [2, 3, 4], min", "arms.left.joints[1].ids", "1 to 2 items"
    ),
    "two wheels": Case("ids = [1, 2, 3]", "ids = [1, 2]", "base.ids", "an array of 2 is not an array of 3"),
    "tiny camera": Case(
        "width_px = 640", "width_px = 8", "cameras.front.width_px", "8 is not a whole number from 16 to 8192"
    ),
    "watchdog too long": Case(
        "watchdog_ms = 200", "watchdog_ms = 5000", "buses.left_follower.watchdog_ms", "20 to 2540"
    ),
    "control rate": Case("vector = [", "control_rate_hz = 1000\nvector = [", "control_rate_hz", "5 to 200"),
    "a hash of its own": Case("vector = [", 'sha256 = "00"\nvector = [', "sha256", "leave it out"),
    "unknown bus": Case(
        'bus = "left_follower"\nid',
        'bus = "left_folower"\nid',
        "grippers.left.bus",
        'did you mean "left_follower"',
    ),
    "a packet's time longer than a tick's": Case(
        "watchdog_ms = 200",
        "packet_timeout_ms = 8",
        "buses.left_follower.packet_timeout_ms",
        "at most 6.7, a third of a tick",
    ),
    "a leader on a shared bus": Case(
        'bus = "body"\nid = 4',
        'bus = "left_leader"\nid = 4',
        "leaders.left.bus",
        "also the bus of lifts.main; a leader needs its own",
    ),
    "unknown leader's arm": Case(
        'follows = "left"', 'follows = "lft"', "leaders.left.follows", 'did you mean "left"'
    ),
    "a shadow's id twice": Case(
        "ids = [2, 3], min", "ids = [2, 1], min", "arms.left.joints[1].ids", "servo 1 on bus"
    ),
    "a gripper's id twice": Case(
        "id = 9\nclosed", "id = 3\nclosed", "grippers.left.id", "is already arms.left.joints[1].ids"
    ),
    "two buses, one port": Case(
        "by-id/body", "by-id/follower", "buses.body.port", 'already the port of bus "left_follower"'
    ),
    "no port": Case('port = "/dev/serial/by-id/body"', 'port = ""', "buses.body.port", "names no port"),
    "simulated port, real robot": Case(
        "/dev/serial/by-id/body", "sim:body", "buses.body.port", "no [simulation] table"
    ),
    "simulated camera, real robot": Case(
        "source = 0", 'source = "sim"', "cameras.front.source", "no [simulation] table"
    ),
    "no camera": Case("source = 0", "source = -1", "cameras.front.source", "names no camera"),
    "stale too soon": Case(
        "source = 0", "source = 0\nstale_after_ms = 20", "cameras.front.stale_after_ms", "at least 66.6"
    ),
    "limits swapped": Case(
        "min_rad = -1.5, max_rad = 1.5",
        "min_rad = 1.0, max_rad = -1.0",
        "arms.left.joints[0].min_rad",
        "not below",
    ),
    "home outside": Case(
        "home_rad = [0.0, 0.5]",
        "home_rad = [0.0, 1.2]",
        "arms.left.home_rad[1]",
        "outside the limits of shoulder",
    ),
    "rest outside": Case(
        "rest_rad = [0.0, -0.5]",
        "rest_rad = [2.0, -0.5]",
        "arms.left.rest_rad[0]",
        "outside the limits of waist",
    ),
    "home length": Case(
        "home_rad = [0.0, 0.5]", "home_rad = [0.0]", "arms.left.home_rad", "1 angles for 2 joints"
    ),
    "rest length": Case(
        "rest_rad = [0.0, -0.5]", "rest_rad = [0.0, 0.0, 0.0]", "arms.left.rest_rad", "3 angles for 2 joints"
    ),
    "beyond the ticks": Case(
        "max_rad = 1.5 }", "max_rad = 3.5 }", "arms.left.joints[0].max_rad", "-3.142 to 3.140 rad"
    ),
    "beyond shifted ticks": Case(
        "max_rad = 1.5 }", "max_rad = 1.5, zero_ticks = 3500 }", "arms.left.joints[0].max_rad", "3500"
    ),
    "chain length": Case(
        "  { offset_m = [0.0, 0.0, 0.1], axis = [0.0, 1.0, 0.0] },\n",
        "",
        "arms.left.chain.links",
        "1 links for 2 joints",
    ),
    "axis length": Case(
        "axis = [0.0, 1.0, 0.0]", "axis = [0.0, 1.0, 1.0]", "arms.left.chain.links[1].axis", "length 1.41"
    ),
    "unknown in the vector": Case(
        '"gripper.left"', '"griper.left", "gripper.left"', "vector[1]", 'did you mean "gripper.left"'
    ),
    "twice in the vector": Case('"base", "lift', '"base", "base", "lift', "vector[3]", "listed twice"),
    "missing in the vector": Case(', "lift.main"]', "]", "vector", "leaves out lift.main"),
    "watchdog unit": Case(
        "watchdog_ms = 200", "watchdog_ms = 210", "buses.left_follower.watchdog_ms", "multiple of 20"
    ),
    "watchdog too short": Case(
        "watchdog_ms = 200", "watchdog_ms = 40", "buses.left_follower.watchdog_ms", "at least 60"
    ),
    "gripper without current": Case(
        "id = 9\nclosed", 'model = "XL430-W250"\nid = 9\nclosed', "grippers.left.model", "mode 5"
    ),
    "lift without current": Case(
        "id = 4", 'id = 4\nmodel = "XC430-W240"', "lifts.main.model", "no current control"
    ),
    "drivable handle without current": Case(
        "{ id = 9,", '{ id = 9, model = "XL430-W250",', "leaders.left.handle.model", "drivable"
    ),
    "more current than the model": Case(
        "id = 9\nclosed", "current_limit_a = 4.0\nid = 9\nclosed", "grippers.left.current_limit_a", "3.21 A"
    ),
    "faster than the register": Case(
        "max_m = 0.5", "max_m = 0.5\nmax_speed_m_s = 1.0", "lifts.main.max_speed_m_s", "0.39 m/s"
    ),
    "stall never reached": Case(
        "max_m = 0.5",
        "max_m = 0.5\ncurrent_limit_a = 0.5",
        "lifts.main.homing.stall_current_a",
        "never reached",
        "[lifts.main]",
    ),
    "lift limits": Case("max_m = 0.5", "max_m = 0.5\nmin_m = 0.6", "lifts.main.min_m", "not below"),
    "lift beyond its turns": Case("max_m = 0.5", "max_m = 30.0", "lifts.main.max_m", "256 turns"),
    "closed is open": Case("open_rad = 1.4", "open_rad = -0.6", "grippers.left.open_rad", "no opening"),
    "open beyond a turn": Case(
        "open_rad = 1.4", "open_rad = 3.4", "grippers.left.open_rad", "outside one turn"
    ),
    "wheels on one another": Case(
        "wheel_radius_m",
        "wheel_angles_deg = [0, 360, 90]\nwheel_radius_m",
        "base.wheel_angles_deg",
        "same angle",
    ),
    "a name with spaces": Case(
        "[cameras.front]", '[cameras."the front"]', "cameras.the front", "small letters"
    ),
    "a robot's name": Case('"test-robot"', '"Test Robot"', "name", "small letters"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_one_mistake_is_named_with_its_line_key_and_remedy(case: Case, tmp_path: Path) -> None:
    (mistake,) = mistakes_after(case.old, case.new, tmp_path)
    assert mistake.key == case.key
    assert case.says in mistake.problem, mistake.problem
    text = ROBOT.replace(case.old, case.new, 1)
    assert mistake.line is not None
    told = text.splitlines()[mistake.line - 1]
    name = re.sub(r"\[\d+\]", "", case.key).rsplit(".", 1)[-1]
    assert (case.on_line or name) in told, f"line {mistake.line} is {told!r}"


def test_the_profile_without_mistakes_loads(tmp_path: Path) -> None:
    path = tmp_path / "robot.toml"
    path.write_text(ROBOT)
    assert load_profile(path).dof == 2 + 1 + 3 + 1


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = (
        ROBOT.replace("id = 4", "id = 400")
        .replace("watchdog_ms", "watch_dog_ms")
        .replace("open_rad = 1.4", "open_rad = nan")
    )
    error = load(text, tmp_path)
    assert [mistake.key for mistake in error.mistakes] == [
        "buses.left_follower.watch_dog_ms",
        "grippers.left.open_rad",
        "lifts.main.id",
    ]
    assert "3 mistakes" in str(error)
    assert [mistake.line for mistake in error.mistakes] == [
        line_number("watch_dog_ms", text),
        line_number("open_rad = nan", text),
        line_number("id = 400", text),
    ]


def test_disagreements_are_told_at_once_too(tmp_path: Path) -> None:
    text = ROBOT.replace("home_rad = [0.0, 0.5]", "home_rad = [0.0, 9.0]").replace(
        'follows = "left"', 'follows = "right"'
    )
    assert [mistake.key for mistake in load(text, tmp_path).mistakes] == [
        "arms.left.home_rad[1]",
        "leaders.left.follows",
    ]


def test_leader_and_follower_must_match_joint_for_joint(tmp_path: Path) -> None:
    leader = ROBOT.index("[leaders.left]")
    fewer = ROBOT[:leader] + ROBOT[leader:].replace(
        '  { name = "shoulder", ids = [2, 3], min_rad = -1.0, max_rad = 1.0 },\n', ""
    )
    (mistake,) = load(fewer, tmp_path).mistakes
    assert mistake.key == "leaders.left.joints"
    assert "1 joints" in mistake.problem
    renamed = ROBOT[:leader] + ROBOT[leader:].replace('"shoulder"', '"elbow"')
    (mistake,) = load(renamed, tmp_path).mistakes
    assert mistake.key == "leaders.left.joints[1].name"
    assert '"elbow" would move "shoulder"' in mistake.problem


def test_two_leaders_of_one_arm(tmp_path: Path) -> None:
    start, end = ROBOT.index("[leaders.left]"), ROBOT.index("[base]")
    second = (
        ROBOT[start:end].replace("[leaders.left]", "[leaders.other]").replace("left_leader", "other_leader")
    )
    text = ROBOT + '\n[buses.other_leader]\nport = "/dev/other"\n' + second
    (mistake,) = load(text, tmp_path).mistakes
    assert mistake.key == "leaders.other.follows"
    assert 'already led by "left"' in mistake.problem


def test_a_leader_without_a_gripper_to_move(tmp_path: Path) -> None:
    text = ROBOT.replace("[grippers.left]", "[grippers.hand]").replace('"gripper.left"', '"gripper.hand"')
    (mistake,) = load(text, tmp_path).mistakes
    assert mistake.key == "leaders.left.handle"
    assert "hand" in mistake.problem


def test_two_joints_of_one_name(tmp_path: Path) -> None:
    mistakes = load(ROBOT.replace('"shoulder"', '"waist"'), tmp_path).mistakes
    assert {mistake.key for mistake in mistakes} == {"arms.left.joints", "leaders.left.joints"}


def test_a_real_port_in_a_simulated_robot(tmp_path: Path) -> None:
    mistakes = load(ROBOT + "\n[simulation]\n", tmp_path).mistakes
    assert [mistake.key for mistake in mistakes] == [
        "buses.left_leader.port",
        "buses.left_follower.port",
        "buses.body.port",
    ]
    assert '"sim:left_leader"' in mistakes[0].problem


def test_two_cameras_of_one_source(tmp_path: Path) -> None:
    mistakes = load(
        ROBOT + "\n[cameras.back]\nsource = 0\nwidth_px = 64\nheight_px = 48\n", tmp_path
    ).mistakes
    assert [mistake.key for mistake in mistakes] == ["cameras.front.source", "cameras.back.source"]


class TestFiles:
    """Mistakes of the file itself."""

    def test_an_unknown_name_lists_the_shipped_ones(self) -> None:
        with pytest.raises(ProfileError, match=r'sim-kitchn: .*did you mean "sim-kitchen".*aloha-kiwi'):
            load_profile("sim-kitchn")

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(ProfileError, match="no such file"):
            load_profile(tmp_path / "missing.toml")

    def test_a_path_without_the_ending_is_a_path(self, tmp_path: Path) -> None:
        path = tmp_path / "robot"
        path.write_text(ROBOT)
        assert load_profile(str(path)).name == "test-robot"

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(ProfileError, match="cannot be read: Is a directory"):
            load_profile(tmp_path)

    def test_not_toml_gives_the_line(self, tmp_path: Path) -> None:
        (mistake,) = load(ROBOT.replace("id = 4", "id = = 4"), tmp_path).mistakes
        assert "not TOML" in mistake.problem
        assert mistake.line == line_number("id = 4", ROBOT)

    def test_not_text_gives_the_line(self, tmp_path: Path) -> None:
        path = tmp_path / "robot.toml"
        path.write_bytes(b'name = "x"\ndescription = "\xff"\n')
        with pytest.raises(ProfileError, match=r"line 2: not UTF-8"):
            load_profile(path)

    def test_an_empty_file_names_what_is_missing(self, tmp_path: Path) -> None:
        mistakes = load("", tmp_path).mistakes
        assert [mistake.key for mistake in mistakes] == ["name", "vector", "buses"]
        assert all(mistake.line is None for mistake in mistakes)

    def test_windows_line_ends_keep_the_lines(self, tmp_path: Path) -> None:
        path = tmp_path / "robot.toml"
        path.write_bytes(ROBOT.replace("id = 4", "id = 400").replace("\n", "\r\n").encode())
        with pytest.raises(ProfileError) as caught:
            load_profile(path)
        assert caught.value.mistakes[0].line == line_number("id = 4", ROBOT)
