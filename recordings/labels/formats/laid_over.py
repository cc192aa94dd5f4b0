"""Labels put over others, one after another: subtasks that one lies over give way to it.

Each is held against the few that it can lie over, so that a file of thousands takes no longer a line than a short one.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from itertools import pairwise
from typing import TypeGuard

from recordings.labels import edits
from recordings.labels.label import Label, SpanLabel, State, Tier
from recordings.labels.view import EpisodeLabels

_Begun = tuple[int, str]


def laid_over(labels: EpisodeLabels, others: Iterable[Label]) -> EpisodeLabels:
    """The labels after others were put over them; one of the same id takes the other's place.

    Args:
        labels: As they stand.
        others: In the order in which they are put.
    """
    layers = _Layers(labels)
    for other in others:
        layers.put(other)
    return EpisodeLabels(layers.kept.values())


class _Layers:
    """Labels that others are put over.

    Attributes:
        kept: As they stand, by id.
    """

    def __init__(self, labels: EpisodeLabels) -> None:
        self.kept: dict[str, Label] = dict(labels.by_id)
        subtasks = labels.subtasks
        self._begun: list[_Begun] = sorted((span.start_ns, span.id) for span in subtasks)
        # They overlap one another only where a journal has lost lines; else the last one begun reaches furthest.
        disjoint = all(one.end_ns <= other.start_ns for one, other in pairwise(subtasks))
        self._reach_ns = 0 if disjoint else max(span.duration_ns for span in subtasks)

    def put(self, label: Label) -> None:
        if not _is_subtask(label):
            self._replace(label.id, label)
            return
        beneath = [self.kept[one] for one in self._beneath(label) if one != label.id]
        known = self.kept.get(label.id)
        if known is not None:
            beneath.append(known)
        for change in edits.accept(EpisodeLabels(beneath), label):
            self._replace(change.id, change.after)

    def _beneath(self, span: SpanLabel) -> list[str]:
        """Ids of the subtasks that a span may lie over."""
        first = bisect_left(self._begun, (span.start_ns - self._reach_ns, "")) - 1
        last = bisect_left(self._begun, (span.end_ns, ""))
        return [label_id for _, label_id in self._begun[max(first, 0) : last]]

    def _replace(self, label_id: str, after: Label | None) -> None:
        before = self.kept.pop(label_id, None) if after is None else self.kept.get(label_id)
        if before is not None and _is_subtask(before):
            del self._begun[bisect_left(self._begun, (before.start_ns, label_id))]
        if after is not None:
            self.kept[label_id] = after
            if _is_subtask(after):
                insort(self._begun, (after.start_ns, label_id))


def _is_subtask(label: Label) -> TypeGuard[SpanLabel]:
    return isinstance(label, SpanLabel) and label.tier is Tier.SUBTASK and label.state is State.ACCEPTED
