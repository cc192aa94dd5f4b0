"""Spans of a tier, found by moments: of ten thousand as fast as of ten; free of Qt."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate

from recordings.labels import SpanLabel


class SpanIndex:
    """Spans in order of their begin, which may overlap.

    Args:
        spans: as they are; what changes has another index.
    """

    def __init__(self, spans: Sequence[SpanLabel]) -> None:
        self.spans = spans
        self._starts_ns = [span.start_ns for span in spans]
        # How far the spans up to each one reach: with it, those that begin early and end late are found too.
        self._reach_ns = list(accumulate((span.end_ns for span in spans), max))

    def number_of(self, label_id: str) -> int | None:
        """The place of a span."""
        return self._numbers.get(label_id)

    def at(self, time_ns: int) -> SpanLabel | None:
        """The span of a moment; of several the one that begins last."""
        number = bisect_right(self._starts_ns, time_ns) - 1
        while number >= 0 and self._reach_ns[number] > time_ns:
            if self.spans[number].holds(time_ns):
                return self.spans[number]
            number -= 1
        return None

    def near(self, time_ns: int, slack_ns: int) -> Iterator[SpanLabel]:
        """The spans that come that near to a moment."""
        first = bisect_left(self._reach_ns, time_ns - slack_ns)
        for span in self.spans[first : bisect_right(self._starts_ns, time_ns + slack_ns)]:
            if span.end_ns >= time_ns - slack_ns:
                yield span

    def told_apart(self, from_ns: int, to_ns: int, columns: float) -> Iterator[int]:
        """The places of the spans to draw: of those that one column of pixels would hold, the first."""
        column_ns = (to_ns - from_ns) / columns
        number, last = bisect_right(self._reach_ns, from_ns), bisect_left(self._starts_ns, to_ns)
        drawn_to_ns = from_ns
        while number < last:
            end_ns = min(self.spans[number].end_ns, to_ns)
            if end_ns < drawn_to_ns + column_ns:
                number = max(number + 1, bisect_left(self._reach_ns, drawn_to_ns + column_ns))
                continue
            drawn_to_ns = end_ns
            yield number
            number += 1

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {span.id: number for number, span in enumerate(self.spans)}
