from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from drivers.cameras import Camera, CameraLost, CameraWrongFormat, camera_for
from drivers.profile.schema import Camera as CameraSpec
from tests.drivers.cameras.contract import CameraContract, CameraRig, drain, next_frame, opened, pixels
from tests.drivers.cameras.mjpeg_server import numbered_picture

LENGTH = 12


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "kitchen.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    assert writer.isOpened()
    for number in range(LENGTH):
        writer.write(cv2.cvtColor(numbered_picture(number), cv2.COLOR_RGB2BGR))
    writer.release()
    return path


def camera_of(path: Path, *, width_px: int = 64, height_px: int = 48, rate_hz: float = 50.0) -> Camera:
    return camera_for(
        "front", CameraSpec(source=str(path), width_px=width_px, height_px=height_px, rate_hz=rate_hz)
    )


class FileRig(CameraRig):
    def __init__(self, video: Path) -> None:
        self.video = video

    def camera(self) -> Camera:
        return camera_of(self.video)

    def camera_of_wrong_size(self) -> Camera:
        return camera_of(self.video, width_px=640, height_px=480)

    def camera_of_nothing(self) -> Camera:
        return camera_of(self.video.with_name("missing.avi"))


class TestFileCamera(CameraContract):
    @pytest.fixture
    def rig(self, video: Path) -> FileRig:
        return FileRig(video)


def test_the_pictures_are_those_of_the_file_in_rgb_over_and_over(video: Path) -> None:
    with opened(camera_of(video)) as camera:
        for _ in range(2 * LENGTH):
            frame = next_frame(camera)
            expected = numbered_picture(frame.sequence % LENGTH).astype(int)
            assert np.abs(pixels(frame).astype(int) - expected).mean() < 12, f"picture {frame.sequence}"


def test_it_keeps_the_rate_of_the_profile(video: Path) -> None:
    with opened(camera_of(video, rate_hz=25.0)) as camera:
        first = next_frame(camera)
        while True:
            last = next_frame(camera)
            if last.time_ns - first.time_ns > 1_000_000_000:
                break
    rate_hz = (last.sequence - first.sequence) / (last.time_ns - first.time_ns) * 1e9
    assert 22 < rate_hz < 28


def test_a_file_that_is_no_video_is_told(tmp_path: Path) -> None:
    path = tmp_path / "notes.avi"
    path.write_text("no video")
    with pytest.raises(CameraWrongFormat, match=r"notes\.avi"):
        camera_of(path).open()


def test_a_file_that_vanishes_is_lost_at_its_end(video: Path, tmp_path: Path) -> None:
    copy = tmp_path / "short.avi"
    copy.write_bytes(video.read_bytes())
    with opened(camera_of(copy)) as camera:
        next_frame(camera)
        copy.unlink()
        with pytest.raises(CameraLost, match=r"short\.avi"):
            drain(camera)
