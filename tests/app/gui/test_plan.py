"""The plan: chosen from lists that remember, handed over once a change, there again at the next start."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint, QSettings, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.collection.plan import CollectionPlan
from app.collection.view import Phase, Tally
from app.gui.frame import Frame
from app.gui.settings import Settings
from app.gui.widgets.tally_view import tally_words
from app.gui.window import Window
from tests.support.fake_session import FakeSession

Key = Qt.Key


def plans(session: FakeSession) -> list[CollectionPlan]:
    return [call[1] for call in session.calls if call[0] == "set_plan"]


def test_words_typed_into_the_plan_are_handed_over_once_and_remembered(
    frame: Frame, session: FakeSession, settings: Settings
) -> None:
    frame.refresh()
    QTest.keyClick(frame, Key.Key_P)
    assert frame.plan_panel.isVisible()
    QTest.keyClicks(QApplication.focusWidget(), "Ana")
    assert plans(session) == []
    QTest.keyClick(QApplication.focusWidget(), Key.Key_Return)
    assert [plan.operator for plan in plans(session)] == ["Ana"]
    assert not frame.plan_panel.isVisible()
    frame.refresh()
    assert len(plans(session)) == 1
    assert settings.remembered("operator") == ("Ana",)
    assert settings.plan is not None
    assert settings.plan.operator == "Ana"


def test_going_to_another_field_hands_over_too(frame: Frame, session: FakeSession) -> None:
    frame.refresh()
    QTest.keyClick(frame, Key.Key_E)
    assert QApplication.focusWidget() in (
        frame.plan_panel.words["scene"],
        frame.plan_panel.words["scene"].lineEdit(),
    )
    QTest.keyClicks(QApplication.focusWidget(), "cups left")
    QTest.keyClick(QApplication.focusWidget(), Key.Key_Tab)
    assert [plan.scene for plan in plans(session)] == ["cups left"]


def test_numbers_and_choices_reach_the_session(frame: Frame, session: FakeSession) -> None:
    frame.refresh()
    frame.actions_registry.trigger("plan.edit")
    frame.plan_panel.counts["target"].setValue(50)
    frame.plan_panel.seconds["limit_s"].setValue(45.0)
    frame.plan_panel.choices["repeat"].setChecked(True)
    assert len(plans(session)) == 3
    plan = plans(session)[-1]
    assert (plan.target, plan.limit_s, plan.repeat) == (50, 45.0, True)
    assert frame.plan_panel.seconds["limit_s"].text() == "45 s"


def test_in_the_lowest_window_no_field_lies_over_another(window: Window, frame: Frame) -> None:
    window.resize(window.minimumSize())
    frame.actions_registry.trigger("plan.edit")
    QTest.qWait(50)
    panel = frame.plan_panel
    fields = [*panel.words.values(), *panel.counts.values(), *panel.seconds.values(), *panel.choices.values()]
    tops = [field.mapTo(panel.panel, QPoint()).y() for field in fields]
    assert all(after - before >= fields[0].height() for before, after in pairwise(tops))
    panel.words["operator"].setFocus()  # who goes on with Tab sees where that leads
    for _ in range(len(fields) - 1):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert fields[-1].hasFocus()
    assert fields[-1].visibleRegion().boundingRect().height() == fields[-1].height()


def test_a_plan_changed_elsewhere_is_followed_and_not_sent_back(frame: Frame, session: FakeSession) -> None:
    frame.refresh()
    session.be(Phase.IDLE, plan=CollectionPlan(task="wipe the table", target=7))
    frame.refresh()
    frame.actions_registry.trigger("plan.edit")
    frame.refresh()
    assert frame.task.words == "wipe the table"
    assert frame.plan_panel.counts["target"].value() == 7
    assert plans(session) == []


class SlowSession(FakeSession):
    """Its plan changes some snapshots after it was asked to."""

    def set_plan(self, plan: CollectionPlan) -> None:
        self.calls.append(("set_plan", plan))


def test_two_quick_changes_are_both_kept(open_window: Callable[[FakeSession], Window]) -> None:
    session = SlowSession(moving=False)
    window = open_window(session)
    frame = window.frame
    assert frame is not None
    frame.collecting.change(room="kitchen")
    frame.refresh()
    frame.collecting.change(target=9)
    first, second = plans(session)
    assert (second.room, second.target) == ("kitchen", 9)
    for arrived in (first, second):
        session.be(Phase.IDLE, plan=arrived)
        frame.refresh()
        assert frame.collecting.plan == second


def test_the_plan_is_there_at_the_next_start(
    open_window: Callable[[FakeSession], Window], settings: Settings
) -> None:
    settings.plan = CollectionPlan(task="fold the towel", home="flat 2", target=50, reset_s=4.5)
    session = FakeSession(moving=False)
    session.be(Phase.IDLE, plan=CollectionPlan(operator="Ana"))
    window = open_window(session)
    assert window.frame is not None
    assert plans(session) == [
        CollectionPlan(task="fold the towel", home="flat 2", target=50, reset_s=4.5, operator="Ana")
    ]
    assert window.frame.task.words == "fold the towel"


def test_without_a_remembered_plan_the_sessions_stands(
    frame: Frame, session: FakeSession, settings: Settings
) -> None:
    assert settings.plan is None
    assert plans(session) == []


@pytest.mark.parametrize("spoilt", ["{", '{"target": -4}', "a, b", '{"countdown_s": 1e9}'])
def test_a_spoilt_plan_reads_as_the_default(tmp_path: Path, spoilt: str) -> None:
    path = tmp_path / "window.ini"
    store = QSettings(str(path), QSettings.Format.IniFormat)
    store.setValue("plan", spoilt)
    store.sync()
    assert Settings(path).plan == CollectionPlan()


def test_a_plan_with_any_words_survives_the_file(tmp_path: Path) -> None:
    plan = CollectionPlan(task='say "a, b"; c\\d', scene="Küche\n2", limit_s=12.5)
    first = Settings(tmp_path / "window.ini")
    first.plan = plan
    first.save()
    assert Settings(tmp_path / "window.ini").plan == plan


def test_the_list_keeps_the_newest_first(settings: Settings) -> None:
    for words in [f"room {number}" for number in range(20)] + ["room 15"]:
        settings.remember("room", words)
    kept = settings.remembered("room")
    assert kept[:2] == ("room 15", "room 19")
    assert len(kept) == 12
    assert settings.remembered("home") == ()


def test_a_scene_that_stood_long_is_nudged_in_place(frame: Frame, session: FakeSession) -> None:
    frame.refresh()
    assert frame.drive_page.plan.nudge == ""
    session.be(Phase.IDLE, nudge="20 episodes in this scene: move something")
    frame.refresh()
    assert frame.drive_page.plan.nudge.startswith("20 episodes")


def test_the_tally_of_the_day(frame: Frame, session: FakeSession) -> None:
    tally = Tally(episodes=36, target=50, successes=31, failures=3, mean_s=41.2, spread_s=6.3)
    session.be(Phase.IDLE, tally=tally)
    frame.refresh()
    assert frame.drive_page.tally.words == "Today: 36/50   91% success   41 s ± 6 s"
    assert tally_words(Tally(episodes=1)) == ""
