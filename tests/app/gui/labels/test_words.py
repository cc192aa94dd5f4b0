"""The words of a dataset, renamed and kept on numbers in the window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from app.gui.frame import Frame
from app.gui.labels.vocabulary_panel import VocabularyPanel
from app.gui.pages.review import ReviewPage
from app.gui.window import Window
from recordings.labels import LabelStore, Tier, edits
from recordings.labels.vocabulary import pinned
from tests.recordings.recorded import START_NS
from tests.support.fake_session import FakeSession
from tests.support.qt_waiting import wait_until
from tests.support.recorded_session import RecordedSession, record_set
from tests.support.review_keys import MS, PATIENCE_MS, go, mark, press, review_page, spans

Key = Qt.Key
ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def session(tmp_path: Path) -> FakeSession:
    return RecordedSession(record_set(tmp_path / "set", ticks=(60, 60, 60)))


@pytest.fixture
def store(tmp_path: Path) -> LabelStore:
    return LabelStore(tmp_path / "set")


@pytest.fixture
def page(frame: Frame, store: LabelStore, session: FakeSession) -> ReviewPage:
    """Bob has labelled all three episodes, Ann is labelling the newest."""
    for episode in session.episodes:
        label(store, "bob", episode.episode_id, "reach for cup", "Reach for cup", "lift")
    page = review_page(frame, "ann", "reach for cup", "lift")
    mark(page, 0, 500, Key.Key_1)
    return page


@pytest.fixture
def panel(page: ReviewPage, window: Window) -> VocabularyPanel:
    press(Key.Key_V, modifiers=SHIFT)
    panel = page.panel.words
    assert panel is not None
    assert wait_until(lambda: not page.labelling.words.busy, PATIENCE_MS)
    listed(panel, "lift")
    return panel


def label(store: LabelStore, reviewer: str, episode_id: str, *texts: str) -> None:
    with store.edit(reviewer, episode_id) as editor:
        for number, text in enumerate(texts):
            start = START_NS + number * 200 * MS
            editor.apply(edits.put_span(editor.labels, Tier.SUBTASK, start, start + 200 * MS, text), "put")


def listed(panel: VocabularyPanel, text: str) -> None:
    def there() -> bool:
        panel.apply()
        return any(row.text == text and not row.new for row in panel.rows)

    assert wait_until(there, PATIENCE_MS), panel.rows


def reported(panel: VocabularyPanel, words: str) -> None:
    def said() -> bool:
        panel.apply()
        return words in panel.report.text()

    assert wait_until(said, PATIENCE_MS), panel.report.text()


def texts(store: LabelStore, reviewer: str, session: FakeSession) -> list[list[str]]:
    found = (store.read(reviewer, episode.episode_id) for episode in session.episodes)
    return [[text for _, _, text in spans(labels)] for labels in found]


def find(panel: VocabularyPanel, words: str) -> None:
    panel.line.clear()
    QTest.keyClicks(panel.line, words)


def test_a_text_is_renamed_everywhere_and_back_again(
    page: ReviewPage, panel: VocabularyPanel, store: LabelStore, session: FakeSession
) -> None:
    find(panel, "lift")
    press(Key.Key_Return)
    QTest.keyClicks(panel.line, "lift it up")
    press(Key.Key_Return)
    reported(panel, "Renamed in 3 episodes by 1 reviewer")
    assert texts(store, "bob", session) == [["reach for cup", "Reach for cup", "lift it up"]] * 3
    listed(panel, "lift it up")
    find(panel, "reach")
    panel.list.setCurrentRow(
        next(n for n, row in enumerate(panel.rows) if row.text == "reach for cup" and not row.new)
    )
    press(Key.Key_Return)
    QTest.keyClicks(panel.line, "reach")
    press(Key.Key_Return)
    reported(panel, "Renamed in 3 episodes by 2 reviewers")
    assert [text for _, _, text in spans(page.labelling.desk.labels)] == ["reach"], "also those that are open"
    assert wait_until(lambda: texts(store, "ann", session)[0] == ["reach"], PATIENCE_MS)
    press(Key.Key_Z, modifiers=ALT)
    reported(panel, "Renamed back in 3 episodes by 2 reviewers")
    assert texts(store, "bob", session) == [["reach for cup", "Reach for cup", "lift it up"]] * 3
    assert wait_until(lambda: texts(store, "ann", session)[0] == ["reach for cup"], PATIENCE_MS)


def test_what_may_be_one_is_made_one_and_what_was_two_is_two_again(
    panel: VocabularyPanel, store: LabelStore, session: FakeSession
) -> None:
    counts = {row.text: row.words for row in panel.rows if not row.new}
    assert counts["reach for cup"].startswith("4 labels"), "the one that was made just now counts"
    assert (panel.rows[0].text, panel.rows[0].new) == ("Reach for cup", "reach for cup")
    panel.list.setCurrentRow(0)
    held = store.edit("bob", session.episodes[1].episode_id)
    press(Key.Key_Return)
    reported(panel, "Renamed in 2 episodes by 1 reviewer; 1 is open in another window and was left")
    held.close()
    one, two = ["reach for cup", "reach for cup", "lift"], ["reach for cup", "Reach for cup", "lift"]
    assert texts(store, "bob", session) == [one, two, one]
    press(Key.Key_Z, modifiers=ALT)
    reported(panel, "Renamed back in 2 episodes by 1 reviewer")
    assert texts(store, "bob", session) == [two, two, two]


def test_a_number_is_kept_for_a_text_and_the_line_completes_to_it(
    page: ReviewPage, panel: VocabularyPanel, store: LabelStore
) -> None:
    find(panel, "lift")
    press(Key.Key_1, modifiers=ALT)
    reported(panel, "“lift” is number 1")
    assert pinned(store) == ("lift",)
    press(Key.Key_V, modifiers=ALT)
    assert not panel.isVisible()
    page.labelling.poll()
    assert page.labelling.segmenting.palette[:2] == ("lift", "reach for cup")
    go(page, 100)
    press(Key.Key_Down, Key.Key_Up)
    page.labelling.desk.select(page.labelling.desk.labels.subtasks[0].id)
    press(Key.Key_E)
    QTest.keyClicks(page.labelling.line, "l")
    assert page.labelling.line.text() == "lift"
    press(Key.Key_Return)
    assert [text for _, _, text in spans(page.labelling.desk.labels)] == ["lift"]


def test_a_new_text_that_is_being_written_is_not_thrown_away_by_the_key_that_closes(
    panel: VocabularyPanel,
) -> None:
    find(panel, "lift")
    press(Key.Key_Return)
    QTest.keyClicks(panel.line, "lift it up")
    press(Key.Key_V, modifiers=ALT)
    assert panel.isVisible()
    assert panel.line.text() == "lift it up"
    assert "leaves it as it is" in panel.hint.text()
    press(Key.Key_Up)
    press(Key.Key_V, modifiers=ALT)
    assert not panel.isVisible()


def test_letters_find_words_and_label_nothing_and_escape_stops(
    page: ReviewPage, panel: VocabularyPanel, session: FakeSession, window: Window
) -> None:
    assert window.frame is not None
    before = page.labelling.desk.labels
    find(panel, "bd1")
    press(Key.Key_3, modifiers=ALT)
    assert page.labelling.desk.labels == before
    assert panel.rows == []
    button = window.frame.foot.stop_button
    middle = button.mapTo(window, button.rect().center())
    assert window.childAt(middle) is button, "STOP is not covered"
    press(Key.Key_Escape)
    assert session.calls[-1][0] == "stop"
    assert not panel.isVisible()
