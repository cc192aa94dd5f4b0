"""The newcomer's way: told step by step, ticked off by what happens, and gone once it is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QPushButton

from app.autonomy.choice import PolicyChoice, PolicyKind
from app.gui.coach import GOODBYE_S, Coach
from app.gui.first_steps import FirstSteps
from app.gui.frame import Frame
from app.gui.settings import Settings
from app.gui.widgets.action_button import ActionButton
from app.gui.window import Window
from app.messages import Mode
from tests.support.fake_session import FakeSession


def told(frame: Frame) -> str:
    frame.refresh()
    return frame.coach_strip.words


def done(frame: Frame) -> list[bool]:
    frame.refresh()
    return [step.done for step in frame.coach._steps.steps]


def test_from_opening_to_a_replayed_episode_by_the_keys_that_are_told(
    frame: Frame, session: FakeSession, settings: Settings
) -> None:
    assert frame.coach_strip.isVisible()
    assert "Press G" in told(frame)
    QTest.keyClick(frame, Qt.Key.Key_G)
    assert "Press T" in told(frame)  # should the robot hold while the script runs
    session.set_mode(Mode.TELEOP)  # as the session does with a script
    assert "leaders are brought" in told(frame)
    session._gate_until_s = 0.0
    assert "Press R" in told(frame)
    assert done(frame) == [True, False, False, False, False]
    QTest.keyClick(frame, Qt.Key.Key_R)
    assert "S for success" in told(frame)
    QTest.keyClick(frame, Qt.Key.Key_S)
    assert "Ctrl 3" in told(frame)
    assert done(frame) == [True, True, True, False, False]
    QTest.keyClick(frame, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    assert "Press H" in told(frame)
    QTest.keyClick(frame, Qt.Key.Key_H)
    assert "press P" in told(frame)
    session.replay(session.episodes[0].episode_id)
    assert "That is all" in told(frame)
    assert all(done(frame))
    assert not settings.first_steps


@pytest.mark.parametrize("mode", [Mode.VERBAL, Mode.AUTONOMOUS])
def test_a_policy_that_moves_the_robot_counts_as_driving(
    frame: Frame, session: FakeSession, mode: Mode
) -> None:
    session.autonomy.load(PolicyChoice(kind=PolicyKind.SCRIPTED))
    session.mode = mode
    assert not any(done(frame))  # it has been told nothing yet
    session.autonomy.apply("open the drawer", "key")
    assert done(frame)[0]
    assert told(frame).startswith("The robot moves. Press R")
    session.record("open the drawer")
    frame.refresh()
    session.end("success")
    frame.go_to("episodes")
    assert "Press H" in told(frame)


def test_an_episode_that_was_not_judged_waits_for_it(frame: Frame, session: FakeSession) -> None:
    session.mode = Mode.TELEOP
    frame.refresh()
    session.record("wipe the counter")
    frame.refresh()
    session.end("unset")
    assert "How was it?" in told(frame)
    session.annotate_episode(session.episodes[0].episode_id, outcome="failure")
    session.collection = replace(session.collection, last_outcome="failure")
    assert "Ctrl 3" in told(frame)


def test_a_real_robot_is_led_by_its_leaders(
    open_window: Callable[[FakeSession], Window], session: FakeSession
) -> None:
    session.simulated = False
    window = open_window(session)
    assert window.frame is not None
    assert told(window.frame).startswith("Take the leaders and press T")
    session.hold_gate()
    assert "brought to the robot" in told(window.frame)


def test_what_must_come_first_is_said_first(frame: Frame, session: FakeSession) -> None:
    session.ready = False
    assert "waking" in told(frame)
    session.ready = True
    session.stop("test")
    assert "Hold Enter" in told(frame)
    session.release()
    frame.go_to("robot")
    assert "Ctrl 1" in told(frame)


@pytest.mark.parametrize("way", ["key", "click"])
def test_it_can_be_put_away_for_good_and_called_back(
    frame: Frame, session: FakeSession, settings: Settings, way: str
) -> None:
    frame.refresh()
    if way == "key":
        QTest.keyClick(frame, Qt.Key.Key_F2)
    else:
        buttons = frame.coach_strip.findChildren(QPushButton)
        assert [button.action_id for button in buttons if isinstance(button, ActionButton)] == [
            "window.first_steps"
        ]
        QTest.mouseClick(buttons[0], Qt.MouseButton.LeftButton)
    frame.refresh()
    assert not frame.coach_strip.isVisible()
    assert not settings.first_steps
    assert not Coach(settings).shown
    frame.actions_registry.trigger("window.first_steps")
    frame.refresh()
    assert frame.coach_strip.isVisible()


def test_once_done_it_says_goodbye_and_goes(frame: Frame, session: FakeSession, settings: Settings) -> None:
    coach, strip = frame.coach, frame.coach_strip
    session.mode = Mode.TELEOP
    frame.refresh()
    session.record("x")
    frame.refresh()
    session.end("success")
    frame.go_to("episodes")
    frame.refresh()
    session.mode = Mode.REPLAY
    snapshot = session.snapshot()
    coach.apply(snapshot, strip, page="episodes")
    coach.apply(snapshot, strip, page="episodes")
    assert strip.isVisible()
    later = replace(snapshot, time_ns=snapshot.time_ns + int((GOODBYE_S + 1) * 1e9))
    coach.apply(later, strip, page="episodes")
    assert not strip.isVisible()
    assert not settings.first_steps


def test_steps_are_only_ticked_by_what_happened(session: FakeSession) -> None:
    steps = FirstSteps()
    session.fill_episodes()  # of other days: the newcomer has recorded none of them
    steps.apply(session.snapshot(), page="episodes")
    session.hold_gate()
    steps.apply(session.snapshot(), page="drive")
    assert [step.done for step in steps.steps] == [False] * 5
