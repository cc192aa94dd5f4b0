from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtGui import QColor, QImage

from app.gui import tokens
from app.gui.theme import Theme
from app.gui.widgets.camera_tile import CameraTile
from app.session.view import CameraView, FrameView

LIVE = CameraView(name="front", rate_hz=30, age_ms=20, dropped=0, stale=False, width_px=40, height_px=30)
STALE = replace(LIVE, stale=True, age_ms=2400)


@pytest.fixture
def tile(theme: Theme) -> CameraTile:
    made = CameraTile("front", theme, aspect=4 / 3)
    made.resize(400, 400)
    return made


def frame(value: int, sequence: int = 1) -> FrameView:
    image = np.full((30, 40, 3), value, np.uint8)
    return FrameView(camera="front", time_ns=0, sequence=sequence, image=image)


def shown(tile: CameraTile) -> QImage:
    return tile.grab().toImage()


def test_a_picture_keeps_its_proportions(tile: CameraTile) -> None:
    tile.apply(LIVE, frame(200))
    picture = tile.picture_rect()
    assert (picture.width(), picture.height()) == (400, 300)
    image = shown(tile)
    assert image.pixelColor(200, 200) == QColor(200, 200, 200)
    assert image.pixelColor(200, 380) == QColor(tokens.PICTURE_GROUND)


def test_the_colours_are_those_of_the_camera(tile: CameraTile) -> None:
    red = frame(0)
    red.image[..., 0] = 250
    tile.apply(LIVE, red)
    colour = shown(tile).pixelColor(200, 200)
    assert (colour.red(), colour.green(), colour.blue()) == (250, 0, 0)


def test_a_stale_picture_is_dimmed_and_says_since_when(tile: CameraTile) -> None:
    tile.apply(LIVE, frame(200))
    live = shown(tile).pixelColor(40, 300).lightness()
    tile.apply(STALE, frame(200))
    assert shown(tile).pixelColor(40, 300).lightness() < live / 2
    assert tile.caption == "frozen for 2.4 s"
    tile.apply(LIVE, frame(200, sequence=2))
    assert shown(tile).pixelColor(40, 300).lightness() == live


def test_the_picture_changes_only_with_its_sequence(tile: CameraTile) -> None:
    tile.apply(LIVE, frame(200))
    tile.apply(LIVE, frame(90))
    assert shown(tile).pixelColor(200, 200).red() == 200
    tile.apply(LIVE, frame(90, sequence=2))
    assert shown(tile).pixelColor(200, 200).red() == 90


def test_without_a_picture_it_says_so(tile: CameraTile) -> None:
    tile.apply(None, None)
    assert tile.caption == "no picture yet"
    assert not shown(tile).isNull()


def test_the_modes_hue_edges_the_tile(tile: CameraTile) -> None:
    tile.apply(LIVE, frame(200))
    tile.set_edge(tokens.TELEOP)
    assert shown(tile).pixelColor(1, 200) == QColor(tokens.TELEOP)


def test_a_row_padded_picture_is_not_sheared(tile: CameraTile) -> None:
    padded = np.zeros((30, 48, 3), np.uint8)
    padded[:, :20] = 255
    tile.apply(LIVE, FrameView(camera="front", time_ns=0, sequence=5, image=padded[:, :40]))
    image = shown(tile)
    assert image.pixelColor(100, 70).lightness() > 200
    assert image.pixelColor(100, 320).lightness() > 200
    assert image.pixelColor(300, 320).lightness() < 50


def test_a_picture_of_the_tiles_own_size_is_shown_as_it_is(tile: CameraTile) -> None:
    width, height = tile.picture_size
    random = np.random.default_rng(1)
    image = np.full((height, width, 4), 255, np.uint8)
    image[..., :3] = random.integers(0, 255, (height, width, 3))
    tile.apply(LIVE, FrameView(camera="front", time_ns=0, sequence=1, image=image))
    picture = tile.picture_rect()
    drawn = shown(tile).pixelColor(picture.left() + 200, picture.top() + 150)
    assert [drawn.blue(), drawn.green(), drawn.red()] == image[150, 200, :3].tolist()
