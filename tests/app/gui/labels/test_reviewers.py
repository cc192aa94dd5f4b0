"""Two reviewers of one episode: seen beside each other, and decided between, by keys and for good."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import Qt

from app.gui.frame import Frame
from app.gui.labels import comparer
from app.gui.labels.comparing import NOTHING, Comparing
from app.gui.labels.desk import LabelDesk
from app.gui.labels.other_lane import OtherLane
from app.gui.pages.review import ReviewPage
from app.gui.window import Window
from recordings.labels import FINAL, EpisodeLabels, LabelStore, Progress, Tier, edits
from recordings.labels.adjudicate import Stretch
from tests.recordings.recorded import START_NS
from tests.support.fake_session import FakeSession
from tests.support.qt_waiting import wait_until
from tests.support.recorded_session import RecordedSession, record_set
from tests.support.review_keys import MS, PATIENCE_MS, go, mark, position_ms, press, review_page, spans

Key = Qt.Key
CTRL, ALT, SHIFT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
TEXTS = ("reach", "grasp", "lift")


@pytest.fixture
def session(tmp_path: Path) -> FakeSession:
    return RecordedSession(record_set(tmp_path / "set", ticks=(200,)))


@pytest.fixture
def store(tmp_path: Path) -> LabelStore:
    return LabelStore(tmp_path / "set")


@pytest.fixture
def episode_id(session: FakeSession) -> str:
    return session.episodes[0].episode_id


@pytest.fixture
def page(frame: Frame) -> ReviewPage:
    """Ann and Bob have labelled the episode, each by keys; Ann's labels are shown."""
    page = review_page(frame, "bob", *TEXTS)
    mark(page, 500, 1000, Key.Key_1)
    mark(page, 1000, 1500, Key.Key_3)
    mark(page, 1500, 2000, Key.Key_2)
    press(Key.Key_D)
    page = review_page(frame, "ann", *TEXTS)
    mark(page, 500, 1000, Key.Key_1)
    mark(page, 1000, 2000, Key.Key_2)
    mark(page, 2500, 3000, Key.Key_3)
    press(Key.Key_D)
    assert wait_until(lambda: page.labelling.comparing.others == ("bob",), PATIENCE_MS)
    return page


def decide(page: ReviewPage) -> None:
    """Turn to deciding, until the first stretch to decide is at the playhead."""
    press(Key.Key_A, modifiers=SHIFT)
    assert wait_until(
        lambda: page.labelling.desk.reviewer == FINAL and page.labelling.desk.ready, PATIENCE_MS
    )
    assert wait_until(lambda: bool(page.labelling.adjudicating.sides), PATIENCE_MS)
    page.labelling.poll()


def said(page: ReviewPage) -> str:
    view = page.panel.reviewers
    view.refresh(terse=False)
    return "\n".join(label.text() for label in (view.state, view.agreement, view.work, view.hint))


def test_anothers_labels_are_seen_beside_ones_own_and_gone_through_by_keys(page: ReviewPage) -> None:
    assert "Also labelled by bob" in said(page)
    press(Key.Key_C, modifiers=SHIFT)
    comparing = page.labelling.comparing
    assert comparing.other == "bob"
    assert wait_until(lambda: len(comparing.differing) == 2, PATIENCE_MS)
    page.labelling.poll()
    (lane,) = [lane for lane in page.timeline.lanes if isinstance(lane, OtherLane)]
    assert lane.title == "bob"
    assert [span.text for span in lane.spans()] == ["reach", "lift", "grasp"]
    assert lane.value_at(START_NS + 1200 * MS) == "lift ≠"
    assert lane.value_at(START_NS + 700 * MS) == "reach"
    assert lane.value_at(START_NS + 2700 * MS) == "nothing ≠"
    assert "κ 0." in said(page)
    assert "IoU" in said(page)
    assert "ms apart" in said(page)
    assert "2 stretches differ" in said(page)
    go(page, 0)
    press(Key.Key_Down, modifiers=CTRL)
    assert position_ms(page) == 1000
    press(Key.Key_Down, modifiers=CTRL)
    assert position_ms(page) == 2500
    press(Key.Key_Up, modifiers=CTRL)
    assert position_ms(page) == 1000
    press(Key.Key_C, modifiers=SHIFT)
    assert comparing.other == ""
    page.labelling.poll()
    assert not [lane for lane in page.timeline.lanes if isinstance(lane, OtherLane)]


def test_where_reviewers_differ_is_worked_out_once_for_each_comparison(page: ReviewPage) -> None:
    press(Key.Key_C, modifiers=SHIFT)
    comparing = page.labelling.comparing
    assert wait_until(lambda: len(comparing.differing) == 2, PATIENCE_MS)
    assert comparing.differing is comparing.differing


