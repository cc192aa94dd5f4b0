"""How far two reviewers agree on the subtasks of an episode: frame by frame, segment by segment, edge by edge.

Sources: J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20 (1960),
for κ; C. Lea et al., "Temporal convolutional networks for action segmentation and detection", CVPR 2017, for the
segmental F1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recordings.labels.label import SpanLabel
from recordings.labels.matching import matched_in_order
from recordings.labels.view import EpisodeLabels

GAP = None
"""The class of a frame that lies in no subtask. A subtask without a text is a class of its own, the empty one."""

F1_IOU = 0.5
"""Segments that share this much of what either covers count as the same one."""

TOLERANCE_NS = 1_000_000_000
"""Edges farther apart than this are not the same edge."""

_GRID_NS = 40_000_000

Confusion = tuple[str | None, str | None, int]


@dataclass(frozen=True)
class Agreement:
    """How far two reviewers, A and B, agree. A figure that has nothing to be worked out from is None, never 0.

    Attributes:
        frames: How many were compared; none where either has no subtasks.
        kappa: Cohen's, −1 to 1, over frames, with the gap as a class. 1 where all frames are of one class for both.
        same: Share of the frames that are of the same class.
        confusions: How often each pair of classes came together, (A's, B's, frames), the most frequent first.
        segments: How many A has, and B.
        ious: Intersection over union of each pair of segments of the same text that overlap, each in one pair at most.
        hits: Pairs with an IoU of at least 0.5.
        edges: How many edges A has, and B; one where a segment ends and the next begins counts once.
        edge_errors_ns: How much later B has each edge that both have to within the tolerance, whatever the texts.
        unlabelled: Those who have no subtasks: `A`, `B`.
    """

    frames: int = 0
    kappa: float | None = None
    same: float | None = None
    confusions: tuple[Confusion, ...] = ()
    segments: tuple[int, int] = (0, 0)
    ious: tuple[float, ...] = ()
    hits: int = 0
    edges: tuple[int, int] = (0, 0)
    edge_errors_ns: tuple[int, ...] = ()
    unlabelled: tuple[str, ...] = ()

    @property
    def mean_iou(self) -> float | None:
        """Over pairs of segments; segments without a partner do not enter, they lower `f1`."""
        return float(np.mean(self.ious)) if self.ious else None

    @property
    def f1(self) -> float | None:
        """Twice the pairs with an IoU of at least 0.5, over the segments of both; None where there are none."""
        total = sum(self.segments)
        return 2 * self.hits / total if total and not self.unlabelled else None

    @property
    def edge_median_ms(self) -> float | None:
        """Half of the edges that both have are nearer than this."""
        return self._edge_ms(50)

    @property
    def edge_p95_ms(self) -> float | None:
        """Nineteen of twenty edges that both have are nearer than this."""
        return self._edge_ms(95)

    @property
    def unmatched_edges(self) -> tuple[int, int]:
        """Edges that only A has, and that only B has."""
        return self.edges[0] - len(self.edge_errors_ns), self.edges[1] - len(self.edge_errors_ns)

    @property
    def words(self) -> str:
        """All of it in a line."""
        if self.unlabelled:
            who = " and ".join(self.unlabelled)
            return f"nothing to compare: {who} {'has' if len(self.unlabelled) == 1 else 'have'} no subtasks"
        if self.kappa is None or self.same is None:
            return "nothing to compare: there are no frames"
        parts = [f"κ {self.kappa:.2f} ({100 * self.same:.0f} % of {self.frames} frames the same)"]
        if self.mean_iou is None:
            parts.append("no segments of the same text overlap")
        else:
            parts.append(f"IoU {self.mean_iou:.2f}")
        parts.append(f"F1 {self.f1 or 0.0:.2f} of {self.segments[0]} and {self.segments[1]} segments")
        only_a, only_b = self.unmatched_edges
        alone = f"{only_a} of A's edges and {only_b} of B's alone"
        if self.edge_errors_ns:
            parts.append(
                f"{len(self.edge_errors_ns)} edges {self.edge_median_ms:.0f} ms apart in the median,"
                f" {self.edge_p95_ms:.0f} ms at the 95th percentile, {alone}"
            )
        else:
            parts.append(f"no edge in common, {alone}")
        return "; ".join(parts)

    def _edge_ms(self, percent: int) -> float | None:
        if not self.edge_errors_ns:
            return None
        return float(np.percentile(np.abs(self.edge_errors_ns), percent)) / 1e6


def agreement(
    a: EpisodeLabels,
    b: EpisodeLabels,
    frames_ns: NDArray[np.int64] | None = None,
    *,
    tolerance_ns: int = TOLERANCE_NS,
) -> Agreement:
    """Compare the accepted subtasks of two label sets of the same episode.

    Args:
        a: One reviewer's.
        b: The other's.
        frames_ns: (N,) times to compare at, such as those of a camera's frames or `suggestions.grid(episode)`; left
            out, 25 a second from the first subtask of either to the last.
        tolerance_ns: How far apart the same edge may be.
    """
    sides = {"A": a.subtasks, "B": b.subtasks}
    unlabelled = tuple(name for name, spans in sides.items() if not spans)
    counts = len(a.subtasks), len(b.subtasks)
    if unlabelled:
        return Agreement(segments=counts, unlabelled=unlabelled)
    frames_ns = grid_of((a, b)) if frames_ns is None else frames_ns
    confusions = _confusions(a, b, frames_ns)
    edges_a, edges_b = _edges(a.subtasks), _edges(b.subtasks)
    overlaps = _ious(a.subtasks, b.subtasks)
    return Agreement(
        frames=len(frames_ns),
        kappa=kappa(confusions),
        same=_same(confusions),
        confusions=confusions,
        segments=counts,
        ious=tuple(float(overlaps[pair]) for pair in matched_in_order(overlaps)),
        hits=len(matched_in_order(np.where(overlaps >= F1_IOU, overlaps, 0.0))),
        edges=(len(edges_a), len(edges_b)),
        edge_errors_ns=_edge_errors(edges_a, edges_b, tolerance_ns),
    )


def frame_kappa(a: EpisodeLabels, b: EpisodeLabels) -> float | None:
    """`Agreement.kappa` alone, at 25 frames a second, for going through many episodes."""
    if not a.subtasks or not b.subtasks:
        return None
    return kappa(_confusions(a, b, grid_of((a, b))))


def pooled(agreements: Iterable[Agreement]) -> Agreement:
    """Several episodes as one, of those that can be compared: frames, segments and edges together."""
    counted = [one for one in agreements if not one.unlabelled]
    if not counted:
        return Agreement(unlabelled=("A", "B"))
    together: dict[tuple[str | None, str | None], int] = {}
    for one in counted:
        for in_a, in_b, frames in one.confusions:
            together[in_a, in_b] = together.get((in_a, in_b), 0) + frames
    confusions = _by_frequency(together)
    return Agreement(
        frames=sum(one.frames for one in counted),
        kappa=kappa(confusions),
        same=_same(confusions),
        confusions=confusions,
        segments=(sum(one.segments[0] for one in counted), sum(one.segments[1] for one in counted)),
        ious=tuple(iou for one in counted for iou in one.ious),
        hits=sum(one.hits for one in counted),
        edges=(sum(one.edges[0] for one in counted), sum(one.edges[1] for one in counted)),
        edge_errors_ns=tuple(error for one in counted for error in one.edge_errors_ns),
    )


def kappa(confusions: Sequence[Confusion]) -> float | None:
    """Cohen's κ = (p_o − p_e) / (1 − p_e): agreement beyond what the two would have by chance.

    Where both put every frame into the same one class, chance explains all and the formula has no value: it is 1, for
    they agree. Without frames it is None.

    Args:
        confusions: (A's class, B's class, frames), each pair of classes once.
    """
    total = sum(frames for _, _, frames in confusions)
    if total == 0:
        return None
    in_a: dict[str | None, int] = {}
    in_b: dict[str | None, int] = {}
    for one, other, frames in confusions:
        in_a[one] = in_a.get(one, 0) + frames
        in_b[other] = in_b.get(other, 0) + frames
    observed = sum(frames for one, other, frames in confusions if one == other) * total
    expected = sum(frames * in_b.get(text, 0) for text, frames in in_a.items())
    # In whole numbers, so that "the same one class" is told exactly.
    return 1.0 if expected == total * total else (observed - expected) / (total * total - expected)


def grid_of(label_sets: Iterable[EpisodeLabels]) -> NDArray[np.int64]:
    """(N,) 25 times a second from the first subtask of any to the last; none without subtasks."""
    spans = [span for labels in label_sets for span in labels.subtasks]
    if not spans:
        return np.zeros(0, np.int64)
    start_ns, end_ns = min(span.start_ns for span in spans), max(span.end_ns for span in spans)
    return np.arange(start_ns, end_ns, _GRID_NS, dtype=np.int64)


def _confusions(a: EpisodeLabels, b: EpisodeLabels, frames_ns: NDArray[np.int64]) -> tuple[Confusion, ...]:
    classes: list[str | None] = [GAP, *sorted({span.text for labels in (a, b) for span in labels.subtasks})]
    number = {text: place for place, text in enumerate(classes)}

    def numbers(labels: EpisodeLabels) -> NDArray[np.int64]:
        of_rows = np.array([*(number[span.text] for span in labels.subtasks), number[GAP]])
        return of_rows[labels.subtask_rows(frames_ns)]  # a gap's row is -1, the last

    counts = np.bincount(numbers(a) * len(classes) + numbers(b), minlength=len(classes) ** 2)
    pairs = [divmod(int(both), len(classes)) for both in np.flatnonzero(counts)]
    return _by_frequency(
        {(classes[one], classes[other]): int(counts[one * len(classes) + other]) for one, other in pairs}
    )


def _by_frequency(counts: dict[tuple[str | None, str | None], int]) -> tuple[Confusion, ...]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0][0] or "", item[0][1] or ""))
    return tuple((one, other, frames) for (one, other), frames in ordered)


def _same(confusions: Sequence[Confusion]) -> float | None:
    total = sum(frames for _, _, frames in confusions)
    return sum(frames for one, other, frames in confusions if one == other) / total if total else None


def _ious(a: Sequence[SpanLabel], b: Sequence[SpanLabel]) -> NDArray[np.float64]:
    """(N, M) of segments of the same text; 0 for others."""
    ious = np.zeros((len(a), len(b)))
    for row, one in enumerate(a):
        for column, other in enumerate(b):
            if one.text == other.text and (shared := one.overlap_ns(other.start_ns, other.end_ns)):
                ious[row, column] = shared / (one.duration_ns + other.duration_ns - shared)
    return ious


def _edges(spans: Sequence[SpanLabel]) -> list[int]:
    return sorted({edge for span in spans for edge in (span.start_ns, span.end_ns)})


def _edge_errors(a: Sequence[int], b: Sequence[int], tolerance_ns: int) -> tuple[int, ...]:
    """How much later B's edges are: as many pairs as can be, and of those ways the one with the least apart in sum."""
    apart = np.abs(np.subtract.outer(np.array(a, np.int64), np.array(b, np.int64)))
    # One pair more is worth more than any sum of distances, which `len(a)` pairs at most make up.
    weights = np.where(apart <= tolerance_ns, 1.0 - apart / ((tolerance_ns + 1) * (len(a) + 1)), 0.0)
    return tuple(b[column] - a[row] for row, column in matched_in_order(weights))
