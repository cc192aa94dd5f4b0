"""What a reviewer does to labels shows at once and is kept at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.gui.labels import keeper
from app.gui.labels.box_work import BoxWork
from app.gui.labels.desk import LabelDesk, Stretch
from app.gui.labels.segmenting import Segmenting
from app.gui.labels.suggesting import Suggesting
from recordings.labels import BoxKey, LabelStore, Origin, Seen, SpanLabel, State, Tier
from tests.support.full_disk import full_disk
from tests.support.qt_waiting import wait_until

SECOND = 1_000_000_000
FRAMES = np.arange(0, 60 * SECOND, SECOND // 30)


@pytest.fixture
def store(tmp_path: Path) -> LabelStore:
    (tmp_path / "episodes" / "e1").mkdir(parents=True)
    return LabelStore(tmp_path)


@pytest.fixture
def desk(store: LabelStore) -> Iterator[LabelDesk]:
    made = LabelDesk()
    opened(made, store)
    yield made
    made.close()
    assert made.join(10)


def opened(desk: LabelDesk, store: LabelStore, reviewer: str = "ann") -> None:
    desk.open(store, reviewer, "e1")
    desk.stretch = Stretch(0, 60 * SECOND, FRAMES)

    def there() -> bool:
        desk.poll()
        return desk.ready or bool(desk.problem)

    assert wait_until(there)


def shown(desk: LabelDesk) -> list[tuple[float, float, str]]:
    return [(s.start_ns / SECOND, s.end_ns / SECOND, s.text) for s in desk.labels.subtasks]


def kept(store: LabelStore, reviewer: str = "ann") -> list[tuple[float, float, str]]:
    spans = store.read(reviewer, "e1").subtasks
    return [(s.start_ns / SECOND, s.end_ns / SECOND, s.text) for s in spans]


def test_an_episode_that_is_not_there_gets_no_labels(tmp_path: Path) -> None:
    desk = LabelDesk()
    opened(desk, LabelStore(tmp_path / "nowhere"))
    assert not desk.ready
    assert "e1 is not there" in desk.problem
    desk.close()
    assert desk.join(10)
    assert not (tmp_path / "nowhere").exists()


def test_two_marks_and_a_number_make_a_label_and_it_is_on_the_disk(
    desk: LabelDesk, store: LabelStore
) -> None:
    segmenting = Segmenting(desk)
    segmenting.palette = ("reach", "grasp")
    segmenting.lag_s = 0.25
    segmenting.mark(2 * SECOND, playing=True)
    assert segmenting.begun is not None
    segmenting.mark(5 * SECOND, playing=False)
    segmenting.name_by_key(2)
    assert shown(desk) == [(1.75, 5.0, "grasp")]
    assert wait_until(lambda: kept(store) == [(1.75, 5.0, "grasp")])
    segmenting.name_by_key(9)
    assert shown(desk) == [(1.75, 5.0, "grasp")]


def test_marks_may_be_set_backwards_and_named_before_the_end(desk: LabelDesk) -> None:
    segmenting = Segmenting(desk)
    segmenting.mark(5 * SECOND, playing=False)
    segmenting.name("lift")
    segmenting.mark(3 * SECOND, playing=False)
    assert shown(desk) == [(3.0, 5.0, "lift")]


def test_chained_marks_leave_no_gap(desk: LabelDesk) -> None:
    segmenting = Segmenting(desk)
    segmenting.chained = True
    for at, text in ((0, ""), (2, "reach"), (5, "grasp")):
        segmenting.mark(at * SECOND, playing=False)
        segmenting.name(text) if text else None
    assert shown(desk) == [(0.0, 2.0, "reach"), (2.0, 5.0, "grasp")]
    assert segmenting.begun is not None
    segmenting.remove()
    assert segmenting.begun is None
    assert len(shown(desk)) == 2


def test_edges_go_by_stored_frames_and_snap_to_what_happened(desk: LabelDesk) -> None:
    segmenting = Segmenting(desk)
    segmenting.mark(SECOND, playing=False)
    segmenting.mark(2 * SECOND, playing=False)
    segmenting.nudge("start", 1)
    segmenting.nudge("end", -2)
    span = desk.selected_span
    assert span is not None
    assert (span.start_ns, span.end_ns) == (int(FRAMES[31]), int(FRAMES[59]))
    segmenting.snap_targets = np.array([SECOND // 2, 3 * SECOND])
    segmenting.snap(0)
    segmenting.snap(10 * SECOND)
    assert shown(desk) == [(0.5, 3.0, "")]
    assert segmenting.nearest_target(SECOND, within_ns=SECOND // 4) == SECOND


def test_dragging_shows_at_once_and_is_one_step(desk: LabelDesk) -> None:
    segmenting = Segmenting(desk)
    segmenting.mark(SECOND, playing=False)
    segmenting.mark(2 * SECOND, playing=False)
    span_id = desk.labels.subtasks[0].id
    for at in (3, 4, 5):
        segmenting.drag_edge(span_id, "end", at * SECOND)
        assert shown(desk)[0][1] == at
    segmenting.drop_edge(span_id, "end", 5 * SECOND)
    assert desk.undoable == "move an edge"
    desk.undo()
    assert shown(desk) == [(1.0, 2.0, "")]
    desk.redo()
    assert shown(desk) == [(1.0, 5.0, "")]


def test_split_merge_fill_and_take_away(desk: LabelDesk) -> None:
    segmenting = Segmenting(desk)
    segmenting.mark(10 * SECOND, playing=False)
    segmenting.mark(20 * SECOND, playing=False)
    segmenting.name("reach")
    segmenting.split(15 * SECOND)
    segmenting.name("grasp")
    assert shown(desk) == [(10.0, 15.0, "reach"), (15.0, 20.0, "grasp")]
    desk.select_beside(-1, 0)
    segmenting.merge()
    assert shown(desk) == [(10.0, 20.0, "reach")]
    segmenting.fill_gaps()
    assert shown(desk) == [(0.0, 60.0, "reach")]
    segmenting.remove()
    assert shown(desk) == []
    segmenting.remove()


def test_suggestions_are_taken_or_refused_once(desk: LabelDesk, store: LabelStore) -> None:
    suggesting = Suggesting(desk)
    proposed = [
        SpanLabel(
            f"p{n}",
            Tier.SUBTASK,
            n * SECOND,
            (n + 1) * SECOND,
            f"t{n}",
            State.PROPOSED,
            Origin("spoken", str(n)),
        )
        for n in range(4)
    ]
    suggesting.offer(proposed)
    taken = suggesting.take(SECOND // 2)
    assert taken is not None
    assert desk.selected is not None
    assert desk.selected.origin == Origin("spoken", "0")
    suggesting.refuse(SECOND + 1)
    assert [one.id for one in suggesting.open] == ["p2", "p3"]
    suggesting.take_all()
    assert [text for _, _, text in shown(desk)] == ["t0", "t2", "t3"]
    desk.undo()
    assert [one.id for one in suggesting.open] == ["p2", "p3"]
    desk.close()
    opened(desk, store)
    suggesting.offer(proposed)
    assert [one.id for one in suggesting.open] == ["p2", "p3"]


def test_a_suggestion_is_made_beside_labels_and_never_over_them(desk: LabelDesk) -> None:
    segmenting, suggesting = Segmenting(desk), Suggesting(desk)
    segmenting.mark(0, playing=False)
    segmenting.mark(4 * SECOND, playing=False)
    segmenting.name("by hand")
    suggesting.offer(
        SpanLabel(
            f"p{start}", Tier.SUBTASK, start * SECOND, end * SECOND, "seen", State.PROPOSED, Origin("earlier")
        )
        for start, end in ((0, 5), (3, 9))
    )
    assert [(one.start_ns, one.end_ns) for one in suggesting.open] == [(4 * SECOND, 9 * SECOND)]
    suggesting.take(0)
    assert shown(desk) == [(0.0, 4.0, "by hand"), (4.0, 9.0, "seen")]


def test_a_box_is_carried_on(desk: LabelDesk) -> None:
    work = BoxWork(desk)
    work.draw("front", "cup", BoxKey(0, 0.1, 0.1, 0.2, 0.2))
    box = desk.selected_box
    assert box is not None
    work.drag(box.id, BoxKey(SECOND, 0.3, 0.1, 0.4, 0.2))
    assert len(desk.labels.boxes[0].keys) == 2
    work.place(box.id, BoxKey(SECOND, 0.5, 0.1, 0.6, 0.2))
    work.see(2 * SECOND, Seen.OCCLUDED)
    work.copy_on(3 * SECOND)
    assert [key.left for key in desk.labels.boxes[0].keys] == [0.1, 0.5, 0.5, 0.5]
    assert desk.labels.boxes[0].keys[-1].seen is Seen.OCCLUDED
    work.remove_key(3 * SECOND)
    assert len(desk.labels.boxes[0].keys) == 3


def test_labels_that_another_window_writes_can_only_be_looked_at(desk: LabelDesk, store: LabelStore) -> None:
    Segmenting(desk).note(SECOND, "look")
    assert wait_until(lambda: len(store.read("ann", "e1")) == 1)
    other = LabelDesk()
    opened(other, store)
    assert not other.ready
    assert "another window" in other.problem

    def read() -> bool:
        other.poll()
        return len(other.labels) == 1

    assert wait_until(read)
    Segmenting(other).mark(0, playing=False)
    Segmenting(other).fill_gaps()
    assert other.undoable == ""
    other.close()
    assert other.join(10)


def test_labels_that_are_free_again_soon_can_be_changed(
    store: LabelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "IN_USE_S", 20.0)
    desk = LabelDesk()
    held = store.edit("ann", "e1")
    desk.open(store, "ann", "e1")
    assert not wait_until(lambda: bool(desk.problem), 200), (
        "a renaming or a judgement has them no longer than that"
    )
    assert desk.opening
    held.close()

    def ready() -> bool:
        desk.poll()
        return desk.ready

    assert wait_until(ready)
    assert not desk.problem
    desk.close()
    assert desk.join(10)


def test_a_full_disk_is_told_and_what_was_done_is_kept_when_there_is_room(
    desk: LabelDesk, store: LabelStore
) -> None:
    segmenting = Segmenting(desk)
    segmenting.note(SECOND, "first")
    assert wait_until(lambda: len(store.read("ann", "e1")) == 1)
    size = store.journal_path("ann", "e1").stat().st_size
    with full_disk(size + 10):
        segmenting.note(2 * SECOND, "second")
        assert wait_until(lambda: "1 step not on the disk yet" in desk.problem)
        assert len(desk.labels) == 2
    assert wait_until(lambda: len(store.read("ann", "e1")) == 2 and not desk.problem)
    assert store.read("ann", "e1").damage == ()


def test_what_a_full_disk_refuses_is_tried_after_closing_too_until_it_is_given_up(
    desk: LabelDesk, store: LabelStore
) -> None:
    segmenting = Segmenting(desk)
    segmenting.note(SECOND, "first")
    assert wait_until(lambda: len(store.read("ann", "e1")) == 1)
    size = store.journal_path("ann", "e1").stat().st_size
    with full_disk(size + 10):
        segmenting.note(2 * SECOND, "second")
        desk.close()
        assert not desk.join(3), "no time is too long for the disk to have room again"
        assert desk.unkept == 1
        assert "1 step not on the disk yet" in desk.problem
        desk.give_up()
        assert desk.join(20)
    assert desk.unkept == 1
    assert len(store.read("ann", "e1")) == 1


def test_labels_that_are_opened_again_before_they_are_on_the_disk_wait_for_that_and_are_ones_own(
    desk: LabelDesk, store: LabelStore
) -> None:
    segmenting = Segmenting(desk)
    segmenting.note(SECOND, "first")
    assert wait_until(lambda: len(store.read("ann", "e1")) == 1)
    size = store.journal_path("ann", "e1").stat().st_size
    with full_disk(size + 10):
        segmenting.note(2 * SECOND, "second")
        for _ in range(2):
            desk.open(store, "ann", "e1")

        def refused() -> bool:
            desk.poll()
            return "1 step not on the disk yet" in desk.problem

        assert wait_until(refused)
        assert desk.opening
        assert not desk.ready
        assert "another window" not in desk.problem

    def there() -> bool:
        desk.poll()
        return desk.ready

    assert wait_until(there)
    assert len(desk.labels) == 2
    assert not desk.problem
