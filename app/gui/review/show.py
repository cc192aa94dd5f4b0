"""One episode being shown: its reader, its player, its tiles and lanes, from opening to closing."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from app.gui.review.axis import TimeAxis
from app.gui.review.film import Film
from app.gui.review.film_lanes import FilmLanes
from app.gui.review.frames import frame_at, step_from
from app.gui.review.heard import Heard
from app.gui.review.lanes import EmptyLane, Lane
from app.gui.review.player import Player
from app.gui.review.reader import Reader
from app.gui.review.tile import SLOW_S, FilmGrid, FilmTile
from app.gui.review.timeline import Timeline
from app.gui.theme import Theme

TICK_MS, LEAST_TICK_MS = 16, 5
LOOK_MS = 4
"""Between two looks for pictures that were sought and are being decoded."""

CURVES = 3
CURVES_MOST = 6


class Show:
    """Brings player, reader and widgets together for one episode.

    Args:
        path: the episode's folder.
        grid: for its pictures.
        timeline: for its lanes.
        theme: colours.
        chosen: names of the numbers to draw; empty for those that move most.
        heard: plays its sound.
        tiers: the lanes of labels, for a film; they stand above its curves.
    """

    def __init__(
        self,
        path: Path,
        *,
        grid: FilmGrid,
        timeline: Timeline,
        theme: Theme,
        chosen: tuple[str, ...],
        heard: Heard,
        tiers: Callable[[Film], Sequence[Lane]] = lambda film: (),
    ) -> None:
        self.path = path
        self.reader = Reader(path)
        self.player = Player(0, 0)
        self._grid = grid
        self._timeline = timeline
        self._theme = theme
        self._chosen = chosen
        self._heard = heard
        self._tiers = tiers
        self._shown: Film | None = None
        self._lanes: FilmLanes | None = None
        self._seen = 0
        self._ticked_s = 0.0

    @property
    def film(self) -> Film | None:
        """What is shown, once it is open."""
        return self._shown

    @property
    def drawn(self) -> tuple[str, ...]:
        """Names of the numbers that are drawn."""
        film = self._shown
        if film is None:
            return ()
        known = [name for name in self._chosen if name in film.names]
        return tuple(known[:CURVES_MOST]) or _liveliest(film, CURVES)

    @property
    def numbers(self) -> list[tuple[str, bool]]:
        """Names of all numbers, and whether each is drawn."""
        drawn = self.drawn
        return [(name, name in drawn) for name in self._shown.names] if self._shown is not None else []

    def toggle(self, name: str | None) -> tuple[str, ...]:
        """Draw a number, or no longer; those that move most for None. Returns those chosen."""
        drawn = self.drawn
        names: tuple[str, ...] = ()
        if name is not None:
            names = tuple(n for n in drawn if n != name) if name in drawn else (*drawn, name)
        if self._shown is not None:
            names = tuple(n for n in self._shown.names if n in names)
        self._chosen = names
        self.show_lanes()
        return names

    def show_lanes(self) -> None:
        """Lay out the lanes anew, where a tier has come or gone."""
        film = self._shown
        if film is None:
            return
        if self._lanes is None or self._lanes.film is not film:
            self._lanes = FilmLanes(film)
        is_known = film.is_whole or bool(self._chosen)
        curves = self._lanes.curves(self.drawn) if is_known else [EmptyLane()] * min(CURVES, len(film.names))
        lanes = [*self._lanes.above, *self._tiers(film), *curves]
        self._timeline.show_lanes(lanes, self._timeline.axis)

    def tick(self) -> bool:
        """Move on and show what there is; says whether the episode is open."""
        self._seen, self._ticked_s = self.reader.progress, time.monotonic()
        film, shown = self.reader.film, self._shown
        if film is not None and (shown is None or (film.is_whole and not shown.is_whole)):
            self._take(film)
        if self._shown is None:
            return False
        now_ns = time.monotonic_ns()
        position = self.player.advance(now_ns)
        velocity = self.player.velocity
        self.reader.want(position, velocity)
        for number, tile in enumerate(self._grid.tiles):
            tile.show_still(self.reader.still(number, position, velocity), position)
        self._timeline.set_position(position, playing=self.player.playing)
        self._heard.follow(position, velocity, now_ns)
        return True

    @property
    def look_in_ms(self) -> int:
        """In how long the next tick has something to show; 0 for never, until somebody does something.

        While it plays that is when the next frame is due, so that none is shown late by half a period.
        """
        film, velocity, position = self._shown, self.player.velocity, self.player.position_ns
        if film is None:
            return LOOK_MS
        if not self.player.playing:
            return 0 if film.is_whole and self.reader.has_all(position, velocity) else LOOK_MS
        due_ns = TICK_MS * 1e6
        for camera in film.cameras if 0 < velocity <= 1 else ():
            later = frame_at(camera.time_ns, position) + 1
            if later < len(camera):
                due_ns = min(due_ns, (int(camera.time_ns[later]) - position) / velocity)
        return max(LEAST_TICK_MS, math.ceil(due_ns / 1e6))

    @property
    def waits(self) -> bool:
        """Whether a tick would show nothing new, for what is to be seen is still being read, and not for long."""
        if self.player.playing or self.reader.problem or self.reader.progress != self._seen:
            return False
        return time.monotonic() - self._ticked_s < SLOW_S

    def step(self, frames: int) -> None:
        """Go so many frames of the main camera on or back, and stand there."""
        film = self._shown
        if film is None:
            return
        now_ns = time.monotonic_ns()
        self.player.pause(now_ns)
        times = film.cameras[0].time_ns if film.cameras else film.time_ns
        self.player.seek(step_from(times, self.player.position_ns, frames), now_ns)

    def jump(self, seconds: float) -> None:
        """Go so many seconds on or back."""
        self.seek(self.player.position_ns + round(seconds * 1e9))

    def seek(self, time_ns: int) -> None:
        """Go to a moment."""
        self.player.seek(time_ns, time.monotonic_ns())

    def mark(self, way: int) -> None:
        """Go to the next (1) or the last (-1) event or change of who drives."""
        film = self._shown
        if film is None:
            return
        marks = sorted({*(event.time_ns for event in film.events), *(span.start_ns for span in film.spans)})
        at = self.player.position_ns
        ahead = (
            [mark for mark in marks if mark > at] if way > 0 else [mark for mark in marks if mark < at][::-1]
        )
        self.seek(ahead[0] if ahead else film.end_ns if way > 0 else film.start_ns)

    def close(self) -> None:
        """Let go of the disk."""
        self.reader.close()
        self._heard.close()

    def reopen(self) -> None:
        """Read again after `close`, at the same place."""
        self.reader = Reader(self.path)

    def _take(self, film: Film) -> None:
        """Show an episode, or what has been read of it since."""
        if self._shown is None:
            self.player = Player(film.start_ns, film.end_ns)
            self._grid.show_tiles(
                tuple(FilmTile(camera, self._theme, captured=film.wall_words) for camera in film.cameras)
            )
            self._timeline.show_lanes((), TimeAxis(film.start_ns, film.end_ns))
        else:
            self.player.set_bounds(film.start_ns, film.end_ns)
            self._timeline.axis.set_bounds(film.start_ns, film.end_ns)
        self._shown = film
        self._heard.turn_to(film.sound)
        self.show_lanes()


def _liveliest(film: Film, count: int) -> tuple[str, ...]:
    went = film.travel
    best: Sequence[int] = sorted(sorted(range(len(went)), key=lambda number: -went[number])[:count])
    return tuple(film.names[number] for number in best)
