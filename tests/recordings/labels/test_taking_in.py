"""A file taken in among a reviewer's labels: what gives way to what, all of it told, and one step."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from recordings.labels import (
    BoxKey,
    BoxLabel,
    EpisodeLabels,
    History,
    LabelStore,
    SpanLabel,
    State,
    Tier,
    edits,
)
from recordings.labels.formats import EpisodeClock, changes, read, write
from recordings.labels.formats.laid_over import laid_over
from tests.recordings.labels.any_labels import CLOCK
from tests.recordings.labels.exchanged import MS, NOTHING, SLOW, START, at, said, taken_in


def test_what_reaches_beyond_the_episode_is_cut_and_told() -> None:
    length_s = (CLOCK.end_ns - START) // 1000 // MS
    text = f"start_s,end_s,text\n0,1,a\n{length_s - 1},{length_s + 5},b\n{length_s + 1},{length_s + 2},c\n"
    labels = read(text.encode(), CLOCK, "a.csv", existing=NOTHING).labels
    assert [(s.text, s.end_ns) for s in labels if isinstance(s, SpanLabel)] == [
        ("a", START + 1000 * MS),
        ("b", CLOCK.end_ns),
    ]
    assert [line.split(":")[0] for line in said(text.encode(), "a.csv")] == ["1 spans", "1 spans"]


def test_key_frames_outside_of_the_episode_are_left_out() -> None:
    inside, outside = BoxKey(START, 0, 0, 1, 1), BoxKey(CLOCK.end_ns, 0, 0, 1, 1)
    labels = EpisodeLabels(
        [BoxLabel("a", "front", "", (inside, outside)), BoxLabel("b", "front", "", (outside,))]
    )
    data = write(labels, CLOCK, "json").data
    assert taken_in(data, "a.json") == EpisodeLabels([BoxLabel("a", "front", "", (inside,))])
    assert [line.split(":")[0] for line in said(data, "a.json")] == ["2 key frames of boxes", "1 boxes"]


def test_subtasks_never_lie_over_one_another_after_an_import() -> None:
    existing = EpisodeLabels([at("1", 0, 1000, "mine"), at("2", 4000, 5000, "far")])
    text = "start_s,end_s,text\n0.5,2,a\n1.5,3,b\n"
    after = taken_in(text.encode(), "a.csv", existing=existing)
    assert [(s.text, *CLOCK.shown_ms(s.start_ns, s.end_ns)) for s in after.subtasks] == [
        ("mine", 0, 500),
        ("a", 500, 1500),
        ("b", 1500, 3000),
        ("far", 4000, 5000),
    ]
    report = said(text.encode(), "a.csv", existing=existing)
    assert [line.split(":")[0] for line in report] == [
        "1 subtasks of the file",
        "1 labels that were there",
        "1 labels that were there",
    ]


def test_a_new_annotation_that_touches_an_exact_one_is_no_clash() -> None:
    labels = EpisodeLabels([at("1", 0, 100.4, "reach"), at("2", 200, 300, "grasp")])
    data = write(labels, CLOCK, "eaf").data.replace(
        b'"200"', b'"100"'
    )  # where ELAN shows the end of the first
    reach, grasp = taken_in(data, "a.eaf", existing=labels).subtasks
    assert reach.end_ns == grasp.start_ns == START + 100 * MS
    assert said(data, "a.eaf", existing=labels) == []


def test_replacing_takes_away_only_what_the_file_speaks_of() -> None:
    note = at("n", 0, 10, "blurred", Tier.NOTE)
    box = BoxLabel("b", "front", "cup", (BoxKey(START, 0, 0, 1, 1),))
    refused = msgspec.structs.replace(at("r", 0, 10), state=State.REJECTED)
    existing = EpisodeLabels([at("1", 0, 10), note, box, refused])
    text = "id,start_s,end_s,text\n9,1,2,new\n"
    after = taken_in(text.encode(), "a.csv", existing=existing, replace=True)
    assert set(after.by_id) == {"9", "n", "b", "r"}


def test_an_import_is_one_step_that_can_be_undone(tmp_path: Path) -> None:
    labels = EpisodeLabels([at("1", 0, 10, "a"), at("2", 10, 20, "b")])
    data = write(labels, CLOCK, "csv").data
    store = LabelStore(tmp_path)
    with store.edit("ann", "e1") as editor:
        imported = read(data, CLOCK, "a.csv", existing=editor.labels)
        editor.apply(changes(editor.labels, imported)[0], "import a.csv")
    assert store.read("ann", "e1") == labels
    with store.edit("ann", "e1") as editor:
        assert editor.undoable == "import a.csv"
        assert len(editor.undo()) == 0


def test_what_is_cut_is_named_by_text_and_time_and_the_rest_is_counted() -> None:
    existing = EpisodeLabels([at("1", 0, 1000, "mine  and\nonly mine")])
    rows = "".join(f"{n},{n + 1.5},step {n}\n" for n in range(6))
    text = f"start_s,end_s,text\n0.5,0.9,{'long ' * 20}\n{rows}200,201,z\n"
    assert said(text.encode(), "a.csv", existing=existing) == [
        '1 spans: they are outside of the episode and are left out: "z" (200.000 to 201.000 s)',
        "6 subtasks of the file: others of the file lie over them; they are cut, or gone:"
        ' "long long long long long long long long…" (0.500 to 0.900 s), "step 0" (0.000 to 1.500 s),'
        ' "step 1" (1.000 to 2.500 s) and 3 more',
        "1 labels that were there: they give way to subtasks of the file:"
        ' "mine and only mine" (0.000 to 1.000 s)',
    ]


def one_after_another(labels: EpisodeLabels, others: list[SpanLabel]) -> EpisodeLabels:
    """The plain way, which looks at all labels for each: right, and slow."""
    history = History()
    history.labels = labels
    for other in others:
        step = history.step(edits.accept(history.labels, other), "import", utc_ns=0)
        if step is not None:
            history.take(step)
    return history.labels


@st.composite
def short_spans(draw: st.DrawFn, prefix: str, *, disjoint: bool) -> list[SpanLabel]:
    """Subtasks of a few milliseconds, close together."""
    found: list[SpanLabel] = []
    for number in range(draw(st.integers(0, 8))):
        start, length = draw(st.integers(0, 30)), draw(st.integers(1, 12))
        span = at(f"{prefix}{number}", start, start + length, draw(st.sampled_from("xy")))
        if not disjoint or all(not one.overlap_ns(span.start_ns, span.end_ns) for one in found):
            found.append(span)
    return found


@given(
    there=short_spans("t", disjoint=True) | short_spans("t", disjoint=False),
    coming=short_spans("c", disjoint=False),
)
@example(there=[at("a", 0, 2), at("0", 0, 1)], coming=[at("c", 0, 1)])
@SLOW
def test_looking_only_at_what_lies_near_gives_the_same(
    there: list[SpanLabel], coming: list[SpanLabel]
) -> None:
    def plain(labels: EpisodeLabels) -> list[SpanLabel]:
        """Without ids, which are new for what is cut in two."""
        return sorted((msgspec.structs.replace(span, id="") for span in labels.subtasks), key=repr)

    labels = EpisodeLabels(there)
    assert plain(laid_over(labels, coming)) == plain(one_after_another(labels, coming))


def test_thousands_of_subtasks_over_as_many_are_taken_in_within_a_moment() -> None:
    count = 6000
    clock = EpisodeClock(CLOCK.episode_id, START, START + count * 1000 * MS)
    existing = EpisodeLabels(at(f"e{n}", n * 1000 + 500, n * 1000 + 900, "old") for n in range(count))
    rows = "".join(f"{n},{n + 1.2},step {n % 50}\n" for n in range(count))
    imported = read(f"start_s,end_s,text\n{rows}".encode(), clock, "a.csv", existing=existing)
    begun_s = time.process_time()
    found, _ = changes(existing, imported)
    assert time.process_time() - begun_s < 5.0  # 0.2 s; a minute where each row is held against all others
    assert len(found) == 2 * count
