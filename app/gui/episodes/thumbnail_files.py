"""One small picture for each episode: the front camera near the middle, kept as a file among the user's caches.

Everything here reads the disk, so it runs beside the GUI thread; free of Qt's widgets.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.gui.camera_order import camera_rank
from recordings import DamagedData, Episode, FrameMissing, RecordingError, encode_jpeg
from recordings.frames import decode_frame
from recordings.spec import FrameEncoding

WIDTH_PX, HEIGHT_PX = 320, 240
FILES_KEPT = 20_000
_QUALITY = 82
_TRIES = 5

Rgb = NDArray[np.uint8]


class NoPicture(Exception):
    """An episode has no picture to show; the message says why."""


class ThumbnailFiles:
    """Makes the pictures of a dataset's episodes, and remembers them in files.

    Args:
        dataset: the dataset's folder.
        cache: the folder of the user's caches for all datasets.
    """

    def __init__(self, dataset: Path, cache: Path) -> None:
        self.dataset = dataset
        name = hashlib.sha256(str(dataset.resolve()).encode()).hexdigest()[:16]
        self._folder = cache / name

    def picture(self, episode_id: str) -> Rgb:
        """An episode's picture, (H, W, 3) uint8, at most `WIDTH_PX` by `HEIGHT_PX`.

        Raises:
            NoPicture: there is none, or it cannot be read.
        """
        file = self._folder / f"{episode_id}.jpg"
        try:
            return decode_frame(file.read_bytes(), FrameEncoding.JPEG)
        except (OSError, DamagedData):
            made = _made(self._folder_of(episode_id))
        self._keep(file, made)
        return made

    def prune(self, kept: int = FILES_KEPT) -> None:
        """Remove the files that were made longest ago, past so many."""
        try:
            files = sorted(self._folder.glob("*.jpg"), key=lambda path: path.stat().st_mtime_ns)
        except OSError:
            return
        for file in files[: max(0, len(files) - kept)]:
            file.unlink(missing_ok=True)

    def _folder_of(self, episode_id: str) -> Path:
        there = self.dataset / "episodes" / episode_id
        return there if there.exists() else self.dataset / "trash" / episode_id

    def _keep(self, file: Path, rgb: Rgb) -> None:
        """A cache that cannot be written only costs time."""
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            draft = file.with_suffix(f".{os.getpid()}.draft")
            draft.write_bytes(encode_jpeg(rgb, _QUALITY))
            draft.replace(file)
        except OSError:
            return


def _made(folder: Path) -> Rgb:
    """The middle frame of the main camera, or the nearest to it that can be read."""
    try:
        episode = Episode(folder)
        cameras = [camera.name for camera in episode.attributes.cameras]
        if not cameras:
            raise NoPicture("it has no camera")
        frames = episode.camera(min(cameras, key=camera_rank))
    except RecordingError as error:
        raise NoPicture(str(error)) from error
    middle = len(frames) // 2
    problem = "it has no frame"
    for index in range(middle, min(middle + _TRIES, len(frames))):
        try:
            return _small(frames.frame(index))
        except (DamagedData, FrameMissing) as error:
            problem = str(error)
    raise NoPicture(problem)


def _small(rgb: Rgb) -> Rgb:
    height, width = rgb.shape[:2]
    scale = min(WIDTH_PX / width, HEIGHT_PX / height, 1.0)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX))
