from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from app.gui.picture_scaler import IDLE_S, PictureScaler
from app.session.view import FrameView


class Source:
    """One camera whose pictures a test makes."""

    def __init__(self) -> None:
        self.newest: FrameView | None = None
        self.asked = 0

    def show(self, value: int, sequence: int) -> None:
        image = np.zeros((30, 40, 3), np.uint8)
        image[..., 0] = value
        self.newest = FrameView(camera="front", time_ns=sequence, sequence=sequence, image=image)

    def frame(self, camera: str) -> FrameView | None:
        self.asked += 1
        return self.newest if camera == "front" else None


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def scaler(source: Source) -> Iterator[PictureScaler]:
    made = PictureScaler(source.frame)
    yield made
    made.stop()


def wait_for(scaler: PictureScaler, size: tuple[int, int], sequence: int) -> FrameView:
    """Ask as a window does until the picture is there at its size."""
    deadline = time.monotonic() + 20.0
    while time.monotonic() < deadline:
        found = scaler.newest({"front": size})["front"]
        if found is not None and found.sequence == sequence and found.image.shape == (size[1], size[0], 4):
            return found
        time.sleep(0.01)
    raise TimeoutError(f"no picture {sequence} of {size}")


def test_pictures_come_at_the_size_asked_for_and_in_the_screens_order(
    source: Source, scaler: PictureScaler
) -> None:
    source.show(200, 1)
    assert wait_for(scaler, (80, 60), 1).image[30, 40].tolist() == [0, 0, 200, 255]
    source.show(90, 2)
    assert wait_for(scaler, (20, 15), 2).image[7, 10].tolist() == [0, 0, 90, 255]


def test_what_is_not_scaled_yet_comes_as_it_is(source: Source, scaler: PictureScaler) -> None:
    assert scaler.newest({"front": (80, 60)})["front"] is None
    source.show(200, 1)
    first = scaler.newest({"front": (64, 48)})["front"]
    assert first is not None
    assert first.image.shape in ((30, 40, 3), (48, 64, 4))
    assert scaler.newest({"back": (64, 48)}) == {"back": None}


def test_a_picture_is_scaled_once(source: Source, scaler: PictureScaler) -> None:
    source.show(200, 1)
    first = wait_for(scaler, (80, 60), 1)
    time.sleep(0.05)
    assert scaler.newest({"front": (80, 60)})["front"] is first


def test_nobody_looks_when_nobody_asks(source: Source, scaler: PictureScaler) -> None:
    source.show(200, 1)
    wait_for(scaler, (80, 60), 1)
    time.sleep(2 * IDLE_S + 0.3)
    before = source.asked
    time.sleep(0.2)
    assert source.asked == before
    source.show(90, 2)
    wait_for(scaler, (80, 60), 2)


def test_after_an_end_it_begins_again_when_asked(source: Source, scaler: PictureScaler) -> None:
    source.show(200, 1)
    wait_for(scaler, (80, 60), 1)
    scaler.stop()
    source.show(90, 2)
    wait_for(scaler, (80, 60), 2)
