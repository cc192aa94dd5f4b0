"""Where final labels decide: by what is there, and by what was refused, so that nothing is to be there.

A refusal is a subtask of the final labels like any other, rejected and of origin `reviewer`, with what was refused and
whose it was. So it lies in the journal, can be undone, and does not count to anybody who trains on the labels.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

from recordings.labels.history import Change
from recordings.labels.label import Origin, SpanLabel, State, Tier, new_id
from recordings.labels.view import EpisodeLabels

REVIEWER = "reviewer"
"""The origin of what was taken over from a reviewer, and of what was refused."""


class Decided:
    """The parts of an episode in which something is final or was refused.

    Args:
        final: The final labels.
    """

    def __init__(self, final: EpisodeLabels) -> None:
        self._parts: list[tuple[int, int]] = []
        for span in sorted((*final.subtasks, *refused(final)), key=lambda span: span.start_ns):
            if self._parts and span.start_ns <= self._parts[-1][1]:
                start_ns, end_ns = self._parts.pop()
                self._parts.append((start_ns, max(end_ns, span.end_ns)))
            else:
                self._parts.append((span.start_ns, span.end_ns))

    def throughout(self, start_ns: int, end_ns: int) -> bool:
        """Whether every moment of a stretch is decided."""
        at = bisect_right(self._parts, start_ns, key=lambda part: part[0]) - 1
        return at >= 0 and self._parts[at][1] >= end_ns

    def anywhere(self, start_ns: int, end_ns: int) -> bool:
        """Whether any moment of a stretch is."""
        at = bisect_right(self._parts, end_ns - 1, key=lambda part: part[0]) - 1
        return at >= 0 and self._parts[at][1] > start_ns


def refused(final: EpisodeLabels) -> tuple[SpanLabel, ...]:
    """What reviewers said and was decided not to be there, in order of time."""
    spans = final.spans(Tier.SUBTASK, state=State.REJECTED)
    return tuple(span for span in spans if span.origin.by == REVIEWER)


def refuse(start_ns: int, end_ns: int, said: Mapping[str, str | None]) -> tuple[Change, ...]:
    """What each reviewer says of a stretch refused; who says nothing there is not."""
    return tuple(
        Change(
            None,
            SpanLabel(
                new_id(),
                Tier.SUBTASK,
                start_ns,
                end_ns,
                text,
                state=State.REJECTED,
                origin=Origin(REVIEWER, name),
            ),
        )
        for name, text in said.items()
        if text is not None
    )


def forget(final: EpisodeLabels, start_ns: int, end_ns: int) -> tuple[Change, ...]:
    """Refusals in a stretch taken away, for it is decided anew."""
    here = (span for span in refused(final) if span.overlap_ns(start_ns, end_ns))
    return tuple(Change(span, None) for span in here)
