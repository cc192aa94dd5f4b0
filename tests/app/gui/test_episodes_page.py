from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QPushButton

from app.gui.frame import Frame
from app.messages import Mode
from tests.support.fake_session import FakeSession

Key = Qt.Key


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
    page.refresh()
    restore = next(
        button
        for button in page.episodes_page.findChildren(QPushButton)
        if button.accessibleName() == "Restore ep-000003"
    )
    QTest.mouseClick(restore, Qt.MouseButton.LeftButton)
    assert [episode.episode_id for episode in session.trashed] == ["ep-000005"]


def test_tags_and_notes_are_saved_by_leaving_the_field(page: Frame, session: FakeSession) -> None:
    fields = page.episodes_page
    fields._tags.setFocus()
    fields._tags.setText("first, good light")
    fields._notes.setFocus()
    assert session.calls[-1] == ("annotate_episode", "ep-000009", None, None, ("first", "good light"))
    fields._notes.setPlainText("The cup stood at the edge.")
    page.go_to("drive")
    assert session.calls[-1] == ("annotate_episode", "ep-000009", None, "The cup stood at the edge.", None)


def test_what_is_typed_survives_a_refresh(page: Frame, session: FakeSession) -> None:
    fields = page.episodes_page
    fields._notes.setFocus()
    QTest.keyClicks(fields._notes, "slipped")
    session.annotate_episode("ep-000009", outcome="failure")
    page.refresh()
    assert fields._notes.toPlainText() == "slipped"


def test_the_choice_stays_with_the_episode_when_a_new_one_comes(page: Frame, session: FakeSession) -> None:
    press(page, Key.Key_Down)
    session.record("wipe")
    session.end("success")
    page.refresh()
    assert page.episodes_page.chosen is not None
    assert page.episodes_page.chosen.episode_id == "ep-000008"


def test_damage_is_told(page: Frame, session: FakeSession) -> None:
    row = next(i for i, episode in enumerate(session.episodes) if episode.damage)
    page.episodes_page._choose(row)
    assert page.episodes_page._damage_box.isVisible()
    assert "missing" in page.episodes_page._damage.text()


def test_an_empty_dataset_says_how_to_begin(frame: Frame) -> None:
    frame.go_to("episodes")
    frame.refresh()
    assert frame.episodes_page._pages.currentIndex() == 1
    assert frame.episodes_page.chosen is None
