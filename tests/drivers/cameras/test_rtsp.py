"""What can be proved of RTSP cameras without one.

FFmpeg reads an MJPEG address as it reads an RTSP one, so the loopback camera stands in for the stream itself.
"""

from __future__ import annotations

import numpy as np
import pytest

from drivers.cameras import CameraLost, CameraNotFound, camera_for
from drivers.cameras.rtsp import open_rtsp
from drivers.cameras.source import Source
from drivers.profile.schema import Camera as CameraSpec
from tests.drivers.cameras.mjpeg_server import as_jpeg, mjpeg_server, numbered_picture


def grab_without_end(source: Source) -> None:
    while True:
        source.grab()


def test_nothing_at_the_address_is_told_without_the_password() -> None:
    spec = CameraSpec(source="rtsp://me:secret@127.0.0.1:9/stream", width_px=64, height_px=48)
    with pytest.raises(CameraNotFound, match=r"camera front .*rtsp://me:…@127\.0\.0\.1:9/stream") as caught:
        camera_for("front", spec).open()
    assert "secret" not in str(caught.value)


def test_pictures_are_rgb_and_stamped_and_the_end_is_a_loss() -> None:
    with mjpeg_server() as server:
        red = numbered_picture(0)
        red[:] = (220, 30, 10)
        server.pictures = [as_jpeg(red)]
        source = open_rtsp("front", CameraSpec(source=server.address, width_px=64, height_px=48))
        try:
            first, second = source.grab(), source.grab()
            assert first is not None
            assert second is not None
            assert first.image is not None
            assert np.abs(first.image.astype(int).mean(axis=(0, 1)) - (220, 30, 10)).max() < 12
            assert second.time_ns > first.time_ns
            server.hang_up.set()
            with pytest.raises(CameraLost, match="front"):
                grab_without_end(source)
        finally:
            source.release()
