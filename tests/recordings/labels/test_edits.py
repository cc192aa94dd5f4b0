"""Whatever is done to labels, subtasks do not overlap and every step can be taken back."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.labels import (
    BoxKey,
    BoxLabel,
    EpisodeLabels,
    History,
    Origin,
    Progress,
    Seen,
    SpanLabel,
    State,
    Tier,
    UnknownLabel,
    boxes,
    edits,
)

SECOND = 1_000_000_000


def span(label_id: str, start_s: float, end_s: float, text: str = "", **fields: object) -> SpanLabel:
    tier = fields.pop("tier", Tier.SUBTASK)
    return SpanLabel(label_id, tier, round(start_s * SECOND), round(end_s * SECOND), text, **fields)  # type: ignore[arg-type]


def applied(labels: EpisodeLabels, changes: tuple[object, ...]) -> EpisodeLabels:
    history = History()
    history.labels = labels
    step = history.step(changes, "test", utc_ns=1)  # type: ignore[arg-type]
    return history.take(step) if step is not None else labels


def shown(labels: EpisodeLabels, tier: Tier = Tier.SUBTASK) -> list[tuple[float, float, str]]:
    return [(s.start_ns / SECOND, s.end_ns / SECOND, s.text) for s in labels.spans(tier)]


THREE = EpisodeLabels([span("a", 0, 2, "reach"), span("b", 2, 5, "grasp"), span("c", 6, 8, "lift")])


@pytest.mark.parametrize(
    ("start_s", "end_s", "left"),
    [
        (1, 3, [(0, 1, "reach"), (1, 3, "new"), (3, 5, "grasp"), (6, 8, "lift")]),
        (2, 5, [(0, 2, "reach"), (2, 5, "new"), (6, 8, "lift")]),
        (3, 4, [(0, 2, "reach"), (2, 3, "grasp"), (3, 4, "new"), (4, 5, "grasp"), (6, 8, "lift")]),
        (-1, 9, [(-1, 9, "new")]),
        (5, 6, [(0, 2, "reach"), (2, 5, "grasp"), (5, 6, "new"), (6, 8, "lift")]),
    ],
)
def test_a_new_subtask_makes_the_others_give_way(
    start_s: float, end_s: float, left: list[tuple[float, float, str]]
) -> None:
    changes = edits.put_span(THREE, Tier.SUBTASK, start_s * SECOND, end_s * SECOND, "new")
    assert shown(applied(THREE, changes)) == left


def test_notes_may_lie_over_one_another() -> None:
    labels = applied(THREE, edits.put_span(THREE, Tier.NOTE, 0, SECOND, "blurred"))
    labels = applied(labels, edits.put_span(labels, Tier.NOTE, 0, 2 * SECOND, "slow"))
    assert shown(labels, Tier.NOTE) == [(0, 1, "blurred"), (0, 2, "slow")]
    assert shown(labels) == shown(THREE)


def test_split_and_merge_are_each_others_opposite() -> None:
    parted = applied(THREE, edits.split(THREE, "b", 3 * SECOND))
    assert shown(parted)[1:3] == [(2, 3, "grasp"), (3, 5, "grasp")]
    whole = applied(parted, edits.merge(parted, [s.id for s in parted.subtasks[1:3]]))
    assert shown(whole) == shown(THREE)
    assert edits.split(THREE, "b", 2 * SECOND) == ()


def test_merge_takes_what_lies_between() -> None:
    assert shown(applied(THREE, edits.merge(THREE, ["a", "c"]))) == [(0, 8, "reach")]


@pytest.mark.parametrize(
    ("label_id", "edge", "to_s", "left"),
    [
        ("b", "start", 1.0, [(0, 1, "reach"), (1, 5, "grasp"), (6, 8, "lift")]),
        ("b", "start", 3.0, [(0, 3, "reach"), (3, 5, "grasp"), (6, 8, "lift")]),
        ("b", "start", -4.0, [(0, 0.02, "reach"), (0.02, 5, "grasp"), (6, 8, "lift")]),
        ("b", "end", 7.0, [(0, 2, "reach"), (2, 7, "grasp"), (7, 8, "lift")]),
        ("b", "end", 9.0, [(0, 2, "reach"), (2, 7.98, "grasp"), (7.98, 8, "lift")]),
        ("b", "end", 0.0, [(0, 2, "reach"), (2, 2.02, "grasp"), (6, 8, "lift")]),
        ("c", "end", 9.0, [(0, 2, "reach"), (2, 5, "grasp"), (6, 9, "lift")]),
    ],
)
def test_an_edge_stops_before_it_turns_a_span_over(
    label_id: str, edge: edits.Edge, to_s: float, left: list[tuple[float, float, str]]
) -> None:
    changes = edits.move_edge(THREE, label_id, edge, round(to_s * SECOND))
    assert shown(applied(THREE, changes)) == left


def test_a_neighbour_stays_when_edges_are_not_to_move_together() -> None:
    changes = edits.move_edge(THREE, "b", "start", 3 * SECOND, together=False)
    assert shown(applied(THREE, changes))[:2] == [(0, 2, "reach"), (3, 5, "grasp")]


def test_gaps_are_filled_from_end_to_end() -> None:
    filled = applied(THREE, edits.fill_gaps(THREE, Tier.SUBTASK, -SECOND, 10 * SECOND))
    assert shown(filled) == [(-1, 2, "reach"), (2, 6, "grasp"), (6, 10, "lift")]
    assert edits.fill_gaps(filled, Tier.SUBTASK, -SECOND, 10 * SECOND) == ()


def test_a_suggestion_keeps_its_origin_and_says_when_it_was_changed() -> None:
    spoken = span("s", 1, 3, "grasp the cup", state=State.PROPOSED, origin=Origin("spoken", "7", 0.9))
    labels = applied(THREE, edits.accept(THREE, spoken))
    assert labels.subtasks[1].origin == Origin("spoken", "7", 0.9)
    labels = applied(labels, edits.set_text(labels, "s", "grasp the mug"))
    assert labels.subtasks[1].origin == Origin("spoken", "7", 0.9, edited=True)
    refused = applied(labels, edits.reject(labels, labels.subtasks[1]))
    assert [s.id for s in refused.spans(Tier.SUBTASK, state=State.REJECTED)] == ["s"]
    assert "s" not in {s.id for s in refused.subtasks}


def test_a_judgement_changes_one_field_at_a_time() -> None:
    labels = applied(EpisodeLabels(), edits.judge(EpisodeLabels(), rating=4))
    labels = applied(labels, edits.judge(labels, progress=Progress.DONE))
    assert (labels.episode.rating, labels.episode.progress) == (4, Progress.DONE)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BoxKey(0, math.nan, 0.0, 1.0, 1.0), "all from 0 to 1; got nan"),
        (lambda: BoxKey(0, -0.1, 0.0, 1.0, 1.0), "got -0.1"),
        (lambda: BoxKey(0, 0.0, 0.0, 1.0, 1.5), "1.5"),
        (lambda: Origin("spoken", confidence=1.5), "confidence is from 0 to 1; got 1.5"),
        (lambda: Origin("spoken", confidence=math.nan), "got nan"),
        (lambda: SpanLabel("a", Tier.NOTE, 0, 1, thumb=2), "got 2"),
        (lambda: edits.judge(EpisodeLabels(), rating=0), "one to five stars, or None; got 0"),
    ],
)
def test_what_could_not_be_read_again_cannot_be_made(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(UnknownLabel, match="'z' among 3"):
        edits.split(THREE, "z", 0)


def test_boxes_go_in_straight_lines_and_may_be_out_of_view() -> None:
    labels = applied(EpisodeLabels(), boxes.put_box("front", "cup", BoxKey(0, 0.0, 0.0, 0.2, 0.2)))
    box_id = labels.boxes[0].id
    labels = applied(labels, boxes.put_key(labels, box_id, BoxKey(10, 0.4, 0.2, 0.6, 0.4)))
    between = labels.boxes[0].at(5)
    assert between is not None
    assert (between.left, between.top, between.right, between.bottom) == pytest.approx((0.2, 0.1, 0.4, 0.3))
    assert labels.boxes[0].at(11) is None
    labels = applied(labels, boxes.set_seen(labels, box_id, 5, Seen.OUT))
    assert labels.boxes_at("front", 7) == ()
    assert labels.boxes_at("front", 10)[0][1].left == 0.4
    labels = applied(labels, boxes.copy_on(labels, box_id, 20))
    assert labels.boxes[0].at(20) == BoxKey(20, 0.4, 0.2, 0.6, 0.4)
    for time_ns in (0, 5, 10, 20):
        labels = applied(labels, boxes.remove_key(labels, box_id, time_ns))
    assert labels.boxes == ()


def test_a_box_with_one_key_is_in_its_frame_only() -> None:
    box = BoxLabel("b", "front", "cup", (BoxKey(5, 0.1, 0.1, 0.2, 0.2),))
    assert box.at(5) is not None
    assert box.at(6) is None


ACTIONS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 9), st.integers(0, 100), st.integers(1, 40)), max_size=25
)


@given(ACTIONS)
def test_subtasks_never_overlap_and_every_step_goes_back_and_forth(
    actions: list[tuple[int, int, int, int]],
) -> None:
    history = History()
    stages = [history.labels]
    for kind, which, at, length in actions:
        labels = history.labels
        spans = labels.subtasks
        one = spans[which % len(spans)] if spans else None
        time_ns, more_ns = at * SECOND // 10, length * SECOND // 10
        if kind == 0 or one is None:
            changes = edits.put_span(labels, Tier.SUBTASK, time_ns, time_ns + more_ns, f"{at}")
        elif kind == 1:
            changes = edits.split(labels, one.id, time_ns)
        elif kind == 2:
            changes = edits.merge(labels, [one.id, spans[-1].id])
        elif kind == 3:
            changes = edits.move_edge(labels, one.id, "start", time_ns, together=bool(length % 2))
        elif kind == 4:
            changes = edits.move_edge(labels, one.id, "end", time_ns, together=bool(length % 2))
        elif kind == 5:
            changes = edits.move(labels, one.id, time_ns - one.start_ns)
        else:
            changes = edits.fill_gaps(labels, Tier.SUBTASK, 0, 14 * SECOND)
        step = history.step(changes, "any", utc_ns=1)
        if step is not None:
            history.take(step)
            stages.append(history.labels)
        ordered = history.labels.subtasks
        for earlier, later in pairwise(ordered):
            assert earlier.end_ns <= later.start_ns
    for stage in reversed(stages[:-1]):
        step = history.undo(utc_ns=1)
        assert step is not None
        assert history.take(step) == stage
    assert history.undo(utc_ns=1) is None
    for stage in stages[1:]:
        step = history.redo(utc_ns=1)
        assert step is not None
        assert history.take(step) == stage
