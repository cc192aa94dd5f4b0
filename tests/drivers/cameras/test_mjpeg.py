from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from drivers.cameras import (
    Camera,
    CameraError,
    CameraLost,
    CameraNotFound,
    CameraReader,
    CameraWrongFormat,
    camera_for,
    open_camera,
)
from drivers.profile.schema import Camera as CameraSpec
from tests.drivers.cameras.contract import PATIENCE_S, CameraContract, CameraRig, drain, next_frame, opened
from tests.drivers.cameras.mjpeg_server import MjpegServer, as_jpeg, mjpeg_server, numbered_picture


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    with mjpeg_server() as running:
        yield running


def camera_at(address: str, *, width_px: int = 64, height_px: int = 48) -> Camera:
    return camera_for(
        "front", CameraSpec(source=address, width_px=width_px, height_px=height_px, rate_hz=50.0)
    )


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.01)


class MjpegRig(CameraRig):
    def __init__(self, server: MjpegServer) -> None:
        self.server = server

    def camera(self) -> Camera:
        return camera_at(self.server.address)

    def camera_of_wrong_size(self) -> Camera:
        return camera_at(self.server.address, width_px=640, height_px=480)

    def camera_of_nothing(self) -> Camera:
        return camera_at("http://127.0.0.1:9/stream")


class TestMjpegCamera(CameraContract):
    @pytest.fixture
    def rig(self, server: MjpegServer) -> MjpegRig:
        return MjpegRig(server)


@pytest.mark.parametrize("with_length", [True, False])
@pytest.mark.parametrize("boundary_after", [True, False])
def test_the_cameras_own_bytes_are_kept(server: MjpegServer, with_length: bool, boundary_after: bool) -> None:
    server.with_length, server.boundary_after = with_length, boundary_after
    with opened(camera_at(server.address)) as camera:
        frames = [next_frame(camera) for _ in range(6)]
    assert all(frame.image is None for frame in frames)
    assert [frame.jpeg for frame in frames] == server.sent[:6]


