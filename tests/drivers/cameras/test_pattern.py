from __future__ import annotations

import cv2
import numpy as np
import pytest

from drivers.cameras import Camera, CameraNotFound, camera_for
from drivers.cameras.pattern import picture_number
from drivers.profile.schema import Camera as CameraSpec
from tests.drivers.cameras.contract import CameraContract, CameraRig, next_frame, opened, pixels


def camera_of(
    source: str = "test",
    *,
    name: str = "front",
    width_px: int = 64,
    height_px: int = 48,
    rate_hz: float = 50.0,
) -> Camera:
    return camera_for(
        name, CameraSpec(source=source, width_px=width_px, height_px=height_px, rate_hz=rate_hz)
    )


class PatternRig(CameraRig):
    def camera(self) -> Camera:
        return camera_of()

    def camera_of_wrong_size(self) -> Camera:
        return camera_of(width_px=8192, height_px=48)

    def camera_of_nothing(self) -> Camera:
        return camera_of("test:paisley")


class TestPatternCamera(CameraContract):
    @pytest.fixture
    def rig(self) -> PatternRig:
        return PatternRig()


@pytest.mark.parametrize(("width_px", "height_px"), [(640, 480), (64, 48), (24, 16)])
def test_each_picture_carries_its_number_which_survives_compression(width_px: int, height_px: int) -> None:
    with opened(camera_of(width_px=width_px, height_px=height_px, rate_hz=200.0)) as camera:
        for frame in [next_frame(camera) for _ in range(5)]:
            assert picture_number(pixels(frame)) == frame.sequence
    if width_px >= 256:  # squares of a block of JPEG's or more
        bgr = cv2.cvtColor(pixels(frame), cv2.COLOR_RGB2BGR)
        _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 50])
        assert picture_number(cv2.imdecode(jpeg, cv2.IMREAD_COLOR)) == frame.sequence


def test_the_picture_moves_and_its_time_is_written_in_it() -> None:
    with opened(camera_of(width_px=320, height_px=240)) as camera:
        first, second = (pixels(next_frame(camera)) for _ in range(2))
    changed = (first != second).any(axis=2)
    assert changed[30:200].mean() > 0.5
    words = first[:22, :160].max(axis=2)
    assert (words == 0).any()
    assert (words > 200).sum() > 50


def test_it_keeps_the_rate_of_the_profile() -> None:
    with opened(camera_of(rate_hz=25.0)) as camera:
        first = next_frame(camera)
        while (last := next_frame(camera)).time_ns - first.time_ns < 1_000_000_000:
            pass
    rate_hz = (last.sequence - first.sequence) / (last.time_ns - first.time_ns) * 1e9
    assert 24.5 < rate_hz < 25.5


def test_colour_bars_are_pure_colours_in_rgb() -> None:
    with opened(camera_of("test:bars", width_px=320, height_px=240)) as camera:
        picture = pixels(next_frame(camera))
    colours = {tuple(colour) for colour in picture[120].tolist()}
    assert {(235, 16, 16), (16, 235, 16), (16, 16, 235)} <= colours


def test_two_cameras_show_different_pictures() -> None:
    with opened(camera_of(name="left")) as left, opened(camera_of(name="right")) as right:
        assert np.abs(pixels(next_frame(left)).astype(int) - pixels(next_frame(right))).mean() > 2


def test_a_pattern_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(CameraNotFound, match=r'no test pattern \'paisley\'.*"test:shades" or "test:bars"'):
        camera_of("test:paisley").open()
