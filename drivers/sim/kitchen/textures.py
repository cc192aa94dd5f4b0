"""The kitchen's surfaces, drawn by arithmetic: planks, tiles, stone, and the soft dark spot under a thing.

All are (H, W, 3 or 4) uint8 and come out the same every time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

_WOOD = np.array([196.0, 160.0, 118.0])
_TILE = np.array([224.0, 236.0, 231.0])
_GROUT = np.array([196.0, 208.0, 203.0])
_STONE = np.array([172.0, 163.0, 151.0])


def planks(size: int = 512, *, rows: int = 8) -> Image:
    """A floor of boards: `rows` of them, each cut in two, no two of the same tone."""
    rng = np.random.default_rng(1)
    height = size // rows
    picture = np.empty((size, size, 3))
    grain = _smooth_noise(rng, size, cells=(size // 2, 6))
    for row in range(rows):
        band = slice(row * height, (row + 1) * height)
        cut = int(rng.uniform(0.2, 0.8) * size)
        for part in (slice(0, cut), slice(cut, size)):
            tone = rng.uniform(0.92, 1.05)
            picture[band, part] = _WOOD * tone * (1 + 0.10 * grain[band, part, None])
        picture[band, cut - 1 : cut + 1] *= 0.72
        picture[row * height : row * height + 2] *= 0.72
    return _as_image(picture)


def tiles(size: int = 256, *, grout_px: int = 5) -> Image:
    """Four wall tiles, the upper two shifted by half a tile, with a soft glaze."""
    rng = np.random.default_rng(2)
    half = size // 2
    picture = np.empty((size, size, 3))
    for row in range(2):
        for column in range(2):
            tone = _TILE * rng.uniform(0.97, 1.02)
            top, left = row * half, column * half + row * half // 2
            columns = np.arange(left, left + half) % size
            picture[top : top + half, columns] = tone
            picture[top : top + half, columns[:grout_px]] = _GROUT
        picture[row * half : row * half + grout_px] = _GROUT
    return _as_image(picture)


def stone(size: int = 512) -> Image:
    """A worktop of pale stone: slow clouds, fine specks."""
    rng = np.random.default_rng(3)
    clouds = _smooth_noise(rng, size, cells=(7, 7)) + 0.5 * _smooth_noise(rng, size, cells=(23, 23))
    picture = _STONE * (1 + 0.035 * clouds[..., None])
    specks = rng.random((size, size))
    picture[specks > 0.985] *= 0.86
    picture[specks < 0.010] *= 1.10
    return _as_image(picture)


def blob(size: int = 64) -> Image:
    """A round shadow for under a thing: (size, size, 4), black, its opacity fading at the edge."""
    y, x = np.mgrid[0:size, 0:size] + 0.5
    radius = np.hypot(x - size / 2, y - size / 2) / (size / 2)
    fade = np.clip((1.0 - radius) / 0.5, 0.0, 1.0)
    picture = np.zeros((size, size, 4), np.uint8)
    picture[..., 3] = (150 * fade * fade * (3 - 2 * fade)).astype(np.uint8)
    return picture


def _smooth_noise(rng: np.random.Generator, size: int, *, cells: tuple[int, int]) -> NDArray[np.float64]:
    """Noise in about [-1, 1], (size, size), bilinear between `cells` random values a side, without a seam."""
    values = rng.uniform(-1.0, 1.0, cells)
    rows = np.arange(size) * cells[0] / size
    columns = np.arange(size) * cells[1] / size
    i, j = rows.astype(int), columns.astype(int)
    u, v = (rows - i)[:, None], (columns - j)[None, :]
    down, right = (i + 1) % cells[0], (j + 1) % cells[1]
    top = values[np.ix_(i, j)] * (1 - v) + values[np.ix_(i, right)] * v
    bottom = values[np.ix_(down, j)] * (1 - v) + values[np.ix_(down, right)] * v
    return np.asarray(top * (1 - u) + bottom * u)


def _as_image(picture: NDArray[np.float64]) -> Image:
    return np.clip(picture, 0, 255).astype(np.uint8)
