"""Small pictures of episodes for the list: asked for when a line is painted, made beside the GUI thread."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QStandardPaths, Qt
from PyQt6.QtGui import QImage

from app.gui.episodes.thumbnail_files import NoPicture, ThumbnailFiles

Pictures = tuple[QImage, QImage]
"""Large and small."""

SMALL_KEPT = 800
LARGE_KEPT = 6
WAITING = 120
"""Requests kept; the oldest are of lines that were scrolled past."""

SMALL_PX = 144
_IDLE_S = 2.0


def cache_folder() -> Path:
    """Where the files are: `understudy/thumbnails` under the user's cache directory."""
    root = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericCacheLocation)
    return Path(root) / "understudy" / "thumbnails"


class Thumbnails:
    """Gives what is there at once and fetches the rest, what was asked for last first.

    A thread of its own runs while there is something to fetch, and ends when idle or at `close`.

    Args:
        cache: for the files; by default the user's.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache or cache_folder()
        self._dataset = ""
        self._files: ThumbnailFiles | None = None
        self._small: OrderedDict[str, QImage | None] = OrderedDict()
        self._large: OrderedDict[str, QImage] = OrderedDict()
        self._problems: dict[str, str] = {}
        self._wanted: deque[str] = deque(maxlen=WAITING)
        self._done: deque[tuple[str, str, Pictures | str]] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._ending = False

    def of(self, dataset: str) -> None:
        """From now on the episodes of this dataset are meant."""
        if dataset != self._dataset:
            self._dataset = dataset
            self._files = ThumbnailFiles(Path(dataset), self._cache)
            self.forget()

    def forget(self, episode_id: str = "") -> None:
        """Look at an episode again when it is asked for; at all of them without one."""
        for held in (self._small, self._large, self._problems):
            if episode_id:
                held.pop(episode_id, None)
            else:
                held.clear()

    def small(self, episode_id: str) -> QImage | None:
        """A picture for a line; None while it is fetched or when there is none."""
        if episode_id in self._small:
            self._small.move_to_end(episode_id)
            return self._small[episode_id]
        self._fetch(episode_id)
        return None

    def large(self, episode_id: str) -> QImage | None:
        """The same, larger."""
        if episode_id in self._large:
            return self._large[episode_id]
        if episode_id not in self._problems:
            self._fetch(episode_id)
        return None

    def problem(self, episode_id: str) -> str:
        """Why there is no picture; empty when there is one, or it is not known yet."""
        return self._problems.get(episode_id, "")

    def arrived(self) -> list[str]:
        """Take in what was fetched since; the episodes it is about."""
        ids = []
        while self._done:
            dataset, episode_id, made = self._done.popleft()
            if dataset != self._dataset:
                continue
            ids.append(episode_id)
            if isinstance(made, str):
                self._problems[episode_id] = made
                self._small[episode_id] = None
            else:
                self._large[episode_id], self._small[episode_id] = made
            while len(self._small) > SMALL_KEPT:
                gone, _ = self._small.popitem(last=False)
                self._problems.pop(gone, None)
            while len(self._large) > LARGE_KEPT:
                self._large.popitem(last=False)
        return ids

    def close(self) -> None:
        """Fetch no more. What is asked for later begins anew."""
        with self._changed:
            self._wanted.clear()
            self._ending = True
            self._changed.notify()

    def _fetch(self, episode_id: str) -> None:
        if self._files is None:
            return
        with self._changed:
            if episode_id in self._wanted:
                return
            self._wanted.append(episode_id)
            self._ending = False
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="thumbnails", daemon=True)
                self._thread.start()

    def _next(self) -> tuple[str, ThumbnailFiles] | None:
        with self._changed:
            if not self._wanted and not self._ending:
                self._changed.wait(_IDLE_S)
            if self._ending or not self._wanted or self._files is None:
                self._thread = None
                return None
            return self._wanted.pop(), self._files

    def _run(self) -> None:
        while (job := self._next()) is not None:
            episode_id, files = job
            self._done.append((str(files.dataset), episode_id, _pictures(files, episode_id)))


def image_of(rgb: NDArray[np.uint8]) -> QImage:
    """A picture of its own memory, (H, W, 3) uint8 RGB, in the format that is painted fastest."""
    height, width, _ = rgb.shape
    pixels = np.ascontiguousarray(rgb)
    buffer = cast(bytes, pixels.data)  # any buffer will do; PyQt6's stubs only know bytes
    return QImage(buffer, width, height, 3 * width, QImage.Format.Format_RGB888).convertToFormat(
        QImage.Format.Format_RGB32
    )


def _pictures(files: ThumbnailFiles, episode_id: str) -> Pictures | str:
    """Large and small, or why there is none."""
    try:
        large = image_of(files.picture(episode_id))
    except NoPicture as error:
        return str(error)
    keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    return large, large.scaled(SMALL_PX, SMALL_PX, keep, smooth)
