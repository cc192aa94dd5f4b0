"""What can be proved of USB cameras without one: stamps, paths, and what is said of one that is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.cameras import CameraNotFound, camera_for
from drivers.cameras.device import capture_time_ns, device_path
from drivers.cameras.kinds import SourceKind, source_kind
from drivers.profile.schema import Camera as CameraSpec

NOW_NS = 5_000_000_000_000


@pytest.mark.parametrize(
    ("stamp_ms", "expected_ns"),
    [
        (NOW_NS / 1e6 - 30, NOW_NS - 30_000_000),
        (NOW_NS / 1e6 + 5, NOW_NS),
        (NOW_NS / 1e6 - 2000, NOW_NS),
        (1.7e12, NOW_NS),
        (0.0, NOW_NS),
        (-1.0, NOW_NS),
    ],
    ids=["monotonic", "from the future", "too old", "wall clock", "none", "unknown"],
)
def test_a_drivers_stamp_counts_where_it_is_plausible(stamp_ms: float, expected_ns: int) -> None:
    assert capture_time_ns(stamp_ms, now_ns=NOW_NS, after_ns=0) == pytest.approx(expected_ns, abs=1000)


def test_a_stamp_that_does_not_move_is_none() -> None:
    stamp_ms = NOW_NS / 1e6 - 30
    again_ns = capture_time_ns(stamp_ms, now_ns=NOW_NS, after_ns=NOW_NS - 30_000_000)
    assert again_ns == NOW_NS


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (0, SourceKind.DEVICE),
        ("2", SourceKind.DEVICE),
        ("/dev/v4l/by-id/usb-A-video-index0", SourceKind.DEVICE),
        ("sim", SourceKind.SIMULATED),
        ("http://camera/stream", SourceKind.MJPEG),
        ("rtsp://camera/stream", SourceKind.RTSP),
        ("/home/me/kitchen.mp4", SourceKind.FILE),
    ],
)
def test_kinds_of_source(source: str | int, kind: SourceKind) -> None:
    assert source_kind(source) is kind


def test_an_index_is_a_node() -> None:
    assert device_path(3) == Path("/dev/video3")
    assert device_path("3") == Path("/dev/video3")
    assert device_path("/dev/v4l/by-id/usb-A") == Path("/dev/v4l/by-id/usb-A")


def test_a_camera_that_is_not_plugged_in_is_told_with_those_that_are() -> None:
    camera = camera_for("front", CameraSpec(source="/dev/v4l/by-id/usb-None", width_px=64, height_px=48))
    with pytest.raises(CameraNotFound, match="cameras here:"):
        camera.open()


def test_a_device_that_is_no_camera_is_refused() -> None:
    camera = camera_for("front", CameraSpec(source="/dev/full", width_px=64, height_px=48))
    with pytest.raises(CameraNotFound, match="does not capture"):
        camera.open()


def test_a_simulated_camera_needs_a_simulated_world() -> None:
    spec = CameraSpec(source="sim", width_px=64, height_px=48)
    with pytest.raises(CameraNotFound, match="no simulated world"):
        camera_for("front", spec)
