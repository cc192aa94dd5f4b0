"""The lanes that show what was recorded, made once for a film."""

from __future__ import annotations

from collections.abc import Sequence

from app.gui.review.curve_lane import CurveLane
from app.gui.review.film import Film
from app.gui.review.lanes import EmptyLane, EventLane, GapLane, Lane, RulerLane, SpanLane
from app.gui.review.sound_lane import HEIGHT_PX, SoundLane


class FilmLanes:
    """What stands above the labels and below them.

    Before the film is whole there are as many as there will be, so that the pictures keep their places.

    Attributes:
        film: what they show.
        above: those above the labels.
    """

    def __init__(self, film: Film) -> None:
        self.film = film
        self._curves: dict[str, CurveLane] = {}
        self.above: list[Lane] = [RulerLane(film), SpanLane(film.spans)]
        event_lane, gap_lane = EventLane(film.events), GapLane(film)
        if event_lane.events or (film.counts.events and not film.is_whole):
            self.above.append(event_lane)
        if gap_lane.gaps:
            self.above.append(gap_lane)
        if film.sound is not None:
            self.above.append(SoundLane(film.sound))
        elif film.counts.audio_blocks and not film.is_whole:
            self.above.append(EmptyLane(HEIGHT_PX))

    def curves(self, names: Sequence[str]) -> list[CurveLane]:
        """The curves of these numbers."""
        for name in names:
            if name not in self._curves:
                self._curves[name] = CurveLane(self.film, self.film.names.index(name))
        return [self._curves[name] for name in names]
