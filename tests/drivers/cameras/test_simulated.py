"""The simulated cameras: the camera contract, and what a rig adds to it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
import pytest

from drivers.cameras import Camera, CameraLost, CameraNotFound, CameraWrongFormat, Frame
from drivers.cameras.simulated import STALE_WORLD_S, SimulatedRig
from drivers.cameras.simulated_camera import SimulatedCamera
from drivers.profile import RobotProfile, load_profile
from drivers.sim.statefile import STATE_FILE, CameraFault, FaultKind, StateWriter
from drivers.sim.world import KitchenWorld
from tests.drivers.cameras.contract import CameraContract, CameraRig, drain, opened
from tests.drivers.cameras.sim_world_process import running_world

PATIENCE_S = 20.0


def profile(**size: int) -> RobotProfile:
    robot = load_profile("sim-kitchen")
    wanted = {"width_px": 64, "height_px": 48} | size
    cameras = {name: msgspec.structs.replace(spec, **wanted) for name, spec in robot.cameras.items()}
    return msgspec.structs.replace(robot, cameras=cameras)


@pytest.fixture(scope="module")
def world_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("world")
    with running_world(path):
        yield path


class OneOfTheKitchen(CameraRig):
    def __init__(self, runtime_dir: Path) -> None:
        self.runtime_dir = runtime_dir

    def camera(self) -> Camera:
        return SimulatedCamera("front", profile(), self.runtime_dir)

    def camera_of_wrong_size(self) -> Camera:
        return SimulatedCamera("front", profile(width_px=4000, height_px=3000), self.runtime_dir)

    def camera_of_nothing(self) -> Camera:
        return SimulatedCamera("front", profile(), self.runtime_dir / "elsewhere")


class TestSimulatedCamera(CameraContract):
    @pytest.fixture
    def rig(self, world_dir: Path) -> OneOfTheKitchen:
        return OneOfTheKitchen(world_dir)


def test_a_camera_says_that_its_world_has_ended(tmp_path: Path) -> None:
    with running_world(tmp_path):
        camera = SimulatedCamera("back", profile(), tmp_path)
        camera.open()
        assert camera.read(PATIENCE_S) is not None
    with pytest.raises(CameraLost, match="has written nothing"):
        drain(camera)
    camera.close()
    with pytest.raises(CameraLost, match="camera back: "):
        camera.open()
    with running_world(tmp_path), opened(camera):
        assert camera.read(PATIENCE_S) is not None


def test_a_camera_that_the_profile_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(CameraNotFound, match=r"top.*front"):
        SimulatedCamera("top", profile(), tmp_path)


@contextmanager
def rig_of(robot: RobotProfile, runtime_dir: Path) -> Iterator[SimulatedRig]:
    rig = SimulatedRig(robot, runtime_dir)
    try:
        yield rig
    finally:
        rig.close()


def collect(rig: SimulatedRig, seconds: float) -> dict[str, list[Frame]]:
    frames: dict[str, list[Frame]] = {}
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for name, frame in rig.capture():
            frames.setdefault(name, []).append(frame)
    return frames


def test_all_cameras_of_a_beat_show_one_moment(tmp_path: Path) -> None:
    size = KitchenWorld(profile(), seed=0).state_size
    with running_world(tmp_path), rig_of(profile(), tmp_path) as rig:
        stamps: list[int] = []
        while len(stamps) < 10:
            frames = rig.capture()
            if not frames:
                continue
            assert [name for name, _ in frames] == list(profile().cameras)
            assert len({frame.time_ns for _, frame in frames}) == 1
            assert rig.last_state.shape == (size,)
            stamps.append(frames[0][1].time_ns)
            assert time.monotonic_ns() >= stamps[-1]
        assert stamps == sorted(set(stamps))
        assert np.median(np.diff(stamps)) > 0.6e9 / 30  # at its rate, and not as fast as it can
        assert rig.backend in ("egl", "osmesa")


def test_the_picture_is_of_the_moment_of_its_stamp(tmp_path: Path) -> None:
    """A waist is turned between two snapshots; the frame stamped with the second shows it, not the one before."""
    robot = profile()
    world = KitchenWorld(robot, seed=0)
    writer = StateWriter(tmp_path / STATE_FILE, world.state_size)
    with rig_of(robot, tmp_path) as rig:
        first = write_and_capture(writer, world, rig)
        world.data.qpos[world.model.joint("left_waist").qposadr[0]] = 0.8
        second = write_and_capture(writer, world, rig)
        np.testing.assert_array_equal(rig.last_state, world.integration_state())
        assert second["left_wrist"].time_ns > first["left_wrist"].time_ns
        assert differs(second["left_wrist"], first["left_wrist"])
        assert not differs(second["right_wrist"], first["right_wrist"])
        assert rig.capture() == []  # the world has not moved on
    writer.close()


def write_and_capture(writer: StateWriter, world: KitchenWorld, rig: SimulatedRig) -> dict[str, Frame]:
    for _ in range(20):
        state = world.integration_state()
        writer.write(state, time_ns=time.monotonic_ns(), sim_time_s=world.data.time)
        frames = dict(rig.capture())
        if len(frames) == len(world.profile.cameras):
            return frames
    raise AssertionError("the rig did not draw all cameras of a fresh world")


def differs(one: Frame, other: Frame) -> bool:
    assert one.image is not None
    assert other.image is not None
    return bool((one.image != other.image).any())


def test_a_slower_camera_keeps_its_own_rate(tmp_path: Path) -> None:
    robot = profile()
    slow = {"back": msgspec.structs.replace(robot.cameras["back"], rate_hz=10.0)}
    robot = msgspec.structs.replace(robot, cameras=robot.cameras | slow)
    with running_world(tmp_path), rig_of(robot, tmp_path) as rig:
        frames = collect(rig, 2.0)
    assert len(frames["back"]) <= 0.5 * len(frames["front"])
    assert len(frames["back"]) >= 3
    assert [frame.sequence for frame in frames["back"]] == list(range(len(frames["back"])))


def test_faults_freeze_slow_and_blacken_one_camera_each(tmp_path: Path) -> None:
    faults = {
        "left_wrist": CameraFault(FaultKind.FROZEN),
        "right_wrist": CameraFault(FaultKind.SLOW, rate_hz=4.0),
        "back": CameraFault(FaultKind.BLACK),
    }
    with running_world(tmp_path, faults), rig_of(profile(), tmp_path) as rig:
        frames = collect(rig, 2.0)
    healthy, frozen = frames["front"], frames["left_wrist"]
    assert len(frozen) == len(healthy)
    assert len({frame.time_ns for frame in frozen}) == 1  # the same picture again, with its old time
    assert len({frame.time_ns for frame in healthy}) == len(healthy)
    assert 2 <= len(frames["right_wrist"]) <= 12
    assert all(frame.image is not None and not frame.image.any() for frame in frames["back"])
    assert len({frame.time_ns for frame in frames["back"]}) == len(frames["back"])


def test_a_world_that_ends_is_named_and_seen_again_when_it_is_back(tmp_path: Path) -> None:
    with rig_of(profile(), tmp_path) as rig:
        with pytest.raises(CameraNotFound, match=r"world\.state"):
            rig.capture()
        with running_world(tmp_path):
            assert collect(rig, 0.3)
        time.sleep(STALE_WORLD_S)
        with pytest.raises(CameraLost, match="has written nothing for"):
            collect(rig, PATIENCE_S)
        with running_world(tmp_path):
            assert collect(rig, 0.3)


def test_beats_that_drawing_overran_are_skipped_and_counted(tmp_path: Path) -> None:
    with running_world(tmp_path), rig_of(profile(), tmp_path) as rig:
        collect(rig, 0.1)
        before = rig.skipped
        time.sleep(0.5)
        started = time.monotonic()
        for _ in range(4):
            rig.capture()
        assert rig.skipped - before >= 10
        assert time.monotonic() - started > 2.5 / 30  # no burst to catch up


def test_a_profile_without_simulated_cameras_and_one_too_large_are_refused(tmp_path: Path) -> None:
    robot = profile()
    with pytest.raises(CameraNotFound, match="no simulated camera"):
        SimulatedRig(msgspec.structs.replace(robot, cameras={}), tmp_path)
    with pytest.raises(CameraWrongFormat, match="4000×3000"):
        SimulatedRig(profile(width_px=4000, height_px=3000), tmp_path)
