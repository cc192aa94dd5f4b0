"""Agreement is what the formulas say, and is told in words where they say nothing."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings.labels import EpisodeLabels, SpanLabel, State, Tier
from recordings.labels.agreement import Agreement, agreement, frame_kappa, grid_of, kappa, pooled
from recordings.labels.matching import matched_in_order

SECOND = 1_000_000_000


def labels(*spans: tuple[float, float, str]) -> EpisodeLabels:
    return EpisodeLabels(
        SpanLabel(f"{number}", Tier.SUBTASK, round(start * SECOND), round(end * SECOND), text)
        for number, (start, end, text) in enumerate(spans)
    )


def frames(count: int) -> np.ndarray:
    """One a second, in the middle of each."""
    return (np.arange(count) * SECOND + SECOND // 2).astype(np.int64)


def test_kappa_of_a_published_table() -> None:
    """Two readers of 50 proposals: yes-yes 20, yes-no 5, no-yes 10, no-no 15. p_o 0.7, p_e 0.5, so κ is 0.4."""
    assert kappa(
        [("yes", "yes", 20), ("yes", "no", 5), ("no", "yes", 10), ("no", "no", 15)]
    ) == pytest.approx(0.4)


def test_kappa_of_a_case_by_hand() -> None:
    """Ten frames. A: 4 reach, 4 grasp, 2 gap. B: 5 reach, 5 grasp. Same: 4 + 4, so p_o is 0.8.

    p_e is 0.4 · 0.5 + 0.4 · 0.5 + 0.2 · 0 = 0.4; κ = 0.4 / 0.6.
    """
    a = labels((0, 4, "reach"), (5, 9, "grasp"))
    b = labels((0, 5, "reach"), (5, 10, "grasp"))
    found = agreement(a, b, frames(10))
    assert found.kappa == pytest.approx(2 / 3)
    assert found.same == pytest.approx(0.8)
    assert set(found.confusions) == {
        ("reach", "reach", 4),
        ("grasp", "grasp", 4),
        (None, "reach", 1),
        (None, "grasp", 1),
    }


def test_agreement_that_is_no_better_than_chance_is_nought_and_worse_is_below() -> None:
    assert kappa([("x", "x", 1), ("x", "y", 1), ("y", "x", 1), ("y", "y", 1)]) == 0.0
    assert kappa([("x", "y", 5), ("y", "x", 5)]) == -1.0


def by_disagreement(confusions: list[tuple[str, str, int]]) -> Fraction | None:
    """κ the other way round: 1 − seen disagreement / expected disagreement, over ordered pairs of frames, exactly."""
    flat = [(one, other) for one, other, count in confusions for _ in range(count)]
    if not flat:
        return None
    seen = Fraction(sum(one != other for one, other in flat), len(flat))
    crossed = [(one, other) for one, _ in flat for _, other in flat]
    expected = Fraction(sum(one != other for one, other in crossed), len(crossed))
    return Fraction(1) if expected == 0 else 1 - seen / expected


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from("xyz"), st.sampled_from("xyzw")), st.integers(1, 6), min_size=0, max_size=8
    )
)
def test_kappa_is_the_same_by_an_independent_formula(counts: dict[tuple[str, str], int]) -> None:
    confusions = [(one, other, count) for (one, other), count in counts.items()]
    expected = by_disagreement(confusions)
    found = kappa(confusions)
    if expected is None:
        assert found is None
    else:
        assert found == pytest.approx(float(expected), abs=1e-12)


def test_all_of_one_class_is_full_agreement() -> None:
    one = labels((0, 10, "reach"))
    assert agreement(one, one, frames(10)).kappa == 1.0
    assert agreement(one, labels((0, 10, "grasp")), frames(10)).kappa == 0.0


def test_who_has_labelled_nothing_is_told_in_words() -> None:
    nothing = agreement(EpisodeLabels(), EpisodeLabels(), frames(10))
    assert (nothing.kappa, nothing.mean_iou, nothing.f1, nothing.edge_median_ms) == (None, None, None, None)
    assert nothing.words == "nothing to compare: A and B have no subtasks"
    one = agreement(labels((0, 1, "reach")), EpisodeLabels(), frames(10))
    assert one.words == "nothing to compare: B has no subtasks"
    assert one.f1 is None
    assert agreement(labels((0, 1, "x")), labels((0, 1, "x")), frames(0)).words.endswith("no frames")
    assert pooled([nothing, one]).kappa is None


def test_what_was_only_proposed_or_is_of_another_tier_does_not_count() -> None:
    spans = labels((0, 5, "reach"))
    more = EpisodeLabels(
        [
            *spans.by_id.values(),
            SpanLabel("p", Tier.SUBTASK, 0, 9 * SECOND, "grasp", State.PROPOSED),
            SpanLabel("n", Tier.NOTE, 0, 9 * SECOND, "blurred"),
        ]
    )
    assert agreement(spans, more, frames(10)) == agreement(spans, spans, frames(10))


def test_segments_are_matched_by_what_they_share() -> None:
    a = labels((0, 4, "reach"), (4, 8, "grasp"), (8, 10, "reach"))
    b = labels((0, 2, "reach"), (2, 3, "reach"), (5, 9, "grasp"), (9, 10, "lift"))
    found = agreement(a, b, frames(10))
    # reach 0-4 with 0-2: 2 of 4. grasp 4-8 with 5-9: 3 of 5. The others have no partner.
    assert found.ious == pytest.approx((0.5, 0.6))
    assert found.mean_iou == pytest.approx(0.55)
    assert found.f1 == pytest.approx(2 * 2 / 7)


def test_no_segment_in_common_is_told() -> None:
    found = agreement(labels((0, 4, "reach")), labels((0, 4, "grasp")), frames(4))
    assert found.mean_iou is None
    assert found.f1 == 0.0
    assert "no segments of the same text overlap" in found.words


def test_edges_are_matched_whatever_the_texts_within_the_tolerance() -> None:
    a = labels((0, 2, "reach"), (2, 5, "grasp"), (5, 9, "lift"))
    b = labels((0.1, 2.3, "touch"), (2.3, 4.9, "grasp"), (4.9, 6.5, "lift"))
    found = agreement(a, b, frames(9))
    assert [error / 1e6 for error in found.edge_errors_ns] == pytest.approx([100, 300, -100])
    assert found.edge_median_ms == pytest.approx(100)
    assert found.edge_p95_ms == pytest.approx(280)
    assert found.unmatched_edges == (1, 1)
    assert agreement(a, b, frames(9), tolerance_ns=150_000_000).unmatched_edges == (2, 2)
    assert "no edge in common" in agreement(a, labels((11, 12, "z")), frames(9)).words


def test_as_many_edges_as_can_be_are_matched() -> None:
    """Nearest first would pair 1 with 0.9, and leave 0 and 1.8 alone."""
    a, b = labels((0, 1, "x")), labels((0.9, 1.8, "x"))
    assert [round(e / 1e9, 1) for e in agreement(a, b, frames(2)).edge_errors_ns] == [0.9, 0.8]


def test_many_episodes_are_counted_together() -> None:
    a, b = labels((0, 4, "reach"), (5, 9, "grasp")), labels((0, 5, "reach"), (5, 10, "grasp"))
    one, other = agreement(a, b, frames(10)), agreement(b, b, frames(10))
    both = pooled([one, other, Agreement(unlabelled=("A",))])
    assert both.frames == 20
    assert both.same == pytest.approx(0.9)
    assert both.kappa == kappa(
        [("reach", "reach", 9), ("grasp", "grasp", 9), (None, "reach", 1), (None, "grasp", 1)]
    )
    assert both.segments == (4, 4)
    assert both.f1 == 1.0
    assert pooled([one]) == one


def test_without_frames_the_labels_span_their_own_grid() -> None:
    a, b = labels((2, 4, "reach")), labels((3, 6, "reach"))
    times = grid_of((a, b))
    assert (times[0], len(times)) == (2 * SECOND, 100)
    assert agreement(a, b).same == pytest.approx(0.25)
    assert frame_kappa(a, b) == agreement(a, b).kappa
    assert frame_kappa(a, EpisodeLabels()) is None


WEIGHTS = st.lists(
    st.lists(st.sampled_from([-1.0, 0.0, 0.25, 0.5, 0.75, 1.0]), min_size=4, max_size=4), max_size=4
)


@settings(max_examples=50, deadline=None)
@given(WEIGHTS)
def test_the_matching_in_order_is_the_best_there_is(rows: list[list[float]]) -> None:
    weights = np.array(rows).reshape(-1, 4)
    pairs = matched_in_order(weights)
    assert all(a < c and b < d for (a, b), (c, d) in combinations(pairs, 2))
    assert all(weights[pair] > 0 for pair in pairs)
    count, columns = weights.shape
    best = max(
        sum(max(0.0, weights[pair]) for pair in zip(ones, others, strict=True))
        for size in range(min(count, columns) + 1)
        for ones in combinations(range(count), size)
        for others in combinations(range(columns), size)
    )
    assert sum(weights[pair] for pair in pairs) == best


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from("xy")), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from("xy")), min_size=1, max_size=8),
)
def test_agreement_with_oneself_is_full_and_it_is_the_same_both_ways(
    one: list[tuple[int, str]], other: list[tuple[int, str]]
) -> None:
    a, b = labels(*_chain(one)), labels(*_chain(other))
    itself = agreement(a, a)
    assert (itself.kappa, itself.f1, itself.same, itself.unmatched_edges) == (1.0, 1.0, 1.0, (0, 0))
    assert itself.mean_iou == 1.0
    there, back = agreement(a, b), agreement(b, a)
    assert there.kappa == pytest.approx(back.kappa)
    assert there.f1 == back.f1
    assert sum(there.ious) == pytest.approx(sum(back.ious))
    assert len(there.edge_errors_ns) == len(back.edge_errors_ns)
    assert there.words


def _chain(parts: list[tuple[int, str]]) -> list[tuple[float, float, str]]:
    spans, now = [], 0.0
    for gap, text in parts:
        spans.append((now + gap / 4, now + gap / 4 + 1.0, text))
        now = spans[-1][1]
    return spans
