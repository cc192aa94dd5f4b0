"""The sound of an episode by its capture times: to draw, and to play; free of Qt."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from app.gui.review.pyramid import Floats, Level, Pyramid, band_of
from recordings import AudioTrack
from recordings.layout import AUDIO_RATE_HZ

RUN_SAMPLES = 80
"""Samples of which the finest level of the drawing is made; nearer, the samples themselves are drawn."""
GAP_NS = 20_000_000
"""Blocks that are farther apart do not follow on one another; less is the jitter of their times."""

_ROOM = 4
_LEAST_PEAK = 1_000
"""Of 32,768: what is fainter is not drawn as if it were loud."""
_AT_ONCE = 1 << 18


class Sound:
    """Stretches of sound without a gap, each evenly between its first and its last block's time.

    So the drift of a microphone's clock is followed, and the jitter of the blocks' times is not heard.

    Args:
        track: as recorded, of at least one block.
    """

    def __init__(self, track: AudioTrack) -> None:
        counts = np.diff(track.first_sample, append=len(track.samples))
        ends_ns = track.time_ns + counts * 1_000_000_000 // AUDIO_RATE_HZ
        parted = np.flatnonzero(np.abs(track.time_ns[1:] - ends_ns[:-1]) > GAP_NS) + 1
        begins, lasts = np.concatenate(([0], parted)), np.append(parted - 1, len(counts) - 1)
        self._samples = track.samples
        self._first: NDArray[np.int64] = track.first_sample[begins]
        self._end: NDArray[np.int64] = track.first_sample[lasts] + counts[lasts]
        self._start_ns: NDArray[np.int64] = track.time_ns[begins]
        self._end_ns: NDArray[np.int64] = ends_ns[lasts]
        self._per_ns = (self._end - self._first) / (self._end_ns - self._start_ns)
        self._end_ns[:-1] = np.minimum(self._end_ns[:-1], self._start_ns[1:])
        low, high, times = [], [], []
        for number in range(len(begins)):
            runs = np.arange(self._first[number], self._end[number], RUN_SAMPLES)
            for part in np.split(runs, range(_AT_ONCE // RUN_SAMPLES, len(runs), _AT_ONCE // RUN_SAMPLES)):
                heard = self._samples[part[0] : min(part[-1] + RUN_SAMPLES, self._end[number])]
                low.append(np.minimum.reduceat(heard, part - part[0]))
                high.append(np.maximum.reduceat(heard, part - part[0]))
            times.append(self._times(number, runs))
        self._pyramid = Pyramid.over(_level(times, low, high, self._end_ns))
        loudest = max(int(np.max(np.concatenate(high))), -int(np.min(np.concatenate(low))))
        self.peak = max(loudest, _LEAST_PEAK)
        """The greatest value, which is drawn as high as there is room."""

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """From when to when nothing was heard, between the first sound and the last."""
        ends, starts = self._end_ns[:-1].tolist(), self._start_ns[1:].tolist()
        return [(end, start) for end, start in zip(ends, starts, strict=True) if start > end]

    def has(self, time_ns: int) -> bool:
        """Whether there is sound of that moment."""
        at = bisect_right(self._start_ns, time_ns) - 1
        return at >= 0 and time_ns < self._end_ns[at]

    def cut(self, from_ns: int, count: int) -> NDArray[np.int16]:
        """So many samples (count,) int16 from a moment on, silence where there are none."""
        heard = np.zeros(count, np.int16)
        to_ns = from_ns + count * 1_000_000_000 // AUDIO_RATE_HZ
        for number in self._within(from_ns, to_ns):
            begin = round((max(int(self._start_ns[number]), from_ns) - from_ns) * AUDIO_RATE_HZ / 1e9)
            first = self._index(number, max(int(self._start_ns[number]), from_ns))
            last = min(first + count - begin, self._index(number, min(int(self._end_ns[number]), to_ns)) + 1)
            run = self._samples[first : min(last, int(self._end[number]))]
            heard[begin : begin + len(run)] = run
        return heard

    def band(self, from_ns: int, to_ns: int, columns: int) -> tuple[Floats, Floats]:
        """Least and greatest value in each column of pixels; see `Pyramid.band`. No line runs through a gap."""
        if (to_ns - from_ns) * AUDIO_RATE_HZ / 1e9 > _ROOM * columns * RUN_SAMPLES:
            return self._pyramid.band(from_ns, to_ns, columns)
        x, y = [], []
        for number in self._within(from_ns, to_ns):
            first = max(self._index(number, from_ns) - 1, int(self._first[number]))
            last = min(self._index(number, to_ns) + 2, int(self._end[number]))
            times = self._times(number, np.arange(first, last))
            x += [times, self._end_ns[number : number + 1]]
            y += [self._samples[first:last].astype(np.float64), np.array([np.nan])]
        if not x:
            return np.full(columns, np.nan), np.full(columns, np.nan)
        at = (np.concatenate(x) - from_ns).astype(np.float64) * (columns / (to_ns - from_ns))
        values = np.concatenate(y)
        return band_of(at, values, values, columns)

    def _within(self, from_ns: int, to_ns: int) -> Iterator[int]:
        yield from range(bisect_right(self._end_ns, from_ns), bisect_left(self._start_ns, to_ns))

    def _index(self, number: int, time_ns: int) -> int:
        """The sample of a stretch at a moment, which may lie outside of it."""
        since = (time_ns - int(self._start_ns[number])) * float(self._per_ns[number])
        return int(self._first[number]) + round(since)

    def _times(self, number: int, samples: NDArray[np.int64]) -> NDArray[np.int64]:
        since = (samples - self._first[number]) / self._per_ns[number]
        return np.asarray(self._start_ns[number] + since.astype(np.int64), np.int64)


def _level(
    times: list[NDArray[np.int64]],
    low: list[NDArray[np.int16]],
    high: list[NDArray[np.int16]],
    ends_ns: NDArray[np.int64],
) -> Level:
    """Runs of all stretches, each stretch ended by a run that has no value."""
    lengths = np.cumsum([len(part) for part in times])
    joined, ended = np.concatenate(times), np.full(len(times), np.nan, np.float32)
    return Level(
        np.insert(joined, lengths, ends_ns),
        *(np.insert(np.concatenate(part).astype(np.float32), lengths, ended) for part in (low, high)),
    )
