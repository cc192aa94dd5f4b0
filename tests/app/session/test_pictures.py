"""The newest pictures for the screen: both encodings are shown, and a broken one is passed over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.dataplane import DataPlane
from app.dataplane.layouts import FRAME_HEADER, JPEG, RGB, frame_topic
from app.session.pictures import Pictures
from recordings import encode_jpeg
from tests.support.far_end import sim_kitchen

PROFILE = sim_kitchen()
CAMERA = PROFILE.cameras["front"]
GREY = np.full((CAMERA.height_px, CAMERA.width_px, 3), 90, np.uint8)


@pytest.fixture
def plane(runtime_dir: Path) -> Iterator[DataPlane]:
    plane = DataPlane(runtime_dir)
    yield plane
    plane.close()


def frame(body: bytes, *, encoding: int, number: int) -> tuple[bytes, bytes]:
    header = np.zeros(1, FRAME_HEADER)
    header[0] = (1_000 + number, number, CAMERA.height_px, CAMERA.width_px, encoding, 0)
    return header.tobytes(), body


def test_a_broken_picture_is_passed_over_and_the_next_one_shown(plane: DataPlane) -> None:
    pictures = Pictures(PROFILE, plane)
    camera = plane.publisher(frame_topic("front", CAMERA))
    jpeg = encode_jpeg(GREY, 80)

    camera.send(*frame(jpeg, encoding=JPEG, number=1))
    pictures.poll()
    for number, broken in ((2, jpeg[:40]), (3, b""), (4, b"no picture at all")):
        camera.send(*frame(broken, encoding=JPEG, number=number))
        pictures.poll()
    shown = pictures.newest("front")
    assert shown is not None
    assert (shown.sequence, shown.time_ns) == (1, 1_001)
    assert np.abs(shown.image.astype(int) - GREY).max() < 4

    camera.send(*frame(GREY.tobytes(), encoding=RGB, number=5))
    pictures.poll()
    shown = pictures.newest("front")
    assert shown is not None
    assert shown.sequence == 5
    assert np.array_equal(shown.image, GREY)
    assert not shown.image.flags.writeable
    assert pictures.newest("back") is None