def test_who_labels_later_is_seen_though_the_window_never_ceases_to_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparer, "IDLE_RECHECK_S", 0.05)
    monkeypatch.setattr(comparer, "RECHECK_S", 0.05)
    (tmp_path / "episodes" / "e1").mkdir(parents=True)
    store = LabelStore(tmp_path)
    comparing = Comparing(LabelDesk())
    comparing.open(store, "ann", "e1")

    def seen(*names: str) -> bool:
        comparing.poll()
        return comparing.others == names and comparing.comparison is not NOTHING

    try:
        assert wait_until(seen, PATIENCE_MS)
        for names, among_others in ((("bob",), False), (("bob", "eve"), True)):
            comparing.among_others = among_others
            assert wait_until(lambda before=names[:-1]: seen(*before), PATIENCE_MS)
            with store.edit(names[-1], "e1") as editor:
                editor.apply(edits.put_span(editor.labels, Tier.SUBTASK, 0, MS, "reach"), "put")
            assert wait_until(lambda now=names: seen(*now), PATIENCE_MS)
    finally:
        comparing.close()
        assert comparing.join(20)


def test_nothing_is_compared_before_labels_of_this_window_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "episodes" / "e1").mkdir(parents=True)
    store, desk = LabelStore(tmp_path), LabelDesk()
    comparing = Comparing(desk)
    goes_on, fdatasync = threading.Event(), os.fdatasync

    def slow(file: int) -> None:
        goes_on.wait(PATIENCE_MS / 1000)
        fdatasync(file)

    def ready() -> bool:
        desk.poll()
        return desk.ready

    monkeypatch.setattr(os, "fdatasync", slow)
    try:
        desk.open(store, "bob", "e1")
        assert wait_until(ready, PATIENCE_MS)
        for at_ns in (0, MS):
            desk.do(edits.put_span(desk.labels, Tier.SUBTASK, at_ns, at_ns + MS, "reach"), "put")
        bobs = desk.labels
        desk.open(store, FINAL, "e1")
        comparing.open(store, FINAL, "e1")
        assert wait_until(lambda: "still being written" in comparing.problem, PATIENCE_MS)
        comparing.poll()
        assert comparing.comparison is NOTHING
        goes_on.set()

        def seen() -> bool:
            comparing.poll()
            return comparing.others == ("bob",)

        assert wait_until(seen, PATIENCE_MS)
        assert comparing.comparison.others["bob"] == bobs
        assert not comparing.problem
    finally:
        goes_on.set()
        comparing.close()
        desk.close()
        assert comparing.join(20)
        assert desk.join(20)


def test_what_differs_at_a_moment_is_searched_and_not_counted_out() -> None:
    class Counted(tuple[Stretch, ...]):
        looked = 0

        def __getitem__(self, at: Any) -> Any:
            Counted.looked += 1
            return super().__getitem__(at)

        def __iter__(self) -> Iterator[Stretch]:
            raise AssertionError("each of them was looked at")

    stretches = Counted(Stretch(2 * n * MS, (2 * n + 1) * MS, {}) for n in range(10_000))
    lane = OtherLane("bob", EpisodeLabels, lambda: stretches)
    assert lane.value_at(8000 * MS) == "nothing ≠"
    assert lane.value_at(8001 * MS) == ""
    assert lane.value_at(-MS) == ""
    assert Counted.looked < 100


def test_figures_follow_what_is_changed(page: ReviewPage) -> None:
    press(Key.Key_C, modifiers=SHIFT)
    comparing = page.labelling.comparing
    assert wait_until(lambda: len(comparing.differing) == 2, PATIENCE_MS)
    go(page, 1000)
    press(Key.Key_Return)
    go(page, 1500)
    press(Key.Key_Return, Key.Key_3)
    go(page, 2700)
    press(Key.Key_Up, Key.Key_Down, Key.Key_Delete)
    assert wait_until(lambda: len(comparing.stretches) == 3 and not comparing.differing, PATIENCE_MS)
    assert "κ 1.00" in said(page)


