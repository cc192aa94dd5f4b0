"""What every camera must do, whatever its kind: a suite that each kind's tests inherit.

A kind provides the fixture `rig`: a camera not yet open, and the far end to disturb it by.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import cv2
import numpy as np
import pytest

from drivers.cameras import (
    Camera,
    CameraError,
    CameraLost,
    CameraNotFound,
    CameraReader,
    CameraWrongFormat,
    Frame,
)

PATIENCE_S = 15.0


class CameraRig(ABC):
    """A camera under test and its far end."""

    @abstractmethod
    def camera(self) -> Camera:
        """A new camera, not open, of the size that the source delivers."""

    @abstractmethod
    def camera_of_wrong_size(self) -> Camera:
        """A camera whose profile asks for another size than the source delivers."""

    @abstractmethod
    def camera_of_nothing(self) -> Camera:
        """A camera whose source does not exist."""


@contextmanager
def opened(camera: Camera) -> Iterator[Camera]:
    camera.open()
    try:
        yield camera
    finally:
        camera.close()


def next_frame(camera: Camera) -> Frame:
    frame = camera.read(PATIENCE_S)
    assert frame is not None, f"no frame within {PATIENCE_S} s"
    return frame


def drain(camera: Camera) -> None:
    """Read until no frame comes for a while."""
    while camera.read(PATIENCE_S) is not None:
        pass


def pixels(frame: Frame) -> np.ndarray:
    """The frame's picture as RGB, decoded where it is JPEG."""
    if frame.image is not None:
        return frame.image
    assert frame.jpeg is not None
    decoded = cv2.imdecode(np.frombuffer(frame.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None, "the frame's JPEG cannot be decoded"
    return cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)


class CameraContract:
    """The suite."""

    def test_a_frame_is_a_picture_of_the_size_asked_for(self, rig: CameraRig) -> None:
        with opened(rig.camera()) as camera:
            picture = pixels(next_frame(camera))
            assert picture.shape == (camera.spec.height_px, camera.spec.width_px, 3)
            assert picture.dtype == np.uint8

    def test_an_image_cannot_be_written_to(self, rig: CameraRig) -> None:
        with opened(rig.camera()) as camera:
            frame = next_frame(camera)
            if frame.image is not None:
                with pytest.raises(ValueError, match="read-only"):
                    frame.image[0, 0] = 0

    def test_frames_are_stamped_when_captured_and_numbered(self, rig: CameraRig) -> None:
        before_ns = time.monotonic_ns()
        with opened(rig.camera()) as camera:
            frames = [next_frame(camera) for _ in range(8)]
        after_ns = time.monotonic_ns()
        stamps = [frame.time_ns for frame in frames]
        assert all(earlier < later for earlier, later in pairwise(stamps))
        assert all(before_ns - 1_000_000_000 < stamp < after_ns for stamp in stamps)
        numbers = [frame.sequence for frame in frames]
        assert numbers == sorted(set(numbers))

    def test_a_frame_keeps_its_stamp_while_it_waits_for_its_reader(self, rig: CameraRig) -> None:
        with opened(rig.camera()) as camera:
            next_frame(camera)
            time.sleep(0.3)
            assert time.monotonic_ns() - next_frame(camera).time_ns > 20_000_000

    def test_reading_closed_gives_nothing(self, rig: CameraRig) -> None:
        camera = rig.camera()
        assert camera.read(0.0) is None
        with opened(camera):
            next_frame(camera)
        assert camera.read(0.0) is None

    def test_closing_twice_or_unopened_is_harmless(self, rig: CameraRig) -> None:
        camera = rig.camera()
        camera.close()
        camera.open()
        camera.close()
        camera.close()

    def test_it_opens_again_and_counts_anew(self, rig: CameraRig) -> None:
        camera = rig.camera()
        with opened(camera):
            first = [next_frame(camera) for _ in range(3)]
        with opened(camera):
            again = next_frame(camera)
        assert again.time_ns > first[-1].time_ns
        assert again.sequence <= first[-1].sequence

    def test_close_wakes_a_read_in_another_thread(self, rig: CameraRig) -> None:
        camera = rig.camera()
        camera.open()
        ended = threading.Event()

        def read_until_closed() -> None:
            drain(camera)
            ended.set()

        thread = threading.Thread(target=read_until_closed)
        thread.start()
        time.sleep(0.1)
        camera.close()
        assert ended.wait(PATIENCE_S)
        thread.join()

    def test_another_size_is_refused_with_both_sizes(self, rig: CameraRig) -> None:
        camera = rig.camera_of_wrong_size()
        with pytest.raises(CameraWrongFormat, match=rf"{camera.spec.width_px}×{camera.spec.height_px}"):
            camera.open()
        camera.close()

    def test_a_source_that_is_not_there_is_named(self, rig: CameraRig) -> None:
        camera = rig.camera_of_nothing()
        with pytest.raises(CameraNotFound, match=camera.name):
            camera.open()
        camera.close()

    def test_errors_are_camera_errors(self, rig: CameraRig) -> None:
        assert issubclass(CameraLost, CameraError)
        with pytest.raises(CameraError):
            rig.camera_of_nothing().open()

    def test_a_reader_delivers_every_frame_in_order(self, rig: CameraRig) -> None:
        reader = CameraReader(rig.camera(), keep=1000)
        reader.start()
        try:
            frames: list[Frame] = []
            deadline = time.monotonic() + PATIENCE_S
            while len(frames) < 10 and time.monotonic() < deadline:
                if reader.arrived.wait(0.5):
                    reader.arrived.clear()
                frames += reader.take()
            health = reader.health()
        finally:
            reader.stop()
        assert len(frames) >= 10
        numbers = [frame.sequence for frame in frames]
        assert numbers == sorted(set(numbers))
        assert health.is_open
        assert health.frames >= len(frames)
        assert health.dropped == 0
        assert health.undecodable == 0
        assert not health.is_black
        assert health.rate_hz > 0
        assert not health.error
