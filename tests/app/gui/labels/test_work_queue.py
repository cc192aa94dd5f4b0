"""What is to be looked at next is told on the side and opened by a key."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt

from app.gui.frame import Frame
from app.gui.labels.work_queue import WorkQueue
from app.gui.pages.review import ReviewPage
from recordings import Dataset
from recordings.labels import LabelStore, Progress, Tier, edits
from tests.recordings.recorded import START_NS
from tests.support.fake_session import FakeSession
from tests.support.qt_waiting import wait_until
from tests.support.recorded_session import RecordedSession, record_set
from tests.support.review_keys import MS, PATIENCE_MS, mark, press, review_page

Key = Qt.Key
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def session(tmp_path: Path) -> FakeSession:
    return RecordedSession(record_set(tmp_path / "set", ticks=(60, 60, 60)))


@pytest.fixture
def page(frame: Frame, tmp_path: Path) -> ReviewPage:
    """Ann has done nothing; Bob and Eve are done with the oldest episode and agree on little."""
    store = LabelStore(tmp_path / "set")
    oldest = Dataset.open(tmp_path / "set").episodes()[0].id
    label(store, "bob", oldest, "reach")
    label(store, "eve", oldest, "grasp")
    return review_page(frame, "ann", "reach", "grasp")


def label(store: LabelStore, reviewer: str, episode_id: str, text: str) -> None:
    with store.edit(reviewer, episode_id) as editor:
        editor.apply(edits.put_span(editor.labels, Tier.SUBTASK, START_NS, START_NS + 500 * MS, text), "put")
        editor.apply(edits.judge(editor.labels, progress=Progress.DONE), "done")


def said(page: ReviewPage, words: str) -> bool:
    page.labelling.poll()
    page.panel.refresh(0, 0)
    return words in page.panel.queue.text()


def test_the_queue_is_told_and_its_next_opened_by_a_key(page: ReviewPage, session: FakeSession) -> None:
    newest, middle, oldest = (episode.episode_id for episode in session.episodes)
    assert page.episode_id == newest
    assert wait_until(lambda: said(page, "Queue: 3 to label, 1 disagree"), PATIENCE_MS)
    press(Key.Key_PageDown, modifiers=CTRL)
    assert page.episode_id == oldest
    assert wait_until(lambda: page.labelling.desk.ready, PATIENCE_MS)
    page.panel.refresh(0, 0)
    assert "bob and eve agree" in page.panel.why.text()
    press(Key.Key_PageDown, modifiers=CTRL)
    assert page.episode_id == middle
    press(Key.Key_PageDown, modifiers=CTRL)
    assert page.episode_id == oldest, "all were seen, so it begins again"
    assert wait_until(lambda: page.open_film is not None and page.labelling.desk.ready, PATIENCE_MS)
    mark(page, 0, 500, Key.Key_1)
    press(Key.Key_D)
    assert wait_until(lambda: said(page, "Queue: 2 to label, 1 disagree"), PATIENCE_MS)


def test_who_decides_has_a_queue_of_what_is_to_be_decided(page: ReviewPage, session: FakeSession) -> None:
    press(Key.Key_A, modifiers=SHIFT)
    assert wait_until(lambda: said(page, "Queue: 1 to decide, 1 disagree"), PATIENCE_MS)
    press(Key.Key_PageDown, modifiers=CTRL)
    assert page.episode_id == session.episodes[2].episode_id
    assert wait_until(lambda: page.labelling.adjudicating.sides == ("bob", "eve"), PATIENCE_MS)


def test_it_is_read_in_a_thread_and_not_again_and_again(page: ReviewPage, tmp_path: Path) -> None:
    queue = WorkQueue()
    queue.of(tmp_path / "set", "ann")
    reads = 0
    until_s = time.monotonic() + 2.5
    before: object = None
    while time.monotonic() < until_s:
        queue.touch()
        queue.poll()
        if queue.items is not before:
            reads, before = reads + 1, queue.items
        time.sleep(0.01)
    assert queue.items[0].episode_id == Dataset.open(tmp_path / "set").episodes()[0].id
    assert reads <= 2, "once to begin with, and not before three seconds have gone by"
    assert queue.join(10)


def test_a_dataset_that_is_gone_is_told(tmp_path: Path) -> None:
    queue = WorkQueue()
    queue.of(tmp_path / "none", "ann")

    def told() -> bool:
        queue.poll()
        return queue.words not in ("", "queue: …")

    assert wait_until(told, PATIENCE_MS)
    assert "none" in queue.words
