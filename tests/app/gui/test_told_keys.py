"""Sentences name the keys that are bound now, and no others."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

import app.gui
from app.collection.view import Phase
from app.gui.frame import Frame
from app.gui.told_keys import _PLACE, with_keys
from app.inputs.trigger import key_trigger
from app.messages import Mode
from tests.support.fake_session import FakeSession


def rebind(frame: Frame, action_id: str, key: str) -> None:
    bindings = frame.desk.bindings
    for trigger in bindings.of(action_id):
        bindings.remove(action_id, trigger)
    bindings.add(action_id, key_trigger(key))


def places() -> Iterator[str]:
    """Every id of an action that stands in braces in a string of the window's code."""
    for path in sorted(Path(app.gui.__path__[0]).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and path.stem != "told_keys":
                yield from _PLACE.findall(node.value)


def test_every_sentence_names_an_action_that_there_is(frame: Frame) -> None:
    named = set(places())
    assert {"record.start", "window.health", "calibrate.next", "page.robot"} <= named
    assert named <= {action.id for action in frame.actions_registry.everywhere()}


def test_another_key_is_said_from_then_on(frame: Frame, session: FakeSession) -> None:
    rebind(frame, "record.start", "F7")
    session.be(Phase.RESETTING)
    frame.refresh()
    assert frame.drive_page.stage.shown.more == "When the scene is in order, press F7"
    assert frame.drive_page.record.figures == "When the scene is in order, press F7"


def test_what_is_said_of_the_last_episode_follows_at_once(frame: Frame, session: FakeSession) -> None:
    session.be(Phase.RESETTING, last_id="x-0036", last_outcome="success", aim="x-0036")
    frame.refresh()
    rebind(frame, "record.success", "F8")
    frame.refresh()
    assert frame.drive_page.record.last == "no. 0036: success – change it with F8 F ⌫"


def test_the_log_is_named_by_the_key_that_opens_it(frame: Frame) -> None:
    assert "log (Ctrl L)" in frame.status.toolTip()
    rebind(frame, "window.health", "F9")
    assert "log (F9)" in frame.status.toolTip()


def test_an_action_without_a_key_goes_by_its_title_and_own_words_stay(frame: Frame) -> None:
    actions = frame.actions_registry
    for trigger in actions["mode.hold"].triggers:
        actions.bindings.remove("mode.hold", trigger)
    assert with_keys("Hold it first ({mode.hold}).", actions) == "Hold it first (“Hold”)."
    assert with_keys("sort {red.cups} {0}", actions) == "sort {red.cups} {0}"


def test_the_overlay_of_keys_is_headed_by_what_is_seen(frame: Frame) -> None:
    frame.go_to("robot")
    frame.robot_page.open_calibration()
    QTest.keyClick(frame, Qt.Key.Key_F1)
    assert frame.keys_overlay.title == "Keys: Calibration"


def test_a_lift_is_not_homed_and_the_remedy_is_one_that_can_be_had(
    frame: Frame, session: FakeSession
) -> None:
    session.homed = False
    home = frame.actions_registry["lift.home"]
    for mode, remedy in ((Mode.TELEOP, "Hold it first (H)"), (Mode.STOPPED, "Release it first")):
        session.mode = mode
        frame.refresh()
        assert remedy in home.why_not()
    session.mode = Mode.HOLD
    frame.refresh()
    assert home.enabled()
