from __future__ import annotations

from dataclasses import replace

import pytest
from PyQt6.QtCore import QPoint, QRectF, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.gui.episodes.summary import UNKNOWN
from app.gui.frame import Frame
from app.gui.settings import Settings
from app.messages import Mode
from tests.support.fake_session import FakeSession
from tests.support.qt_waiting import wait_until

Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def page(frame: Frame, session: FakeSession) -> Frame:
    session.fill_episodes()
    frame.refresh()
    frame.go_to("episodes")
    QTest.qWait(20)
    return frame


def press(frame: Frame, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(QApplication.focusWidget() or frame, key, modifiers)


def test_the_newest_is_chosen_and_arrows_move(page: Frame) -> None:
    assert page.episodes_page.chosen is not None
    assert page.episodes_page.chosen.episode_id == "ep-000009"
    press(page, Key.Key_Down)
    assert page.episodes_page.chosen.episode_id == "ep-000008"


@pytest.mark.parametrize(
    ("key", "outcome"), [(Key.Key_S, "success"), (Key.Key_F, "failure"), (Key.Key_U, "unset")]
)
def test_judging_by_key(page: Frame, session: FakeSession, key: Qt.Key, outcome: str) -> None:
    press(page, key)
    assert session.calls[-1] == ("annotate_episode", "ep-000009", outcome, None, None)


def test_replay_goes_to_the_robots_eyes(page: Frame, session: FakeSession) -> None:
    press(page, Key.Key_P)
    assert session.calls[-1] == ("replay", "ep-000009")
    QTest.qWait(20)
    press(page, Key.Key_H)
    assert session.calls[-1] == ("set_mode", Mode.HOLD), "the key was typed into a field"
    assert page.page_id == "drive"


def test_replay_waits_for_hold(page: Frame, session: FakeSession) -> None:
    session.mode = Mode.TELEOP
    page.refresh()
    press(page, Key.Key_P)
    assert session.calls == []


def test_trash_and_undo(page: Frame, session: FakeSession) -> None:
    press(page, Key.Key_Delete)
    page.refresh()
    assert [episode.episode_id for episode in session.trashed] == ["ep-000009"]
    assert page.episodes_page.chosen is not None
    assert page.episodes_page.chosen.episode_id == "ep-000008"
    press(page, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert session.trashed == ()


def test_any_trashed_one_can_be_restored(page: Frame, session: FakeSession) -> None:
    session.trash_episode("ep-000003")
    session.trash_episode("ep-000005")
    press(page, Key.Key_B)
    page.refresh()
    trash = page.episodes_page.trash
    assert trash.isVisible()
    assert trash.table.choose_id("ep-000003")
    press(page, Key.Key_O)
    assert [episode.episode_id for episode in session.trashed] == ["ep-000005"]


def test_the_trash_is_emptied_only_by_holding(page: Frame, session: FakeSession) -> None:
    session.trash_episode("ep-000003")
    press(page, Key.Key_B)
    page.refresh()
    press(page, Key.Key_Delete, CTRL)
    assert QApplication.focusWidget() is page.episodes_page.trash.empty_button
    QTest.keyClick(page.episodes_page.trash.empty_button, Key.Key_Space)
    assert len(session.trashed) == 1
    QTest.keyPress(page.episodes_page.trash.empty_button, Key.Key_Space)
    assert wait_until(lambda: not session.trashed)
    QTest.keyRelease(page.episodes_page.trash.empty_button, Key.Key_Space)
    assert session.calls[-1] == ("delete_episodes", ("ep-000003",))


def test_what_was_deleted_for_good_is_not_undone(page: Frame, session: FakeSession) -> None:
    press(page, Key.Key_Delete)
    page.refresh()
    page.episodes_page.show_trash(True)
    page.refresh()
    page.episodes_page.trash.empty_button.held.emit()
    page.refresh()
    session.calls.clear()
    press(page, Key.Key_Z, CTRL)
    assert session.calls == []


def test_many_are_judged_tagged_and_dropped_at_once_and_each_act_is_undone(
    page: Frame, session: FakeSession
) -> None:
    before = session.episodes
    press(page, Key.Key_A, CTRL)
    press(page, Key.Key_F)
    page.refresh()
    assert {episode.outcome for episode in session.episodes} == {"failure"}
    tags = page.episodes_page.detail.tags
    tags.setFocus()
    QTest.keyClicks(tags, "dim light")
    page.episodes_page.table.setFocus()
    page.refresh()
    assert all("dim light" in episode.tags for episode in session.episodes)
    assert session.episodes[0].tags[0] == "demo", "a tag that not all of them had was lost"
    press(page, Key.Key_Delete)
    page.refresh()
    assert session.episodes == ()
    for _ in range(3):
        press(page, Key.Key_Z, CTRL)
        page.refresh()
    assert session.episodes == before


def test_the_flag_is_put_and_taken(page: Frame, session: FakeSession) -> None:
    press(page, Key.Key_G)
    page.refresh()
    assert session.episodes[0].tags == ("demo", "flagged")
    press(page, Key.Key_G)
    page.refresh()
    assert session.episodes[0].tags == ("demo",)


def test_typing_filters_and_the_choice_stays_among_what_is_left(page: Frame, session: FakeSession) -> None:
    QTest.keyClicks(page, "/")
    QTest.keyClicks(QApplication.focusWidget(), "task:wipe longer:100")
    shown = page.episodes_page.listed
    assert [episode.episode_id for episode in shown] == ["ep-000007", "ep-000004"]
    assert page.episodes_page._head.text().startswith("2 of 9 episodes")
    press(page, Key.Key_Return)
    assert QApplication.focusWidget() is page.episodes_page.table
    press(page, Key.Key_S)
    assert session.calls[-1] == ("annotate_episode", "ep-000007", "success", None, None)


def test_a_bad_token_is_told_and_the_rest_filters(page: Frame) -> None:
    search = page.episodes_page.search
    search.set_text("wipe longr:5 ")
    assert search.below.text() == "There is no longr:, did you mean longer:?"
    assert len(page.episodes_page.listed) == 3


def test_tab_takes_the_hint(page: Frame) -> None:
    page.episodes_page.focus_search()
    QTest.keyClicks(QApplication.focusWidget(), "out")
    press(page, Key.Key_Tab)
    QTest.keyClicks(QApplication.focusWidget(), "f")
    press(page, Key.Key_Tab)
    assert page.episodes_page.search.text == "outcome:failure "
    assert {episode.outcome for episode in page.episodes_page.listed} == {"failure"}


def test_a_search_that_finds_nothing_says_what_to_do(page: Frame) -> None:
    page.episodes_page.search.set_text("elephant")
    assert page.episodes_page._pages.currentIndex() == 1
    assert page.episodes_page.chosen is None


def test_a_head_sorts_and_the_order_is_remembered(page: Frame, settings: Settings) -> None:
    head = page.episodes_page.table.horizontalHeader()
    assert head is not None
    section = [column.sort for column in page.episodes_page.model.columns].index("length")
    place = QPoint(head.sectionViewportPosition(section) + 10, head.height() // 2)
    QTest.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=place)
    lengths = [episode.duration_s for episode in page.episodes_page.listed]
    assert lengths == sorted(lengths)
    assert settings.episodes_order == ("length", False)


def test_the_hours_are_of_what_is_listed(page: Frame) -> None:
    page.episodes_page.search.set_text("wipe")
    hours = page.episodes_page.hours

    def summed() -> bool:
        page.refresh()
        return hours.summary.episodes == 3

    assert wait_until(summed)
    (share,) = hours.summary.by_task
    assert share.name == "wipe the counter"


def test_a_bar_filters_but_not_one_of_what_was_not_said(page: Frame, session: FakeSession) -> None:
    session.episodes = tuple(replace(episode, home="", room="", scene="") for episode in session.episodes)
    hours = page.episodes_page.hours

    def bars() -> dict[str, QRectF]:
        page.refresh()
        hours.grab()
        return {share.name: box for box, _, share in hours._bars}

    assert wait_until(lambda: UNKNOWN in bars())
    QTest.mouseClick(hours, Qt.MouseButton.LeftButton, pos=bars()[UNKNOWN].center().toPoint())
    assert page.episodes_page.search.text == ""
    QTest.mouseClick(hours, Qt.MouseButton.LeftButton, pos=bars()["wipe the counter"].center().toPoint())
    assert page.episodes_page.search.text == 'task:"wipe the counter"'


def test_tags_and_notes_are_saved_by_leaving_the_field(page: Frame, session: FakeSession) -> None:
    fields = page.episodes_page
    fields.detail.tags.setFocus()
    fields.detail.tags.setText("first, good light")
    fields.detail.notes.setFocus()
    assert session.calls[-1] == ("annotate_episode", "ep-000009", None, None, ("first", "good light"))
    fields.detail.notes.setPlainText("The cup stood at the edge.")
    page.go_to("drive")
    assert session.calls[-1] == ("annotate_episode", "ep-000009", None, "The cup stood at the edge.", None)


def test_what_is_typed_survives_a_refresh(page: Frame, session: FakeSession) -> None:
    fields = page.episodes_page
    fields.detail.notes.setFocus()
    QTest.keyClicks(fields.detail.notes, "slipped")
    session.annotate_episode("ep-000009", outcome="failure")
    page.refresh()
    assert fields.detail.notes.toPlainText() == "slipped"


def test_the_choice_stays_with_the_episode_when_a_new_one_comes(page: Frame, session: FakeSession) -> None:
    press(page, Key.Key_Down)
    session.record("wipe")
    session.end("success")
    page.refresh()
    assert page.episodes_page.chosen is not None
    assert page.episodes_page.chosen.episode_id == "ep-000008"


def test_damage_is_told(page: Frame, session: FakeSession) -> None:
    row = next(i for i, episode in enumerate(session.episodes) if episode.damage)
    page.episodes_page.table.choose(row)
    assert page.episodes_page.detail._damage_box.isVisible()
    assert "missing" in page.episodes_page.detail._damage.text()


def test_an_empty_dataset_says_how_to_begin(frame: Frame) -> None:
    frame.go_to("episodes")
    frame.refresh()
    assert frame.episodes_page._pages.currentIndex() == 2
    assert frame.episodes_page.chosen is None
