"""Labelling through the window's own keys and its timeline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.gui.frame import Frame
from app.gui.pages.review import ReviewPage
from app.gui.window import Window
from recordings.labels import LabelStore, Origin, Progress, SpanLabel, State, Tier
from tests.recordings.recorded import START_NS
from tests.support.fake_session import FakeSession
from tests.support.qt_waiting import wait_until
from tests.support.recorded_session import RecordedSession, record_set

Key = Qt.Key
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
MS = 1_000_000


@pytest.fixture
def session(tmp_path: Path) -> FakeSession:
    return RecordedSession(record_set(tmp_path / "set", ticks=(200,)))


@pytest.fixture
def page(frame: Frame) -> ReviewPage:
    frame.refresh()
    frame.go_to("review")
    frame.setFocus()
    page = frame.review_page
    assert wait_until(lambda: page.open_film is not None and page.labelling.desk.ready)
    assert wait_until(lambda: bool(page.labelling.prompts.texts))
    page.labelling._texts = ()
    page.labelling._offer_texts(("reach", "grasp", "lift"))
    return page


def press(*keys: Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    for key in keys:
        QTest.keyClick(QApplication.focusWidget(), key, modifiers)


def at(page: ReviewPage, after_ms: int) -> None:
    """Put the playhead there."""
    page._seek(START_NS + after_ms * MS)


def shown(page: ReviewPage) -> list[tuple[int, int, str]]:
    spans = page.labelling.desk.labels.subtasks
    return [((s.start_ns - START_NS) // MS, (s.end_ns - START_NS) // MS, s.text) for s in spans]


def mark(page: ReviewPage, begin_ms: int, end_ms: int, number: Key) -> None:
    at(page, begin_ms)
    press(Key.Key_Return)
    at(page, end_ms)
    press(Key.Key_Return, number)


def test_labels_are_made_changed_undone_and_kept(page: ReviewPage, session: FakeSession) -> None:
    mark(page, 500, 1000, Key.Key_1)
    mark(page, 1000, 2000, Key.Key_2)
    assert shown(page) == [(500, 1000, "reach"), (1000, 2000, "grasp")]
    at(page, 1500)
    press(Key.Key_B, Key.Key_3)
    assert shown(page)[1:] == [(1000, 1500, "grasp"), (1500, 2000, "lift")]
    press(Key.Key_Up)
    assert page.position_ns == START_NS + 1000 * MS
    at(page, 800)
    press(Key.Key_Q)
    assert shown(page)[:2] == [(500, 800, "reach"), (800, 1500, "grasp")]
    press(Key.Key_M)
    assert shown(page) == [(500, 800, "reach"), (800, 2000, "grasp")]
    press(Key.Key_Delete)
    assert shown(page) == [(500, 800, "reach")]
    press(Key.Key_Z, Key.Key_Z)
    assert len(shown(page)) == 3
    press(Key.Key_Z, modifiers=SHIFT)
    assert len(shown(page)) == 2
    press(Key.Key_D)
    episode_id = session.episodes[0].episode_id
    store = LabelStore(page.labelling.store.path.parent)

    def kept() -> bool:
        labels = store.read(page.labelling.reviewer, episode_id)
        return len(labels.subtasks) == 2 and labels.episode.progress is Progress.DONE

    assert wait_until(kept)


def test_control_z_takes_back_what_was_done_last(page: ReviewPage, session: FakeSession) -> None:
    mark(page, 500, 1000, Key.Key_1)
    press(Key.Key_S)
    assert session.calls[-1][0] == "annotate_episode"
    press(Key.Key_Z, modifiers=CTRL)
    assert len(shown(page)) == 1, "the judgement was newer than the label"
    press(Key.Key_Z, modifiers=CTRL)
    assert shown(page) == [(500, 1000, "")]
    press(Key.Key_Z, modifiers=CTRL)
    assert shown(page) == []


def test_a_text_is_written_where_the_label_stands(page: ReviewPage, frame: Frame) -> None:
    mark(page, 500, 1000, Key.Key_1)
    press(Key.Key_E)
    line = page.labelling.line
    assert line.isVisible()
    QTest.keyClicks(line, "wipe the table")
    press(Key.Key_Return)
    assert shown(page) == [(500, 1000, "wipe the table")]
    assert not line.isVisible()
    press(Key.Key_E)
    QTest.keyClicks(line, "dry it")
    frame.setFocus()
    assert shown(page)[0][2] == "dry it", "going elsewhere keeps it"
    page.labelling.poll()
    assert "dry it" in page.labelling.palette, "and it has a number from now on"


def test_the_text_of_a_label_in_the_making_is_written_too(page: ReviewPage, frame: Frame) -> None:
    at(page, 500)
    press(Key.Key_Return, Key.Key_E)
    QTest.keyClicks(page.labelling.line, "pick it up")
    press(Key.Key_Return)
    assert frame.page_id == "review"
    at(page, 900)
    press(Key.Key_Return)
    assert shown(page) == [(500, 900, "pick it up")]
    at(page, 1000)
    press(Key.Key_Return, Key.Key_E)
    QTest.keyClicks(page.labelling.line, "carry it")
    at(page, 1500)
    page.mark_label()
    assert shown(page)[1:] == [(1000, 1500, "carry it")], "what stands in the line is not lost to the button"


def test_the_line_of_a_label_in_the_making_names_that_and_no_label_that_was_chosen_meanwhile(
    page: ReviewPage, frame: Frame
) -> None:
    mark(page, 500, 1000, Key.Key_1)
    page.labelling.desk.select("")
    at(page, 1500)
    press(Key.Key_Return, Key.Key_E)
    QTest.keyClicks(page.labelling.line, "carry it")
    frame.actions_registry.trigger("labels.previous")  # as a pedal or a gamepad does it
    assert page.labelling.desk.selected is not None
    press(Key.Key_Return)
    at(page, 2000)
    press(Key.Key_Return)
    assert shown(page) == [(500, 1000, "reach"), (1500, 2000, "carry it")]


def test_the_line_of_a_label_in_the_making_follows_its_moment(page: ReviewPage) -> None:
    at(page, 3000)
    press(Key.Key_Return, Key.Key_E)
    at(page, 0)
    line, timeline = page.labelling.line, page.timeline
    before = line.geometry()
    timeline.zoom(0.6)
    assert line.geometry() != before
    moment = timeline.moment_box(START_NS + 3000 * MS).toRect()
    assert line.geometry().left() == min(moment.left(), timeline.width() - line.width())


def test_a_label_in_the_making_waits_in_its_episode_while_one_is_elsewhere(
    page: ReviewPage, frame: Frame
) -> None:
    at(page, 500)
    press(Key.Key_Return, Key.Key_1)
    frame.go_to("drive")
    frame.go_to("review")
    page.labelling.open(page.labelling.store.path.parent, "another")
    assert page.labelling.segmenting.begun is None
    page.labelling.open(page.labelling.store.path.parent, page.episode_id)
    assert wait_until(lambda: page.labelling.desk.ready or page.labelling.poll() is not None)
    page.labelling.poll()
    at(page, 900)
    page.mark_label()
    assert shown(page) == [(500, 900, "reach")]


def test_an_edge_is_dragged_and_a_click_chooses(page: ReviewPage) -> None:
    mark(page, 500, 1500, Key.Key_1)
    mark(page, 1500, 3000, Key.Key_2)
    timeline = page.timeline
    _, second = page.labelling.desk.labels.subtasks
    box = timeline.box_of(second.id)
    assert box is not None
    middle = box.center().toPoint()
    before = page.position_ns
    QTest.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=middle)
    assert page.labelling.desk.selected == second
    assert page.position_ns == before
    edge = QPoint(round(box.left()), middle.y())
    QTest.mousePress(timeline, Qt.MouseButton.LeftButton, pos=edge)
    QTest.mouseMove(timeline, edge + QPoint(40, 0))
    assert shown(page)[0][1] > 1500
    QTest.mouseRelease(timeline, Qt.MouseButton.LeftButton, pos=edge + QPoint(60, 0))
    (_, end, _), (start, _, _) = shown(page)
    assert end == start > 1500
    press(Key.Key_Z)
    assert [shown(page)[0][1], shown(page)[1][0]] == [1500, 1500]
    QTest.mouseDClick(timeline, Qt.MouseButton.LeftButton, pos=middle)
    assert page.labelling.line.isVisible()


def test_suggestions_are_taken_by_tab_and_refused_by_x(page: ReviewPage) -> None:
    proposed = [
        SpanLabel(f"p{n}", Tier.SUBTASK, START_NS + n * 500 * MS, START_NS + (n + 1) * 500 * MS, text,
                  State.PROPOSED, Origin("spoken", str(n), 0.9))
        for n, text in enumerate(("reach", "grasp", "lift"), start=1)
    ]  # fmt: skip
    page.labelling.suggesting.offer(proposed)
    at(page, 100)
    press(Key.Key_Tab)
    at(page, 1100)
    press(Key.Key_X)
    press(Key.Key_Return, modifiers=CTRL)
    assert [text for _, _, text in shown(page)] == ["reach", "lift"]
    assert page.labelling.suggesting.open == ()


def test_playing_marks_are_set_earlier_by_the_lag(page: ReviewPage) -> None:
    page.labelling.segmenting.lag_s = 0.0
    press(Key.Key_BracketRight, modifiers=CTRL)
    press(Key.Key_BracketRight, modifiers=CTRL)
    assert page.labelling.segmenting.lag_s == pytest.approx(0.1)
    at(page, 1000)
    press(Key.Key_Space, Key.Key_Return)
    player = page.player
    assert player is not None
    begun = page.labelling.segmenting.begun
    assert begun is not None
    assert begun.start_ns <= player.position_ns - 100 * MS
    press(Key.Key_K, Key.Key_Delete)
    assert page.labelling.segmenting.begun is None


def test_another_reviewer_has_labels_of_their_own(
    page: ReviewPage, open_window: Callable[[FakeSession], Window]
) -> None:
    mark(page, 500, 1000, Key.Key_1)
    page.panel.reviewer.setText("bo/b")
    page.panel.reviewer.editingFinished.emit()
    page.panel.refresh(START_NS, page.position_ns)
    assert "letters" in page.panel.problem.text()
    page.panel.reviewer.setText("bob")
    page.panel.reviewer.editingFinished.emit()
    assert wait_until(lambda: page.labelling.desk.ready and page.labelling.desk.reviewer == "bob")
    assert shown(page) == []
    page.panel.reviewer.setText("ann")
    page.panel.reviewer.editingFinished.emit()
    page.left()
    assert page.labelling.desk.join(10)
