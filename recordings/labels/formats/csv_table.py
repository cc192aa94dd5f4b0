"""Labels as a table for spreadsheets: one row a span, one a key frame of a box, one for the judgement of the episode.

Times stand there twice: in seconds from the episode's start, for people, and as capture times in ns, exact. Where they
differ by more than the seconds are rounded, somebody has changed the seconds, and those count.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from recordings.labels.formats.clock import EpisodeClock
from recordings.labels.formats.draft import Loss
from recordings.labels.label import BoxLabel, EpisodeLabel, Label, Origin, SpanLabel, State, Tier
from recordings.labels.loc_tokens import to_tokens
from recordings.labels.view import EpisodeLabels

BOX = "box"
EPISODE = "episode"
COLUMNS = (
    "episode", "reviewer", "kind", "id", "start_s", "end_s", "text",
    "camera", "left", "top", "right", "bottom", "seen", "loc",
    "state", "thumb", "by", "source", "confidence", "edited",
    "outcome", "rating", "flagged", "progress", "comment",
    "start_ns", "end_ns",
)  # fmt: skip


def write(
    labels: EpisodeLabels, clock: EpisodeClock, *, reviewer: str, vocabulary: tuple[str, ...]
) -> tuple[bytes, tuple[Loss, ...]]:
    """The file, and that nothing is left out; the mark at its beginning tells spreadsheets that it is UTF-8."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, COLUMNS, restval="")
    writer.writeheader()
    for label in sorted(labels.by_id.values(), key=_order):
        for row in _rows(label, clock):
            writer.writerow({"episode": clock.episode_id, "reviewer": reviewer, **row})
    return file.getvalue().encode("utf-8-sig"), ()


def _rows(label: Label, clock: EpisodeClock) -> Iterator[dict[str, Any]]:
    if isinstance(label, EpisodeLabel):
        yield {
            "kind": EPISODE,
            "id": label.id,
            "outcome": label.outcome.value,
            "rating": "" if label.rating is None else label.rating,
            "flagged": _yes(label.flagged),
            "progress": label.progress.value,
            "comment": label.comment,
        }
        return
    common = {"id": label.id, "text": label.text, **_provenance(label.state, label.origin)}
    if isinstance(label, SpanLabel):
        yield {
            **common,
            "kind": label.tier.value,
            "start_s": _seconds(label.start_ns, clock),
            "end_s": _seconds(label.end_ns, clock),
            "thumb": label.thumb,
            "start_ns": label.start_ns,
            "end_ns": label.end_ns,
        }
        return
    for key in label.keys:
        yield {
            **common,
            "kind": BOX,
            "camera": label.camera,
            "start_s": _seconds(key.time_ns, clock),
            "left": key.left,
            "top": key.top,
            "right": key.right,
            "bottom": key.bottom,
            "seen": key.seen.value,
            "loc": to_tokens(key),
            "start_ns": key.time_ns,
        }


def _provenance(state: State, origin: Origin) -> dict[str, Any]:
    return {
        "state": state.value,
        "by": origin.by,
        "source": origin.source,
        "confidence": "" if origin.confidence is None else origin.confidence,
        "edited": _yes(origin.edited),
    }


def _seconds(time_ns: int, clock: EpisodeClock) -> str:
    """Rounded to milliseconds, as everywhere."""
    since_ns = time_ns - clock.start_ns
    ms = (abs(since_ns) + 500_000) // 1_000_000
    return f"{'-' if since_ns < 0 and ms else ''}{ms // 1000}.{ms % 1000:03d}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _order(label: Label) -> tuple[int, int, str]:
    """Spans by tier, boxes, the judgement; each in order of time."""
    if isinstance(label, EpisodeLabel):
        return len(Tier) + 1, 0, label.id
    if isinstance(label, BoxLabel):
        return len(Tier), label.start_ns, label.id
    return list(Tier).index(label.tier), label.start_ns, label.id
