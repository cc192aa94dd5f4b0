"""Listen and go alone: the policy is loaded when it is first needed, and what stands in the way is said in place."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from app.autonomy.choice import HighLevel, PolicyChoice, PolicyKind
from app.gui.frame import Frame
from app.gui.settings import Settings
from app.gui.told import policies
from app.gui.window import Window
from app.messages import Mode
from tests.app.gui.told.keys import press
from tests.support.fake_session import FakeSession
from tests.support.qt_waiting import wait_until

Key = Qt.Key
SCRIPTED = PolicyChoice(kind=PolicyKind.SCRIPTED)


def asked(session: FakeSession, *names: str) -> list[tuple[object, ...]]:
    return [call for call in session.calls if call[0] in names]


def test_listen_loads_the_scripted_policy_switches_the_voice_on_and_begins(
    frame: Frame, session: FakeSession
) -> None:
    frame.refresh()
    press(Key.Key_L)
    frame.refresh()
    frame.refresh()
    assert asked(session, "load", "autonomy.listen") == [("load", SCRIPTED), ("autonomy.listen", False)]
    assert session.voice.wanted is not None
    assert session.mode is Mode.VERBAL
    assert frame.drive_page.banner.word == "Verbal"
    assert frame.drive_page.banner.meaning == "Scripted policy, not learned"
    assert frame.foot._modes[Mode.VERBAL].lit
    assert not frame.foot._modes[Mode.TELEOP].lit


def test_what_waits_for_the_policy_is_said_and_begins_when_it_is_loaded(
    frame: Frame, session: FakeSession
) -> None:
    session.autonomy.loads_s = 0.3
    frame.refresh()
    press(Key.Key_L)
    frame.refresh()
    assert session.mode is Mode.HOLD
    assert "being loaded" in frame.drive_page.banner.meaning
    assert frame.foot._modes[Mode.VERBAL].title == "Loading …"
    assert wait_until(lambda: session.mode is Mode.VERBAL)
    frame.refresh()
    assert frame.foot._modes[Mode.VERBAL].title == "Listen"


ENDS: dict[str, Callable[[Frame, FakeSession], None]] = {
    "hold": lambda frame, session: press(Key.Key_H),
    "teleoperation": lambda frame, session: press(Key.Key_T),
    "stop": lambda frame, session: press(Key.Key_Escape),
    "another mode, from elsewhere": lambda frame, session: session.set_mode(Mode.TELEOP),
}


@pytest.mark.parametrize("end", ENDS)
def test_what_was_asked_for_meanwhile_ends_the_waiting(frame: Frame, session: FakeSession, end: str) -> None:
    session.autonomy.state = "loading"
    frame.refresh()
    press(Key.Key_L)
    frame.refresh()
    assert frame.told.policies.waiting is Mode.VERBAL
    ENDS[end](frame, session)
    frame.refresh()
    assert frame.told.policies.waiting is None
    session.autonomy.state = "ready"
    frame.refresh()
    assert asked(session, "autonomy.listen") == []


def test_a_policy_that_is_loaded_too_late_moves_nobody_by_surprise(
    frame: Frame, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policies, "WAITS_S", 0.0)
    session.autonomy.state = "loading"
    frame.refresh()
    press(Key.Key_L)
    frame.refresh()
    session.autonomy.state = "ready"
    frame.refresh()
    assert asked(session, "autonomy.listen") == []
    assert "ask for the mode again" in frame.told.refusals.words
    press(Key.Key_L)
    assert asked(session, "autonomy.listen") == [("autonomy.listen", False)]


def test_a_policy_that_fails_leads_to_the_setting(frame: Frame, session: FakeSession) -> None:
    session.autonomy.state, session.autonomy.detail = "failed", "no weights in /models/x"
    frame.refresh()
    press(Key.Key_L)
    frame.refresh()
    assert frame.page_id == "settings"
    assert frame.settings_page.policy.isVisible()
    assert "no weights in /models/x" in frame.told.refusals.words
    assert "no weights in /models/x" in frame.settings_page.policy.state.text()
    assert session.mode is Mode.HOLD


def test_without_a_choice_the_button_says_why_and_leads_to_the_setting(
    session: FakeSession, open_window: Callable[[FakeSession], Window]
) -> None:
    session.simulated = False
    frame = open_window(session).frame
    assert frame is not None
    frame.refresh()
    button = frame.foot._modes[Mode.VERBAL]
    assert "No checkpoint was chosen" in button.toolTip()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    frame.refresh()
    assert frame.page_id == "settings"
    assert "No checkpoint was chosen" in frame.told.refusals.words
    assert asked(session, "load", "autonomy.listen") == []


def test_go_alone_needs_a_task_that_the_scripted_policy_knows(frame: Frame, session: FakeSession) -> None:
    frame.collecting.change(task="write a poem")
    frame.refresh()
    press(Key.Key_O)
    frame.refresh()
    assert "knows no task “write a poem”" in frame.told.refusals.words
    assert asked(session, "load", "go_alone") == []
    frame.collecting.change(task="open the drawer")
    press(Key.Key_O)
    frame.refresh()
    assert asked(session, "go_alone") == [("go_alone", "open the drawer", False)]
    assert session.mode is Mode.AUTONOMOUS


def test_in_the_kitchen_a_task_is_suggested_where_none_was_named(frame: Frame, session: FakeSession) -> None:
    frame.refresh()
    press(Key.Key_O)
    frame.refresh()
    assert asked(session, "go_alone") == [("go_alone", "pick up the plate", False)]
    assert session.collection.plan.task == "pick up the plate"


def test_the_dead_man_and_another_choice_count_at_the_next_press(
    verbal: Frame, session: FakeSession, settings: Settings
) -> None:
    settings.dead_man = True
    press(Key.Key_H)
    verbal.refresh()
    press(Key.Key_L)
    assert session.calls[-1] == ("autonomy.listen", True)
    verbal.told.policies.change(high_level=HighLevel.IMPLICIT)
    assert asked(session, "load") == []
    verbal.refresh()
    press(Key.Key_O)
    assert asked(session, "load")[-1] == (
        "load",
        PolicyChoice(kind=PolicyKind.SCRIPTED, high_level=HighLevel.IMPLICIT),
    )
    assert verbal.told.policies.waiting is Mode.AUTONOMOUS
    assert wait_until(lambda: session.mode is Mode.AUTONOMOUS)


def test_one_press_takes_over(alone: Frame, session: FakeSession) -> None:
    press(Key.Key_T)
    assert session.calls == [("set_mode", Mode.TELEOP)]


def test_from_a_text_field_the_steady_keys_act(verbal: Frame, session: FakeSession) -> None:
    verbal.drive_page.told_tray.line.begin()
    press(Key.Key_L)
    assert session.calls == []
    press(Key.Key_F7)
    assert session.calls == [("autonomy.listen", False)]
    press(Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert session.mode is Mode.TELEOP


def test_a_stopped_robot_neither_listens_nor_goes(frame: Frame, session: FakeSession) -> None:
    session.stop("test")
    frame.refresh()
    session.calls.clear()
    for key in (Key.Key_L, Key.Key_O):
        press(key)
    assert session.calls == []


def test_the_chosen_policy_is_remembered(
    frame: Frame, settings: Settings, open_window: Callable[[FakeSession], Window]
) -> None:
    frame.told.policies.change(kind=PolicyKind.SERVER, source="ws://robot:8000", execute_steps=16)
    again = open_window(FakeSession(moving=False)).frame
    assert again is not None
    assert again.told.policies.choice == PolicyChoice(
        kind=PolicyKind.SERVER, source="ws://robot:8000", execute_steps=16
    )


def test_a_spoilt_choice_reads_as_none(frame: Frame, settings: Settings) -> None:
    settings._store.setValue("policy/choice", "{nonsense")
    assert settings.policy is None
    assert frame.told.policies.choice == SCRIPTED