def test_a_broken_picture_is_passed_over_and_leaves_a_gap(server: MjpegServer) -> None:
    good = [as_jpeg(numbered_picture(number)) for number in range(3)]
    server.pictures = [good[0], good[1][: len(good[1]) // 2], good[2]]
    with opened(camera_at(server.address)) as camera:
        frames = [next_frame(camera) for _ in range(4)]
    assert [frame.sequence for frame in frames] == [0, 2, 3, 5]
    assert [frame.jpeg for frame in frames] == [good[0], good[2], good[0], good[2]]


def test_a_stalled_stream_gives_nothing_in_time_and_a_late_reader_loses_the_oldest(
    server: MjpegServer,
) -> None:
    with opened(camera_at(server.address)) as camera:
        next_frame(camera)
        server.flowing.clear()
        while camera.read(0.3) is not None:
            pass
        server.flowing.set()
        sent = len(server.sent)
        wait_until(lambda: len(server.sent) >= sent + 30, "thirty pictures sent to a reader that sleeps")
        first, second = next_frame(camera), next_frame(camera)
        assert first.sequence > sent
        assert second.sequence == first.sequence + 1


def test_closing_does_not_wait_for_a_stream_that_is_silent(server: MjpegServer) -> None:
    camera = camera_at(server.address)
    camera.open()
    server.flowing.clear()
    grabbing = [thread for thread in threading.enumerate() if thread.name == "camera front"]
    camera.close()
    assert grabbing
    assert not any(thread.is_alive() for thread in grabbing)


def test_a_stream_that_ends_is_lost(server: MjpegServer) -> None:
    with opened(camera_at(server.address)) as camera:
        next_frame(camera)
        server.hang_up.set()
        with pytest.raises(CameraLost, match="front"):
            drain(camera)


def test_a_page_instead_of_a_stream_is_told_apart(server: MjpegServer) -> None:
    server.content_type = "text/html"
    with pytest.raises(CameraWrongFormat, match="text/html"):
        camera_at(server.address).open()


def test_a_wrong_path_is_told(server: MjpegServer) -> None:
    with pytest.raises(CameraNotFound, match="404"):
        camera_at(server.address.replace("/stream", "/other")).open()


@pytest.mark.parametrize("address", ["http://127.0.0.1:none/stream", "http:///stream"])
def test_an_address_that_is_none_is_told(address: str) -> None:
    with pytest.raises(CameraNotFound, match=r"camera front .*write http://host:port/path"):
        camera_at(address).open()


def test_a_password_is_asked_for_sent_and_never_shown(server: MjpegServer) -> None:
    server.password_wanted = True
    with pytest.raises(CameraError, match="password"):
        camera_at(server.address).open()
    with opened(camera_at(server.address.replace("//", "//me:secret@"))) as camera:
        next_frame(camera)
    with pytest.raises(CameraNotFound) as caught:
        camera_at("http://me:secret@127.0.0.1:9/stream").open()
    assert "secret" not in str(caught.value)


def test_open_camera_gives_an_open_one(server: MjpegServer) -> None:
    camera = open_camera("front", CameraSpec(source=server.address, width_px=64, height_px=48))
    try:
        next_frame(camera)
    finally:
        camera.close()


class TestReader:
    """The reader's care for a camera that fails."""

    @pytest.fixture
    def reader(self, server: MjpegServer) -> Iterator[CameraReader]:
        reader = CameraReader(camera_at(server.address), lost_after_s=0.5)
        reader.start()
        wait_until(lambda: reader.health().frames > 3, "the first frames")
        yield reader
        reader.stop()

    def test_a_silent_camera_is_stale_by_age_and_opened_again(
        self, server: MjpegServer, reader: CameraReader
    ) -> None:
        server.flowing.clear()
        wait_until(lambda: reader.health().is_stale, "stale")
        health = reader.health()
        assert health.age_ms > 300
        wait_until(lambda: reader.health().last_error != "", "the loss noticed")
        assert "has sent nothing" in reader.health().last_error
        server.flowing.set()
        wait_until(lambda: not reader.health().is_stale, "fresh again")
        health = reader.health()
        assert health.reopened >= 1
        assert not health.error

    def test_a_stream_that_ends_is_opened_again(self, server: MjpegServer, reader: CameraReader) -> None:
        server.hang_up.set()
        wait_until(lambda: not reader.health().is_open, "the end noticed")
        assert "ended" in reader.health().last_error
        server.hang_up.clear()
        wait_until(lambda: reader.health().reopened >= 1 and not reader.health().is_stale, "fresh again")

    def test_reopen_on_request(self, server: MjpegServer, reader: CameraReader) -> None:
        connections = server.connections
        reader.reopen()
        wait_until(lambda: reader.health().reopened == 1 and not reader.health().is_stale, "opened again")
        assert server.connections > connections

    def test_frames_that_nobody_takes_are_counted(self, server: MjpegServer, reader: CameraReader) -> None:
        wait_until(lambda: reader.health().dropped > 0, "drops counted")
        frames = reader.take()
        newest = reader.newest()
        assert len(frames) == 32
        assert newest is not None
        assert newest.sequence >= frames[-1].sequence

    def test_a_black_picture_is_named(self, server: MjpegServer, reader: CameraReader) -> None:
        assert not reader.health().is_black
        server.pictures = [as_jpeg(numbered_picture(0) * 0)]
        wait_until(lambda: reader.health().is_black, "black noticed")

    def test_a_picture_that_repeats_is_named(self, server: MjpegServer, reader: CameraReader) -> None:
        assert not reader.health().is_repeating
        server.pictures = server.pictures[:1]
        wait_until(lambda: reader.health().is_repeating, "repeats noticed")

    def test_a_camera_that_repeats_itself_is_opened_again_ever_less_often(self, server: MjpegServer) -> None:
        server.pictures = server.pictures[:1]
        reader = CameraReader(camera_at(server.address), repeating_lost_after_s=0.2)
        reader.start()
        try:
            wait_until(lambda: reader.health().reopened >= 3, "opened again")
            assert "the very same picture" in reader.health().last_error
            server.pictures = [as_jpeg(numbered_picture(number)) for number in range(14)]
            wait_until(
                lambda: not reader.health().is_repeating and reader.health().is_open, "another picture"
            )
        finally:
            reader.stop()

    def test_a_picture_that_cannot_be_decoded_is_counted(
        self, server: MjpegServer, reader: CameraReader
    ) -> None:
        whole = as_jpeg(numbered_picture(0))
        header_only = whole[: whole.index(b"\xff\xda")]
        server.pictures = [header_only + b"\xff\xd9"]
        wait_until(lambda: reader.health().undecodable > 0, "broken pictures counted")

    def test_it_waits_for_a_camera_that_is_not_there_yet(self) -> None:
        reader = CameraReader(camera_at("http://127.0.0.1:9/stream"))
        reader.start()
        try:
            wait_until(lambda: reader.health().error != "", "the reason told")
            health = reader.health()
            assert "nothing answers" in health.error
            assert health.is_stale
            assert not health.is_open
        finally:
            reader.stop()
