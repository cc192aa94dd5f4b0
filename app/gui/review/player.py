"""Where in an episode one is, and how it moves: one clock for every camera and curve; free of Qt and of the disk."""

from __future__ import annotations

RATES = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


class Player:
    """The playhead. Times are the episode's own (monotonic, in ns), so that what is shown is what was captured then.

    While it plays, its position follows the caller's clock from an anchor, so that it never drifts.

    Args:
        start_ns: the episode's first moment.
        end_ns: its last.

    Attributes:
        loop: whether it begins anew where it would end.
        loop_range: from when to when it then plays; None for the whole episode.
    """

    def __init__(self, start_ns: int, end_ns: int) -> None:
        self.start_ns = start_ns
        self.end_ns = max(start_ns, end_ns)
        self.loop = False
        self.loop_range: tuple[int, int] | None = None
        self._position_ns = start_ns
        self._rate = 1.0
        self._backwards = False
        self._anchor: tuple[int, int] | None = None  # the caller's time, and the position then

    def set_bounds(self, start_ns: int, end_ns: int) -> None:
        """The episode turns out to begin or end elsewhere; from its first moment, go to the true one."""
        if self._position_ns == self.start_ns and self._anchor is None:
            self._position_ns = start_ns
        self.start_ns, self.end_ns = start_ns, max(start_ns, end_ns)
        self._position_ns = min(max(self._position_ns, self.start_ns), self.end_ns)

    @property
    def position_ns(self) -> int:
        """Where the playhead is."""
        return self._position_ns

    @property
    def elapsed_s(self) -> float:
        """Seconds from the start."""
        return (self._position_ns - self.start_ns) / 1e9

    @property
    def length_s(self) -> float:
        """Seconds from start to end."""
        return (self.end_ns - self.start_ns) / 1e9

    @property
    def playing(self) -> bool:
        """Whether it moves by itself."""
        return self._anchor is not None

    @property
    def rate(self) -> float:
        """How fast, against life: one of `RATES`."""
        return self._rate

    @property
    def velocity(self) -> float:
        """The same with its direction; 0 while paused."""
        return 0.0 if self._anchor is None else -self._rate if self._backwards else self._rate

    def advance(self, now_ns: int) -> int:
        """Move to where it is at the caller's time; returns the position.

        At its end it stops or, in a loop, begins anew.
        """
        if self._anchor is None:
            return self._position_ns
        since_ns, from_ns = self._anchor
        position = from_ns + round((now_ns - since_ns) * self.velocity)
        first, last = self._bounds
        is_past = position < first if self._backwards else position > last
        if self.loop and is_past and last > first:
            self._position_ns = last if self._backwards else first
            self._anchor = (now_ns, self._position_ns)
        else:
            self._position_ns = min(max(position, self.start_ns), self.end_ns)
            if self._position_ns != position:
                self._anchor = None
        return self._position_ns

    @property
    def _bounds(self) -> tuple[int, int]:
        """From where to where it plays in a loop."""
        if self.loop_range is None:
            return self.start_ns, self.end_ns
        first, last = self.loop_range
        return max(first, self.start_ns), min(last, self.end_ns)

    def play(self, now_ns: int, *, backwards: bool = False) -> None:
        """Begin to move. From the end that it would run into, it begins at the other one."""
        self.advance(now_ns)
        if not backwards and self._position_ns >= self.end_ns:
            self._position_ns = self.start_ns
        elif backwards and self._position_ns <= self.start_ns:
            self._position_ns = self.end_ns
        self._backwards = backwards
        self._anchor = (now_ns, self._position_ns)

    def pause(self, now_ns: int) -> None:
        """Stand still."""
        self.advance(now_ns)
        self._anchor = None

    def toggle(self, now_ns: int) -> None:
        """Play forwards, or pause."""
        if self.playing:
            self.pause(now_ns)
        else:
            self.play(now_ns)

    def shuttle(self, now_ns: int, *, backwards: bool) -> None:
        """J and L: move that way at the speed of life; the same key again doubles the speed."""
        if self.playing and self._backwards == backwards:
            self.set_rate(min(self._rate * 2, RATES[-1]), now_ns)
        else:
            self.pause(now_ns)
            self._rate = 1.0
            self.play(now_ns, backwards=backwards)

    def set_rate(self, rate: float, now_ns: int) -> None:
        """Move as fast as this from now on; the nearest of `RATES`."""
        self.advance(now_ns)
        self._rate = min(RATES, key=lambda known: abs(known - rate))
        if self._anchor is not None:
            self._anchor = (now_ns, self._position_ns)

    def change_rate(self, steps: int, now_ns: int) -> None:
        """Go so many places up or down `RATES`."""
        at = RATES.index(self._rate) + steps
        self.set_rate(RATES[min(max(at, 0), len(RATES) - 1)], now_ns)

    def seek(self, position_ns: int, now_ns: int) -> None:
        """Go there; it goes on from there if it plays."""
        self._position_ns = min(max(position_ns, self.start_ns), self.end_ns)
        if self._anchor is not None:
            self._anchor = (now_ns, self._position_ns)
