"""Opens an episode and decodes its pictures, beside the GUI: what is looked at now first, then what comes next.

The newest wish wins: it is looked at again after every single picture, so that scrubbing never waits for where one was.
Two threads decode. The second one first reads what is no picture, so that nobody waits for it to see the first of them.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtGui import QImage

from app.gui.episodes.thumbnails import image_of
from app.gui.review.film import Film, open_film, read_rest
from app.gui.review.frames import frame_at
from recordings import CameraFrames, Episode, RecordingError

BUDGET_BYTES = 192 * 2**20
AHEAD = 12
"""Pictures of each camera that are decoded before they are due, while it plays; fewer when they fill the budget."""

_AHEAD_SHARE = 0.5
_NEIGHBOURS = (1, -1, 2, -2)
"""While it stands, the frames that a step would go to."""
STANDS_S = 0.1
"""From when on it stands: while somebody scrubs, nothing is decoded that is only near."""


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
        self._wished_s = 0.0
        self._held: OrderedDict[tuple[int, int], Still] = OrderedDict()
        self._held_bytes = 0
        self._changed = threading.Condition()
        self._closed = False
        self._under_way: set[tuple[int, int]] = set()
        self.decoded = 0
        """Pictures decoded so far."""
        self._threads = [threading.Thread(target=self._open, name="review", daemon=True)]
        self._threads[0].start()

    @property
    def film(self) -> Film | None:
        """What was read of the episode, first only its cameras; None while it is being opened, or cannot be."""
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
                self._wish, self._wished_s = wish, time.monotonic()
                self._changed.notify_all()

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

    @property
    def progress(self) -> int:
        """Grows whenever there is something new to show."""
        film = self._film
        return self.decoded + (0 if film is None else 2 if film.is_whole else 1)

    def has_all(self, position_ns: int, velocity: float) -> bool:
        """Whether the frame of every camera that has one of that moment is decoded."""
        film = self._film
        if film is None:
            return False
        indices = [index_at(camera, position_ns, velocity) for camera in film.cameras]
        with self._changed:
            return all(index < 0 or (number, index) in self._held for number, index in enumerate(indices))

    def close(self) -> None:
        """Read no more, and let go of the pictures; the thread ends after the one that it is at."""
        with self._changed:
            self._closed = True
            self._held.clear()
            self._held_bytes = 0
            self._changed.notify_all()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread's end; whether it came."""
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:  # the second one is there before the first one ends
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _open(self) -> None:
        try:
            episode, film = open_film(self._path)
        except (RecordingError, OSError, ValueError) as error:
            self._problem = str(error)
            return
        self._film = film
        other = threading.Thread(
            target=self._read_rest, args=(episode, film), name="review-rows", daemon=True
        )
        self._threads.append(other)
        other.start()
        self._decode(film)

    def _read_rest(self, episode: Episode, film: Film) -> None:
        if not self._closed:
            self._film = read_rest(episode, film)
        self._decode(film)

    def _decode(self, film: Film) -> None:
        while (job := self._next(film)) is not None:
            camera, index = job
            self._keep(job, _decoded(film.cameras[camera], index))

    def _next(self, film: Film) -> tuple[int, int] | None:
        """The most wanted picture that is not there yet; waits while there is none, None at the end."""
        with self._changed:
            while not self._closed:
                wait_s = None
                if self._wish is not None:
                    if self._wish.velocity == 0:
                        wait_s = self._wished_s + STANDS_S - time.monotonic()
                        wait_s = wait_s if wait_s > 0 else None
                    for job in self._jobs(film, self._wish, only_now=wait_s is not None):
                        if job not in self._held and job not in self._under_way:
                            self._under_way.add(job)
                            return job
                self._changed.wait(wait_s)
        return None

    def _jobs(self, film: Film, wish: _Wish, *, only_now: bool) -> Iterator[tuple[int, int]]:
        """The pictures of this moment, then those that come next, each camera in turn."""
        indices = [index_at(camera, wish.position_ns, wish.velocity) for camera in film.cameras]
        for number, index in enumerate(indices):
            if index >= 0:
                yield number, index
        if only_now:
            return
        stride = _stride(wish.velocity)
        for step in self._steps(film, wish):
            for number, (camera, index) in enumerate(zip(film.cameras, indices, strict=True)):
                if 0 <= index + step * stride < len(camera):
                    yield number, index + step * stride

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
            self._under_way.discard(job)
            if self._closed:
                return
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
