"""Final labels are put together from the reviewers' sides, stretch by stretch, and every step can be taken back."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings.labels import (
    BoxKey,
    BoxLabel,
    EpisodeLabels,
    History,
    LabelStore,
    Origin,
    Progress,
    SpanLabel,
    Tier,
    edits,
)
from recordings.labels.adjudicate import (
    Stretch,
    compare,
    decide_work,
    is_decided,
    leave,
    sides_of,
    take,
    take_agreed,
    take_beside,
    take_edited,
)
from recordings.labels.decided import refused

SECOND = 1_000_000_000


def labels(*spans: tuple[float, float, str], thumb: int = 0) -> EpisodeLabels:
    return EpisodeLabels(
        SpanLabel(f"{n}", Tier.SUBTASK, round(start * SECOND), round(end * SECOND), text, thumb=thumb)
        for n, (start, end, text) in enumerate(spans)
    )


def shown(final: EpisodeLabels) -> list[tuple[float, float, str, str]]:
    return [
        (span.start_ns / SECOND, span.end_ns / SECOND, span.text, span.origin.source)
        for span in final.subtasks
    ]


def parts(stretches: tuple[Stretch, ...]) -> list[tuple[float, float, bool]]:
    return [(one.start_ns / SECOND, one.end_ns / SECOND, one.agreed) for one in stretches]


class Final:
    """The final labels and how they came to be."""

    def __init__(self) -> None:
        self.history = History()

    @property
    def labels(self) -> EpisodeLabels:
        return self.history.labels

    def apply(self, changes: object) -> EpisodeLabels:
        step = self.history.step(changes, "test", utc_ns=1)  # type: ignore[arg-type]
        return self.history.take(step) if step is not None else self.labels


ANN = labels((0, 5, "reach"), (5, 8, "grasp"), (9, 12, "lift"))
BOB = labels((0, 5, "reach"), (5, 6, "touch"), (6, 8, "grasp"), (9, 11, "lift"))
SIDES = {"ann": ANN, "bob": BOB}


def test_the_episode_falls_into_what_is_agreed_and_what_is_not() -> None:
    stretches = compare(SIDES)
    assert parts(stretches) == [(0, 5, True), (5, 6, False), (6, 8, True), (9, 11, True), (11, 12, False)]
    assert stretches[1].texts == {"ann": "grasp", "bob": "touch"}
    assert stretches[4].texts == {"ann": "lift", "bob": None}
    assert compare({"ann": EpisodeLabels(), "bob": EpisodeLabels()}) == ()


def test_what_is_agreed_is_taken_at_once() -> None:
    final = Final()
    final.apply(take_agreed(final.labels, compare(SIDES)))
    assert shown(final.labels) == [
        (0, 5, "reach", "ann, bob"),
        (6, 8, "grasp", "ann, bob"),
        (9, 11, "lift", "ann, bob"),
    ]
    assert {span.origin.by for span in final.labels.subtasks} == {"reviewer"}


def test_a_side_that_goes_on_is_joined_and_can_be_changed_for_the_other() -> None:
    final, stretches = Final(), compare(SIDES)
    final.apply(take_agreed(final.labels, stretches))
    final.apply(take(final.labels, stretches[1], "ann"))
    assert shown(final.labels)[1] == (5, 8, "grasp", "ann, bob")
    assert sides_of(final.labels, stretches[1]) == ("ann",)
    as_ann = final.labels
    final.apply(take(final.labels, stretches[1], "bob"))
    assert shown(final.labels)[1:3] == [(5, 6, "touch", "bob"), (6, 8, "grasp", "ann, bob")]
    final.apply(take(final.labels, stretches[1], "ann"))
    final.apply(take(final.labels, stretches[1], "ann"))
    assert shown(final.labels)[:2] == shown(as_ann)[:2], "taken once more, it stays one"
    final.apply(take(final.labels, stretches[4], "bob"))
    assert shown(final.labels)[-1] == (9, 11, "lift", "ann, bob")
    assert sides_of(final.labels, stretches[4]) == ("bob",)
    final.apply(take(final.labels, stretches[4], "ann"))
    assert shown(final.labels)[-1] == (9, 12, "lift", "ann, bob")
    while (step := final.history.undo(utc_ns=1)) is not None:
        final.history.take(step)
    assert len(final.labels) == 0


def test_that_nothing_is_to_be_there_is_decided_and_not_the_same_as_open(tmp_path: Path) -> None:
    store, stretch = LabelStore(tmp_path), compare(SIDES)[4]
    assert stretch.texts == {"ann": "lift", "bob": None}
    with store.edit("final", "e1") as editor:
        assert not is_decided(editor.labels, stretch)
        assert sides_of(editor.labels, stretch) == (), "it is open, though nothing is what Bob says"
        editor.apply(take(editor.labels, stretch, "bob"), "decide for bob")
    with store.edit("final", "e1") as editor:
        assert editor.labels.subtasks == ()
        assert is_decided(editor.labels, stretch), "the journal keeps it"
        assert sides_of(editor.labels, stretch) == ("bob",)
        editor.undo()
        assert not is_decided(editor.labels, stretch)
        editor.redo()
        editor.apply(take(editor.labels, stretch, "ann"), "decide for ann")
        assert sides_of(editor.labels, stretch) == ("ann",)
        assert len(editor.labels) == 1, "what was refused is forgotten where it is decided anew"
        editor.apply(edits.remove(editor.labels, [editor.labels.subtasks[0].id]), "take away")
        assert not is_decided(editor.labels, stretch), "taken away by hand, it is open again"


def test_left_as_it_is_a_stretch_that_both_name_is_decided_for_neither() -> None:
    final, stretch = Final(), compare(SIDES)[1]
    final.apply(leave(final.labels, stretch))
    assert final.labels.subtasks == ()
    assert is_decided(final.labels, stretch)
    assert sides_of(final.labels, stretch) == ()
    final.apply(leave(final.labels, stretch))
    texts = sorted(span.text for span in refused(final.labels))
    assert texts == ["grasp", "touch"], "each once, however often it is left"


def test_a_journal_in_which_nothing_was_taken_without_a_refusal_still_reads(tmp_path: Path) -> None:
    """Steps of before refusals were kept: the rest of them stands, and that stretch is open."""
    store, stretches = LabelStore(tmp_path), compare(SIDES)
    with store.edit("final", "e1") as editor:
        editor.apply(take_agreed(editor.labels, stretches), "take what is agreed")
        editor.apply(edits.clear(editor.labels, 11 * SECOND, 12 * SECOND), "decide for bob")
    final = store.read("final", "e1")
    assert final.damage == ()
    assert [is_decided(final, one) for one in stretches] == [True, False, True, True, False]


def test_two_spans_of_the_same_text_on_end_stay_two() -> None:
    final = Final()
    twice = labels((0, 2, "wipe"), (2, 4, "wipe"))
    final.apply(take_agreed(final.labels, compare({"ann": twice, "bob": twice})))
    assert [one[:2] for one in shown(final.labels)] == [(0, 2), (2, 4)]


def test_edges_that_are_near_are_one_in_the_middle() -> None:
    ann = labels((0, 5, "reach"), (5, 8, "grasp"))
    bob = labels((0.1, 5.1, "reach"), (5.1, 8.1, "grasp"))
    assert parts(compare({"ann": ann, "bob": bob})) == [(0.05, 5.05, True), (5.05, 8.05, True)]
    assert len(compare({"ann": ann, "bob": bob}, near_ns=0)) == 5
    third = labels((0, 5.15, "reach"), (5.15, 8, "grasp"))
    three = compare({"ann": ann, "bob": bob, "cid": third})
    assert parts(three) == [(0.05, 5.075, True), (5.075, 8.05, True)]


def test_a_short_subtask_that_only_one_has_is_a_difference_all_the_same() -> None:
    ann = labels((0, 5, "reach"), (5, 5.5, "tap"), (5.5, 8, "grasp"))
    bob = labels((0, 5, "reach"), (5, 8, "grasp"))
    assert [one.agreed for one in compare({"ann": ann, "bob": bob})] == [True, False, True]


def test_something_else_than_anybody_says_can_be_final() -> None:
    final, stretches = Final(), compare(SIDES)
    final.apply(take_agreed(final.labels, stretches))
    final.apply(take_edited(final.labels, 5 * SECOND, 7 * SECOND, "close the hand", reviewer="ann"))
    assert shown(final.labels)[1:3] == [(5, 7, "close the hand", "ann"), (7, 8, "grasp", "ann, bob")]
    assert final.labels.subtasks[1].origin == Origin("reviewer", "ann", edited=True)
    assert sides_of(final.labels, stretches[1]) == ()


def test_thumbs_go_along_and_a_stranger_is_refused() -> None:
    final = Final()
    up = labels((0, 2, "wipe"), thumb=1)
    (stretch,) = compare({"ann": up, "bob": labels((0, 2, "scrub"))})
    assert final.apply(take(final.labels, stretch, "ann")).subtasks[0].thumb == 1
    with pytest.raises(ValueError, match="one of ann, bob"):
        take(final.labels, stretch, "cid")


def test_work_is_accepted_or_rejected_with_a_reason(tmp_path: Path) -> None:
    store = LabelStore(tmp_path)
    with store.edit("ann", "e1") as editor:
        editor.apply(edits.put_span(editor.labels, Tier.SUBTASK, 0, SECOND, "reach"), "put")
    decide_work(store, "ann", "e1", Progress.REJECTED, "too coarse")
    judged = store.read("ann", "e1").episode
    assert (judged.progress, judged.comment) == (Progress.REJECTED, "too coarse")
    assert store.best("e1") is None
    decide_work(store, "ann", "e1", Progress.ACCEPTED)
    best = store.best("e1")
    assert best is not None
    assert best.episode.comment == "too coarse"
    with store.edit("ann", "e1") as editor:
        assert editor.undoable == "work accepted"


CHAIN = st.lists(
    st.tuples(st.integers(0, 2), st.integers(1, 4), st.sampled_from("xy")), min_size=1, max_size=6
)


@settings(max_examples=50, deadline=None)
@given(CHAIN, CHAIN, st.data())
def test_taking_one_side_everywhere_gives_that_side(one: list, other: list, data: st.DataObject) -> None:
    sides = {"ann": labels(*_chain(one)), "bob": labels(*_chain(other))}
    stretches = compare(sides, near_ns=0)
    for before, after in pairwise(stretches):
        assert before.end_ns <= after.start_ns
    final = Final()
    if data.draw(st.booleans()):
        final.apply(take_agreed(final.labels, stretches))
    for stretch in data.draw(st.permutations(stretches)):
        final.apply(take(final.labels, stretch, data.draw(st.sampled_from(["ann", "bob"]))))
    for stretch in data.draw(st.permutations(stretches)):
        final.apply(take(final.labels, stretch, "ann"))
        assert "ann" in sides_of(final.labels, stretch)
    assert _said(final.labels) == _said(sides["ann"])
    for before, after in pairwise(final.labels.subtasks):
        assert before.end_ns <= after.start_ns


def _chain(steps: list[tuple[int, int, str]]) -> list[tuple[float, float, str]]:
    spans, now = [], 0
    for gap, length, text in steps:
        spans.append((now + gap, now + gap + length, text))
        now += gap + length
    return spans


def _said(found: EpisodeLabels) -> list[str | None]:
    at = (found.subtask_at(half * SECOND // 2) for half in range(-2, 100))
    return [span.text if span is not None else None for span in at]


def test_notes_and_boxes_are_made_final_too_an_objects_boxes_from_one_reviewer() -> None:
    note = SpanLabel("n", Tier.NOTE, 0, 10, "slips")
    key = BoxKey(0, 0.1, 0.1, 0.2, 0.2)
    ann = EpisodeLabels([note, BoxLabel("a", "front", "cup", (key,)), BoxLabel("b", "front", "cup", (key,))])
    bob = EpisodeLabels([BoxLabel("c", "front", "cup", (key,)), BoxLabel("d", "front", "plate", (key,))])
    taken = [change.after for change in take_beside({"ann": ann, "bob": bob})]
    assert {label.id for label in taken if label is not None} == {"n", "a", "b", "d"}
    origins = {label.id: label.origin for label in taken if isinstance(label, SpanLabel | BoxLabel)}
    assert origins["n"] == Origin("reviewer", "ann")
    assert origins["d"] == Origin("reviewer", "bob")
