"""The one time axis that everything below the pictures shares; free of Qt."""

from __future__ import annotations

LEAST_SPAN_NS = 200_000_000
_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)


class TimeAxis:
    """Which part of an episode is shown, and where on it a moment lies, as a share from 0 to 1."""

    def __init__(self, start_ns: int, end_ns: int) -> None:
        self.start_ns = start_ns
        self.end_ns = max(end_ns, start_ns + LEAST_SPAN_NS)
        self.from_ns = self.start_ns
        self.to_ns = self.end_ns

    def set_bounds(self, start_ns: int, end_ns: int) -> None:
        """The episode turns out to begin or end elsewhere; what is shown stays, unless it was all of it."""
        was_whole = self.whole
        self.start_ns, self.end_ns = start_ns, max(end_ns, start_ns + LEAST_SPAN_NS)
        if was_whole:
            self.show_all()
        else:
            self._show(self.from_ns, min(self.span_ns, self.end_ns - self.start_ns))

    @property
    def span_ns(self) -> int:
        """How much is shown."""
        return self.to_ns - self.from_ns

    @property
    def whole(self) -> bool:
        """Whether all of it is shown."""
        return self.from_ns == self.start_ns and self.to_ns == self.end_ns

    def share_of(self, time_ns: int) -> float:
        """Where a moment lies; below 0 and above 1 outside of what is shown."""
        return (time_ns - self.from_ns) / self.span_ns

    def time_at(self, share: float) -> int:
        """The moment there, within the episode."""
        return min(max(self.from_ns + round(share * self.span_ns), self.start_ns), self.end_ns)

    def zoom(self, factor: float, *, share: float) -> None:
        """Show `factor` times as much, keeping the moment at `share` where it is."""
        at = self.from_ns + share * self.span_ns
        span = min(max(self.span_ns * factor, LEAST_SPAN_NS), self.end_ns - self.start_ns)
        self._show(round(at - share * span), round(span))

    def pan(self, share: float) -> None:
        """Move on by a share of what is shown."""
        self._show(self.from_ns + round(share * self.span_ns), self.span_ns)

    def show_all(self) -> None:
        """From start to end."""
        self.from_ns, self.to_ns = self.start_ns, self.end_ns

    def follow(self, time_ns: int) -> bool:
        """Turn over to the part that holds a moment; says whether it had to."""
        if self.from_ns <= time_ns <= self.to_ns:
            return False
        before = self.from_ns
        left = self.span_ns // 20 if time_ns > self.to_ns else self.span_ns - self.span_ns // 20
        self._show(time_ns - left, self.span_ns)
        return self.from_ns != before

    def ticks(self, most: int) -> list[tuple[int, float]]:
        """Round moments to write, at most so many: each with its seconds from the start."""
        span_s = self.span_ns / 1e9
        step_s = next((step for step in _STEPS_S if span_s / step <= most), _STEPS_S[-1])
        first = -(-(self.from_ns - self.start_ns) // round(step_s * 1e9))
        ticks = []
        number = first
        while (time_ns := self.start_ns + round(number * step_s * 1e9)) <= self.to_ns:
            ticks.append((time_ns, number * step_s))
            number += 1
        return ticks

    def _show(self, from_ns: int, span_ns: int) -> None:
        self.from_ns = min(max(from_ns, self.start_ns), self.end_ns - span_ns)
        self.to_ns = self.from_ns + span_ns