def test_it_is_decided_by_keys_and_stays_decided(
    page: ReviewPage,
    frame: Frame,
    window: Window,
    store: LabelStore,
    episode_id: str,
    tmp_path: Path,
    open_window: Callable[[FakeSession], Window],
) -> None:
    decide(page)
    adjudicating = page.labelling.adjudicating
    assert spans(page.labelling.desk.labels) == [(500, 1000, "reach"), (1500, 2000, "grasp")], (
        "what is agreed"
    )
    assert "2 of 2 still differ" in said(page)
    assert position_ms(page) == 1000
    assert [cell.text for cell in page.panel.reviewers.side_cells(page.position_ns)] == [
        "ann: grasp",
        "bob: lift",
    ]
    press(Key.Key_2)
    assert position_ms(page) == 2500, "on to the next"
    assert "1 of 2 still differ" in said(page)
    press(Key.Key_Z)
    assert "2 of 2 still differ" in said(page)
    press(Key.Key_Z, modifiers=SHIFT)
    press(Key.Key_2)
    assert "All 2 decided" in said(page), "that nothing is there is a decision"
    decided = [(500, 1000, "reach"), (1000, 1500, "lift"), (1500, 2000, "grasp")]
    assert spans(page.labelling.desk.labels) == decided
    here = page.labelling.desk.labels
    assert wait_until(lambda: store.read(FINAL, episode_id) == here, PATIENCE_MS)
    # What lies on the disk now is what a window that is killed leaves behind.
    shutil.copytree(tmp_path / "set", tmp_path / "killed")
    window.close()

    store = LabelStore(tmp_path / "killed")
    again = open_window(RecordedSession(tmp_path / "killed"))
    assert again.frame is not None
    page = review_page(again.frame, "ann", *TEXTS)
    assert wait_until(lambda: page.labelling.comparing.others == ("bob", FINAL), PATIENCE_MS)
    assert len(page.labelling.desk.labels.subtasks) == 3, "one's own are as they were"
    decide(page)
    adjudicating = page.labelling.adjudicating
    assert not adjudicating.open
    go(page, 2600)
    press(Key.Key_1)
    assert spans(page.labelling.desk.labels) == [*decided, (2500, 3000, "lift")], "decided anew"
    here = page.labelling.desk.labels
    assert wait_until(lambda: store.read(FINAL, episode_id) == here, PATIENCE_MS)
    assert store.best(episode_id) is None, "what is being decided is not final"
    press(Key.Key_D)
    assert wait_until(lambda: store.best(episode_id) is not None, PATIENCE_MS)
    press(Key.Key_1, modifiers=CTRL | ALT)
    press(Key.Key_2, modifiers=CTRL | ALT)
    assert wait_until(
        lambda: store.read("bob", episode_id).episode.progress is Progress.ACCEPTED, PATIENCE_MS
    )
    assert wait_until(lambda: adjudicating.progress_of("bob") is Progress.ACCEPTED, PATIENCE_MS)
    press(Key.Key_2, modifiers=CTRL | ALT)
    assert wait_until(
        lambda: store.read("bob", episode_id).episode.progress is Progress.REJECTED, PATIENCE_MS
    )
    press(Key.Key_A, modifiers=SHIFT)
    assert wait_until(
        lambda: page.labelling.desk.reviewer == "ann" and page.labelling.desk.ready, PATIENCE_MS
    )
    assert page.labelling.desk.labels.subtasks[-1].text == "lift"
    assert page.labelling.desk.judgement.progress is Progress.ACCEPTED
    final = store.read(FINAL, episode_id)
    assert final.episode.progress is Progress.ACCEPTED
    assert [span.origin.source for span in final.subtasks] == ["ann, bob", "bob", "ann, bob", "ann"]


def test_an_edit_decides_too_and_nought_leaves_a_gap(page: ReviewPage) -> None:
    decide(page)
    adjudicating = page.labelling.adjudicating
    go(page, 1600)
    press(Key.Key_Down, Key.Key_Up)
    page.labelling.desk.select(page.labelling.desk.labels.subtasks[1].id)
    page.timeline.sought.emit(START_NS + 1000 * MS)
    press(Key.Key_Q)
    assert spans(page.labelling.desk.labels) == [(500, 1000, "reach"), (1000, 2000, "grasp")]
    assert len(adjudicating.open) == 1
    go(page, 2600)
    press(Key.Key_0)
    assert not adjudicating.open
    assert spans(page.labelling.desk.labels) == [(500, 1000, "reach"), (1000, 2000, "grasp")]


def test_numbers_mean_texts_where_nothing_is_to_be_decided(page: ReviewPage) -> None:
    decide(page)
    page.labelling._texts = ()
    page.labelling._offer_texts(TEXTS)
    go(page, 700)
    press(Key.Key_2)
    assert len(page.labelling.adjudicating.open) == 2
    page.labelling.desk.select(page.labelling.desk.labels.subtasks[0].id)
    press(Key.Key_3)
    assert spans(page.labelling.desk.labels)[0] == (500, 1000, "lift")
