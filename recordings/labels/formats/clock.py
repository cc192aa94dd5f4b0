"""An episode's stretch of time, which labels lie in and which the formats count from."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from recordings.episode import Episode

MS = 1_000_000
"""A millisecond in ns: all that ELAN and WebVTT know of time."""

_NS = re.compile(r"\d{1,19}", re.ASCII)


@dataclass(frozen=True)
class EpisodeClock:
    """When an episode began and ended.

    Attributes:
        episode_id: Whose it is.
        start_ns: The first capture time of any stream; formats that know no capture times count from here.
        end_ns: The first moment after it: a tick after the last capture time of any stream, so a span can hold all.
    """

    episode_id: str
    start_ns: int
    end_ns: int

    @classmethod
    def of(cls, episode: Episode) -> EpisodeClock:
        """The clock of a recording; one without any rows has neither length nor start."""
        cameras = [f"cameras/{camera.name}" for camera in episode.attributes.cameras]
        streams = [episode.rows(path)["time_ns"] for path in ("state", *cameras, "audio")]
        firsts = [int(times[0]) for times in streams if len(times)]
        lasts = [int(times[-1]) for times in streams if len(times)]
        tick_ns = round(1e9 / episode.attributes.control_rate_hz)
        if not firsts:
            return cls(episode.attributes.id, 0, 0)
        return cls(episode.attributes.id, min(firsts), max(lasts) + tick_ns)

    def counted_from(self, said: str) -> EpisodeClock:
        """The clock of a file that says which capture time it counts from; this one where it says nothing sensible."""
        return replace(self, start_ns=int(said)) if _NS.fullmatch(said) is not None else self

    def shown_ms(self, start_ns: int, end_ns: int) -> tuple[int, int]:
        """A span in whole milliseconds from the start: never before it, never without length.

        One that begins inside the episode does so when it is rounded, too.
        """
        start_ms = self._rounded_ms(start_ns)
        if start_ns < self.end_ns:
            start_ms = min(start_ms, (self.end_ns - 1 - self.start_ns) // MS)
        start_ms = max(0, start_ms)
        return start_ms, max(start_ms + 1, self._rounded_ms(end_ns))

    def _rounded_ms(self, time_ns: int) -> int:
        return (time_ns - self.start_ns + MS // 2) // MS
