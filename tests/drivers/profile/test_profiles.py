"""The profiles that come with the app, and what a profile says of the state and action vectors."""

from __future__ import annotations

import hashlib
import math

import msgspec
import pytest

from drivers.profile import RobotProfile, load_profile, profile_names
from drivers.profile.parse import SHIPPED

NUMBERS = {"sim-kitchen": 18, "aloha-kiwi": 18, "bimanual": 14, "single-arm": 7}


def test_the_shipped_profiles() -> None:
    assert set(profile_names()) == set(NUMBERS)


@pytest.fixture(params=NUMBERS)
def profile(request: pytest.FixtureRequest) -> RobotProfile:
    return load_profile(request.param)


def test_each_loads_under_its_own_name_with_its_hash(profile: RobotProfile) -> None:
    data = (SHIPPED / f"{profile.name}.toml").read_bytes()
    assert profile.sha256 == hashlib.sha256(data).hexdigest()
    assert profile.dof == NUMBERS[profile.name]
    assert profile.description


def test_name_and_path_give_the_same(profile: RobotProfile) -> None:
    assert load_profile(SHIPPED / f"{profile.name}.toml") == profile


def test_the_vector_is_covered_once_without_gaps(profile: RobotProfile) -> None:
    places = [place for segment in profile.segments for place in range(profile.dof)[segment.slice]]
    assert places == list(range(profile.dof))
    assert len(profile.vector_names) == len(profile.vector_units) == profile.dof
    assert len(set(profile.vector_names)) == profile.dof


def test_what_has_to_be_edited_says_so(profile: RobotProfile) -> None:
    sources = [bus.port for bus in profile.buses.values()] + [
        camera.source for camera in profile.cameras.values()
    ]
    if profile.simulation is None:
        assert all("EDIT-ME" in str(source) for source in sources)
    else:
        assert all(str(source).startswith("sim") for source in sources)


def test_names_and_units_of_the_kitchen_robot() -> None:
    profile = load_profile("sim-kitchen")
    named = dict(zip(profile.vector_names, profile.vector_units, strict=True))
    assert named["left_waist"] == "rad"
    assert named["right_gripper"] == "opening"
    assert [named[name] for name in ("base_vx", "base_vy", "base_wz", "lift_main")] == [
        "m/s",
        "m/s",
        "rad/s",
        "m",
    ]
    assert profile.vector_names[6] == "left_gripper"
    assert profile.vector_names[14:] == ("base_vx", "base_vy", "base_wz", "lift_main")


def test_the_vector_may_come_in_another_order() -> None:
    profile = msgspec.structs.replace(
        load_profile("sim-kitchen"),
        vector=("lift.main", "base", "gripper.right", "arm.right", "gripper.left", "arm.left"),
    )
    assert [(segment.kind, segment.start, segment.size) for segment in profile.segments] == [
        ("lift", 0, 1),
        ("base", 1, 3),
        ("gripper", 4, 1),
        ("arm", 5, 6),
        ("gripper", 11, 1),
        ("arm", 12, 6),
    ]
    assert profile.vector_names[0] == "lift_main"
    assert profile.vector_units[1:4] == ("m/s", "m/s", "rad/s")


def test_a_profile_cannot_be_changed(profile: RobotProfile) -> None:
    with pytest.raises(AttributeError):
        profile.name = "other"  # type: ignore[misc]  # that it is refused is the point


def test_the_reference_build_has_the_makers_limits() -> None:
    """Tick limits of the arms' published set-up: ViperX-300s shoulder 841 to 2867, WidowX-250s elbow 648 to 3094."""
    profile = load_profile("aloha-kiwi")
    shoulder, elbow = profile.arms["left"].joints[1], profile.leaders["right"].joints[2]

    def ticks(angle_rad: float) -> float:
        return 2048 + angle_rad * 4096 / (2 * math.pi)

    assert (ticks(shoulder.min_rad), ticks(shoulder.max_rad)) == pytest.approx((841, 2867), abs=1.5)
    assert (ticks(elbow.min_rad), ticks(elbow.max_rad)) == pytest.approx((648, 3094), abs=1.5)
    assert shoulder.ids == (2, 3)
    assert not any(lift.homing.on_connect for lift in profile.lifts.values())
