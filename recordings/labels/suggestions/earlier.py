"""Suggested by an episode of the same task that is labelled already: its texts, at this one's moments.

What both episodes' grippers do is aligned, in order; between such anchors time runs in straight lines. It is a guess
that knows nothing of pictures: good where a task is done the same way again; its confidence says how alike that was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recordings.dataset import Dataset
from recordings.episode import Episode
from recordings.errors import RecordingError
from recordings.labels.label import SpanLabel
from recordings.labels.matching import matched_in_order
from recordings.labels.store import LabelStore
from recordings.labels.suggestions.extent import extent
from recordings.labels.suggestions.gripper import GripperEvent, gripper_events
from recordings.labels.suggestions.suggestion import suggestion
from recordings.labels.view import EpisodeLabels

_FARTHEST = 0.3
"""Of the whole: two gripper events that lie farther apart, each in its episode, are not the same one."""
_WITHOUT_ANCHORS = 0.4
"""How alike two episodes count at most when no gripper does anything in either."""
_LEAST_NS = 100_000_000


@dataclass(frozen=True)
class Pattern:
    """What can be taken over from, or compared: an episode's ends, its gripper events and its subtasks."""

    episode_id: str
    task: str
    start_ns: int
    end_ns: int
    grippers: tuple[GripperEvent, ...]
    subtasks: tuple[SpanLabel, ...] = ()

    @property
    def duration_ns(self) -> int:
        """From end to end."""
        return self.end_ns - self.start_ns

    def share(self, time_ns: int) -> float:
        """Where a moment lies between the ends, 0 to 1."""
        return (time_ns - self.start_ns) / self.duration_ns


def pattern_of(episode: Episode, labels: EpisodeLabels | None = None) -> Pattern | None:
    """An episode as it is compared; None of one without rows."""
    ends = extent(episode)
    if ends is None:
        return None
    subtasks = labels.subtasks if labels is not None else ()
    attributes = episode.attributes
    return Pattern(attributes.id, attributes.task, *ends, gripper_events(episode), subtasks)


def patterns_of_task(
    dataset: Dataset, store: LabelStore, task: str, *, apart_from: str = "", at_most: int = 8
) -> tuple[Pattern, ...]:
    """Labelled episodes of a task, the newest ones first; those that cannot be read are passed over.

    Opening each takes a while: call it off the window's thread.
    """
    found: list[Pattern] = []
    for info in reversed(dataset.episodes()):
        if len(found) == at_most:
            break
        if info.task != task or info.id == apart_from or not info.complete:
            continue
        try:
            labels = store.best(info.id)
            pattern = pattern_of(dataset.episode(info.id), labels) if labels and labels.subtasks else None
        except (RecordingError, OSError):
            continue
        if pattern is not None:
            found.append(pattern)
    return tuple(found)


def suggest_earlier(now: Pattern, earlier: Sequence[Pattern]) -> tuple[SpanLabel, ...]:
    """The subtasks of the most alike episode of the same task, at the moments that correspond; none without one."""
    others = [other for other in earlier if other.task == now.task and other.subtasks]
    others = [other for other in others if other.episode_id != now.episode_id]
    if not others:
        return ()
    likeness, nearest = max(((alike(other, now), other) for other in others), key=lambda pair: pair[0])
    anchors = _anchors(nearest, now)
    then_ns = np.array([nearest.start_ns, *(then.time_ns for then, _ in anchors), nearest.end_ns], np.float64)
    now_ns = np.array([now.start_ns, *(here.time_ns for _, here in anchors), now.end_ns], np.float64)
    found = []
    for span in nearest.subtasks:
        start_ns, end_ns = (round(at) for at in np.interp([span.start_ns, span.end_ns], then_ns, now_ns))
        if end_ns - start_ns >= _LEAST_NS:
            found.append(
                suggestion(
                    "earlier", start_ns, end_ns, span.text, source=nearest.episode_id, confidence=likeness
                )
            )
    return tuple(found)


def alike(one: Pattern, other: Pattern) -> float:
    """How alike two episodes went, 0 to 1.

    It is the share of gripper events that correspond, times how near in time they do, times how alike the lengths are.
    """
    lengths = min(one.duration_ns, other.duration_ns) / max(one.duration_ns, other.duration_ns)
    most = max(len(one.grippers), len(other.grippers))
    if most == 0:
        return _WITHOUT_ANCHORS * lengths
    anchors = _anchors(one, other)
    if not anchors:
        return 0.0
    apart = [abs(one.share(a.time_ns) - other.share(b.time_ns)) for a, b in anchors]
    return len(anchors) / most * (1.0 - float(np.mean(apart))) * lengths


def _anchors(one: Pattern, other: Pattern) -> list[tuple[GripperEvent, GripperEvent]]:
    """The same thing done by the same gripper in both, in order."""
    weights = np.zeros((len(one.grippers), len(other.grippers)))
    for row, a in enumerate(one.grippers):
        for column, b in enumerate(other.grippers):
            apart = abs(one.share(a.time_ns) - other.share(b.time_ns))
            if (a.name, a.closes) == (b.name, b.closes) and apart < _FARTHEST:
                weights[row, column] = 1.0 - apart
    return [(one.grippers[a], other.grippers[b]) for a, b in matched_in_order(weights)]
