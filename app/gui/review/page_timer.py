"""Times what a reviewer waits for on the Review page, in the window's own thread and as painted: for the bench."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from PyQt6.QtCore import QCoreApplication, QEventLoop, QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent

from app.gui.labels.lanes import ReadSpansLane
from app.gui.pages.review import ReviewPage
from app.gui.review.axis import TimeAxis
from app.gui.review.film import Film
from app.gui.review.frames import frame_at
from recordings.labels import SpanLabel, Tier

_PATIENCE_S = 60.0
_NOTCH = 120
_TEXT = "pick up the plate"


class PageTimer:
    """Turns the event loop until what was asked for has been painted. Call it in the GUI thread only.

    Args:
        page: on screen, with no episode that plays.
    """

    def __init__(self, page: ReviewPage) -> None:
        self._page = page

    def until_painted_s(self, act: Callable[[], None], episode_id: str) -> float:
        """Seconds from an act that opens an episode to the first picture of each of its cameras.

        Raises:
            TimeoutError: they do not come.
        """

        def painted() -> bool:
            film = self._page.open_film
            return film is not None and film.episode_id == episode_id and self._shown(film) == self._due(film)

        began_s = time.perf_counter()
        act()
        return self._wait(painted, f"the first pictures of {episode_id}") - began_s

    def until_read_s(self, act: Callable[[], None]) -> float:
        """Seconds from an act to when everything but pictures is there, and what is suggested has been worked out."""
        page = self._page
        began_s = time.perf_counter()
        act()
        done_s = self._wait(lambda: page.is_read and page.labelling.is_prompted, "curves, sound, suggestions")
        return done_s - began_s

    def seeks_ms(self, times_ns: Sequence[int]) -> list[float]:
        """For each moment, milliseconds from asking for it on the timeline to the stored frame of every camera."""
        film = self._film
        took = []
        for time_ns in times_ns:
            began_s = time.perf_counter()
            self._page.timeline.sought.emit(time_ns)
            done_s = self._wait(lambda: self._shown(film) == self._due(film), f"the frames of {time_ns} ns")
            took.append(1000 * (done_s - began_s))
        return took

    def late_share(self, seconds: float) -> float:
        """Play at the speed of life; the share of frames, over all cameras, not shown within a period of being due."""
        film, player = self._film, self._page.player
        if player is None:
            raise RuntimeError("there is nothing to play")
        seen: list[dict[int, int]] = [{} for _ in film.cameras]
        from_ns, began_ns = player.position_ns, time.monotonic_ns()
        self._page.toggle()
        while time.monotonic_ns() - began_ns < seconds * 1e9:
            self._turn()
            now_ns = time.monotonic_ns()
            for shown, index in zip(seen, self._shown(film), strict=True):
                shown.setdefault(index, now_ns)
        self._page.pause()
        late = count = 0
        for camera, shown in zip(film.cameras, seen, strict=True):
            period_ns = round(1e9 / camera.camera.rate_hz)
            first, last = np.searchsorted(
                camera.time_ns, (from_ns + 1, from_ns + seconds * 1e9 - 2 * period_ns)
            )
            for index in range(int(first), int(last)):
                due_ns = began_ns + int(camera.time_ns[index]) - from_ns
                count += 1
                late += shown.get(index, due_ns + 2 * period_ns) - due_ns > period_ns
        return late / max(count, 1)

    def views_hz(self, seconds: float, *, labels: int) -> float:
        """Turn the wheel with so many labels on the axis; how many other views are painted a second."""
        film, timeline = self._film, self._page.timeline
        lanes, axis = timeline.lanes, timeline.axis
        edges = np.linspace(film.start_ns, film.end_ns, labels + 1).astype(np.int64).tolist()
        spans = [
            SpanLabel(id=str(number), tier=Tier.SUBTASK, start_ns=start, end_ns=end, text=_TEXT)
            for number, (start, end) in enumerate(pairwise(edges))
        ]
        lane = ReadSpansLane("labels", spans)
        timeline.show_lanes([*lanes, lane], TimeAxis(film.start_ns, film.end_ns))
        self._turn()
        views, began_s = 0, time.perf_counter()
        while time.perf_counter() - began_s < seconds:
            in_and_out = 1 if views // 20 % 2 == 0 else -1
            self._wheel(in_and_out, pans=views % 2 == 1)
            timeline.repaint()
            views += 1
        rate = views / (time.perf_counter() - began_s)
        timeline.show_lanes(lanes, axis)
        return rate

    def _wheel(self, notches: int, *, pans: bool) -> None:
        timeline = self._page.timeline
        at = QPointF(0.6 * timeline.width(), timeline.height() / 2)
        shift = Qt.KeyboardModifier.ShiftModifier if pans else Qt.KeyboardModifier.NoModifier
        turned = QPoint(0, notches * _NOTCH)
        buttons, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
        where = timeline.mapToGlobal(at)
        event = QWheelEvent(at, where, QPoint(), turned, buttons, shift, phase, False)
        QCoreApplication.sendEvent(timeline, event)

    @property
    def _film(self) -> Film:
        film = self._page.open_film
        if film is None:
            raise RuntimeError("no episode is open")
        return film

    def _due(self, film: Film) -> list[int]:
        """The stored frame of each camera at the playhead."""
        player = self._page.player
        at_ns = player.position_ns if player is not None else film.start_ns
        return [frame_at(camera.time_ns, at_ns) for camera in film.cameras]

    def _shown(self, film: Film) -> list[int]:
        """The frame of each camera that was painted last."""
        tiles = self._page.grid.tiles
        if len(tiles) != len(film.cameras):
            return []
        return [tile.painted.index if tile.painted is not None else -1 for tile in tiles]

    def _wait(self, done: Callable[[], bool], what: str) -> float:
        """Turn the event loop until it is done; when that was."""
        deadline_s = time.perf_counter() + _PATIENCE_S
        while not done():
            if time.perf_counter() > deadline_s:
                raise TimeoutError(f"waited {_PATIENCE_S:.0f} s for {what}")
            self._turn()
        return time.perf_counter()

    def _turn(self) -> None:
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
