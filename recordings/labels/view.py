"""The labels of one episode by one reviewer, as they stand: to look at, to train on, and to decide edits by."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from recordings.labels.label import BoxKey, BoxLabel, EpisodeLabel, Label, SpanLabel, State, Tier


class EpisodeLabels:
    """A frozen view; whatever changes labels makes another one.

    Args:
        labels: Any, in any order.
        damage: What could not be read of them, in words, each with what was done about it.

    Attributes:
        by_id: All of them, whatever their state.
        damage: As given.
    """

    def __init__(self, labels: Iterable[Label] = (), *, damage: tuple[str, ...] = ()) -> None:
        self.by_id: Mapping[str, Label] = MappingProxyType({label.id: label for label in labels})
        self.damage = damage

    def __len__(self) -> int:
        return len(self.by_id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EpisodeLabels) and dict(self.by_id) == dict(other.by_id)

    __hash__ = None  # type: ignore[assignment]

    @property
    def untouched(self) -> bool:
        """Whether nobody has said anything: there is no label, and none that could not be read."""
        return not self.by_id and not self.damage

    @cached_property
    def episode(self) -> EpisodeLabel:
        """The judgement of the whole; an empty one where none was made."""
        label = self.by_id.get("episode")
        return label if isinstance(label, EpisodeLabel) else EpisodeLabel()

    @cached_property
    def boxes(self) -> tuple[BoxLabel, ...]:
        """Accepted boxes, in order of their first key frame."""
        boxes = (label for label in self.by_id.values() if isinstance(label, BoxLabel))
        accepted = (box for box in boxes if box.state is State.ACCEPTED)
        return tuple(sorted(accepted, key=lambda box: (box.start_ns, box.id)))

    def spans(self, tier: Tier, *, state: State = State.ACCEPTED) -> tuple[SpanLabel, ...]:
        """Spans of a tier in order of time; those that count, unless another state is asked for."""
        return self._spans.get((tier, state), ())

    @property
    def subtasks(self) -> tuple[SpanLabel, ...]:
        """Accepted subtasks in order of time; they do not overlap."""
        return self.spans(Tier.SUBTASK)

    def subtask_at(self, time_ns: int) -> SpanLabel | None:
        """The subtask of a moment, None in a gap."""
        at = bisect_right(self._subtask_starts, time_ns) - 1
        return self.subtasks[at] if at >= 0 and self.subtasks[at].holds(time_ns) else None

    def subtask_rows(self, time_ns: NDArray[np.int64]) -> NDArray[np.int32]:
        """Which of `subtasks` each moment belongs to.

        Args:
            time_ns: (T,) capture times, in any order.

        Returns:
            (T,) int32 index into `subtasks`, -1 in gaps.
        """
        if not self.subtasks:
            return np.full(len(time_ns), -1, np.int32)
        at = np.searchsorted(np.array(self._subtask_starts), time_ns, side="right") - 1
        ends = np.array([span.end_ns for span in self.subtasks])
        return np.where((at >= 0) & (time_ns < ends[at]), at, -1).astype(np.int32)

    def boxes_at(self, camera: str, time_ns: int) -> tuple[tuple[BoxLabel, BoxKey], ...]:
        """The boxes in a camera's picture at a moment, with where they are; not those out of view."""
        found = ((box, box.at(time_ns)) for box in self.boxes if box.camera == camera)
        return tuple((box, key) for box, key in found if key is not None)

    @cached_property
    def _spans(self) -> dict[tuple[Tier, State], tuple[SpanLabel, ...]]:
        kept: dict[tuple[Tier, State], list[SpanLabel]] = {}
        for label in self.by_id.values():
            if isinstance(label, SpanLabel):
                kept.setdefault((label.tier, label.state), []).append(label)
        return {key: tuple(sorted(spans, key=_order)) for key, spans in kept.items()}

    @cached_property
    def _subtask_starts(self) -> list[int]:
        return [span.start_ns for span in self.subtasks]


def _order(span: SpanLabel) -> tuple[int, int, str]:
    return span.start_ns, span.end_ns, span.id
