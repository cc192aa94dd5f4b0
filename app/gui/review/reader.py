"""Opens an episode and decodes its pictures, in a thread of its own: what is looked at now first, then what comes next.

The newest wish wins: it is looked at again after every single picture, so that scrubbing never waits for where one was.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtGui import QImage

from app.gui.episodes.thumbnails import image_of
from app.gui.review.film import Film, read_film
from app.gui.review.frames import frame_at
from recordings import CameraFrames, RecordingError

BUDGET_BYTES = 192 * 2**20
AHEAD = 12
"""Pictures of each camera that are decoded before they are due, while it plays; fewer when they fill the budget."""

_AHEAD_SHARE = 0.5
_NEIGHBOURS = (1, -1, 2, -2)
"""While it stands, the frames that a step would go to."""


@dataclass(frozen=True)
class Still:
    """One stored frame.

    Attributes:
        index: its number in its camera's stream.
        time_ns: when it was captured.
        image: the picture, or None.
        problem: why there is none, with what to do.
    """

    index: int
    time_ns: int
    image: QImage | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Wish:
    position_ns: int
    velocity: float


class Reader:
    """Reads from the moment it is made until `close`. Every method returns at once.

    Args:
        path: the episode's folder.
        budget_bytes: what the decoded pictures may take.
    """

    def __init__(self, path: Path, *, budget_bytes: int = BUDGET_BYTES) -> None:
        self._path = path
        self._budget_bytes = budget_bytes
        self._film: Film | None = None
        self._problem = ""
        self._wish: _Wish | None = None
        self._held: OrderedDict[tuple[int, int], Still] = OrderedDict()
        self._held_bytes = 0
        self._changed = threading.Condition()
        self._closed = False
        self.decoded = 0
        """Pictures decoded so far."""
        self._thread = threading.Thread(target=self._run, name="review", daemon=True)
        self._thread.start()

    @property
    def film(self) -> Film | None:
        """What was read of the episode; None while it is being opened, or when it cannot be."""
        return self._film

    @property
    def problem(self) -> str:
        """Why the episode cannot be opened; empty while it can."""
        return self._problem

    def want(self, position_ns: int, velocity: float) -> None:
        """Say where the playhead is and how it moves; what was wished before counts no more."""
        wish = _Wish(position_ns, velocity)
        with self._changed:
            if wish != self._wish:
                self._wish = wish
                self._changed.notify()

    def still(self, camera: int, position_ns: int, velocity: float) -> Still | None:
        """A camera's frame of that moment, if it is decoded; None while it is not, or where there is none."""
        film = self._film
        if film is None:
            return None
        index = index_at(film.cameras[camera], position_ns, velocity)
        with self._changed:
            still = self._held.get((camera, index))
            if still is not None:
                self._held.move_to_end((camera, index))
            return still

    def close(self) -> None:
        """Read no more, and let go of the pictures; the thread ends after the one that it is at."""
        with self._changed:
            self._closed = True
            self._held.clear()
            self._held_bytes = 0
            self._changed.notify()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread's end; whether it came."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._film = film = read_film(self._path)
        except (RecordingError, OSError, ValueError) as error:
            self._problem = str(error)
            return
        while (job := self._next(film)) is not None:
            camera, index = job
            self._keep(job, _decoded(film.cameras[camera], index))

    def _next(self, film: Film) -> tuple[int, int] | None:
        """The most wanted picture that is not there yet; waits while there is none, None at the end."""
        with self._changed:
            while not self._closed:
                if self._wish is not None:
                    for job in self._jobs(film, self._wish):
                        if job not in self._held:
                            return job
                self._changed.wait()
        return None

    def _jobs(self, film: Film, wish: _Wish) -> Iterator[tuple[int, int]]:
        """The pictures of this moment, then those that come next, each camera in turn."""
        cameras = list(enumerate(film.cameras))
        for number, camera in cameras:
            index = index_at(camera, wish.position_ns, wish.velocity)
            if index >= 0:
                yield number, index
        for step in self._steps(film, wish):
            for number, camera in cameras:
                stride = _stride(wish.velocity)
                index = index_at(camera, wish.position_ns, wish.velocity) + step * stride
                if 0 <= index < len(camera):
                    yield number, index

    def _steps(self, film: Film, wish: _Wish) -> tuple[int, ...]:
        at_once = sum(4 * c.camera.width_px * c.camera.height_px for c in film.cameras)
        ahead = min(AHEAD, int(_AHEAD_SHARE * self._budget_bytes / max(at_once, 1)))
        if wish.velocity == 0:
            return _NEIGHBOURS[:ahead]
        way = 1 if wish.velocity > 0 else -1
        return tuple(way * step for step in range(1, ahead + 1))

    def _keep(self, job: tuple[int, int], still: Still) -> None:
        with self._changed:
            self.decoded += 1
            self._held[job] = still
            self._held_bytes += _bytes_of(still)
            while self._held_bytes > self._budget_bytes and len(self._held) > 1:
                _, gone = self._held.popitem(last=False)
                self._held_bytes -= _bytes_of(gone)


def index_at(camera: CameraFrames, position_ns: int, velocity: float) -> int:
    """The frame that is shown of a camera: the newest one not after the moment; -1 before the first.

    Past the speed of life, every second, fourth or eighth frame stands for those that nobody could see, so that what
    comes next is known and decoded in time.
    """
    index = frame_at(camera.time_ns, position_ns)
    return index - index % _stride(velocity) if index >= 0 else index


def _stride(velocity: float) -> int:
    return max(1, math.floor(abs(velocity)))


def _decoded(camera: CameraFrames, index: int) -> Still:
    time_ns = int(camera.time_ns[index])
    try:
        return Still(index, time_ns, image_of(camera.frame(index)))
    except (RecordingError, OSError) as error:
        return Still(index, time_ns, problem=str(error))


def _bytes_of(still: Still) -> int:
    return still.image.sizeInBytes() if still.image is not None else 0
