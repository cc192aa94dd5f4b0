"""The guided calibration on screen, from the Robot page to the written profile, with nothing but keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from app.calibration.wizard import Phase
from app.gui.calibration.page import CalibrationPage
from app.gui.frame import Frame
from app.gui.window import Window
from app.messages import Mode, Nudge
from drivers.calibration import stillness
from drivers.calibration.procedure import HomeStep, MoveStep, PoseStep
from drivers.profile import load_profile, profile_path
from tests.support.fake_session import FakeSession
from tests.support.qt_waiting import wait_until

Key = Qt.Key


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's settings, where a copy of a shipped profile goes."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "understudy" / "profiles"


@pytest.fixture
def page(home: Path, frame: Frame) -> CalibrationPage:
    press(frame, Key.Key_4, ctrl=True)
    press(frame, Key.Key_C)
    assert frame.calibration.isVisible()
    return frame.calibration


def press(frame: Frame, key: Qt.Key, *, ctrl: bool = False) -> None:
    modifier = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
    QTest.keyClick(frame.window().focusWidget() or frame, key, modifier)
    frame.refresh()


def wait(frame: Frame, until: Callable[[], bool]) -> None:
    def refreshed() -> bool:
        frame.refresh()
        return until()

    assert wait_until(refreshed)


def choose(frame: Frame, *procedure_ids: str) -> None:
    for procedure_id in procedure_ids:
        frame.calibration.choose.boxes[procedure_id].setFocus()
        press(frame, Key.Key_Space)
    press(frame, Key.Key_Return)


def do_step(frame: Frame) -> None:
    wizard = frame.calibration.wizard
    step, place = wizard.step, wizard.place
    if isinstance(step, PoseStep):
        wait(frame, lambda: wizard.can_take)
        press(frame, Key.Key_Return)
    elif isinstance(step, MoveStep):
        press(frame, Key.Key_Return)
        press(frame, Key.Key_1)
    elif isinstance(step, HomeStep):
        press(frame, Key.Key_Return)
    assert (wizard.step, wizard.place) != (step, place), wizard.trouble


def test_the_whole_wizard_by_keys_from_the_list_to_the_written_profile(
    window: Window,
    frame: Frame,
    session: FakeSession,
    page: CalibrationPage,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stillness, "STILL_S", 0.2)  # a second for each of many poses proves no more
    wanted: list[str] = []
    window.profile_wanted.connect(wanted.append)
    choose(frame, "arm.left", "leader.left", "handle.left", "wheels", "lift.main")
    kinds = set()
    while page.wizard.phase is Phase.STEP:
        assert page.steps.title.text() == page.wizard.step.title
        kinds.add(type(page.wizard.step))
        do_step(frame)
    assert kinds == {PoseStep, MoveStep, HomeStep}
    assert page.wizard.phase is Phase.REVIEW
    assert page.views.currentWidget() is page.review
    assert not home.exists()
    table = page.review.table
    shown = [table.item(row, 0).text() for row in range(table.rowCount())]
    assert shown[0].startswith("⚠ ")  # the fake handle does not move between closed and open
    assert "left elbow" in shown
    assert "wheel 2, direction" in shown
    # A handle without a range would be no profile.
    press(frame, Key.Key_Return)
    wait(frame, lambda: page.wizard.phase is not Phase.WRITING)
    assert page.wizard.phase is Phase.REVIEW
    assert "Nothing was written" in page.trouble.text()
    assert not home.exists()
    press(frame, Key.Key_Q)
    choose(frame, "handle.left")  # no more of it
    assert page.wizard.phase is Phase.STEP
    while page.wizard.phase is Phase.STEP:
        do_step(frame)
    press(frame, Key.Key_Return)
    wait(frame, lambda: page.wizard.phase is Phase.WRITTEN)
    path = home / "sim-kitchen.toml"
    assert str(path) in page.written.where.text()
    assert f"understudy --profile {path}" in page.written.how.text()
    calibrated = load_profile(path)
    assert set(calibrated.calibrated) == {"arm.left", "leader.left", "wheels", "lift.main"}
    assert calibrated.simulation.robot == "sim-kitchen"
    assert calibrated.arms["left"].joints[2].zero_ticks != 2048  # the fake arm sways away from home
    assert calibrated.base.inverted == (False, False, False)
    press(frame, Key.Key_Return)
    assert wanted == [str(path)]
    assert all(call[0] != "set_torque" for call in session.calls)


def test_letting_go_takes_two_presses_and_a_warning_and_is_given_back(
    frame: Frame, session: FakeSession, page: CalibrationPage
) -> None:
    choose(frame, "arm.left")
    press(frame, Key.Key_G)
    assert "fall" in page.trouble.text()
    assert session.torque
    press(frame, Key.Key_G)
    assert not session.torque
    assert page.steps.let_go.isVisible()
    press(frame, Key.Key_Q)
    assert session.torque
    assert page.wizard.phase is Phase.CHOOSE


@pytest.mark.parametrize("end", ["stop", "cancel", "close", "other page"])
def test_however_it_ends_the_file_is_the_same_byte_for_byte_and_torque_is_as_it_was(
    open_window: Callable[[FakeSession], Window], session: FakeSession, tmp_path: Path, end: str
) -> None:
    own = tmp_path / "mine" / "robot.toml"
    own.parent.mkdir()
    own.write_bytes(profile_path("sim-kitchen").read_bytes())
    session.profile_source = str(own)
    window = open_window(session)
    frame = window.frame
    assert frame is not None
    press(frame, Key.Key_4, ctrl=True)
    press(frame, Key.Key_C)
    page = frame.calibration
    choose(frame, "arm.left", "wheels")
    do_step(frame)
    press(frame, Key.Key_Backspace)
    press(frame, Key.Key_G)
    press(frame, Key.Key_G)
    assert not session.torque
    if end == "stop":
        press(frame, Key.Key_Escape)
        assert session.mode is Mode.STOPPED
        assert "stopped" in page.trouble.text()
        assert page.wizard.phase is Phase.CHOOSE
    elif end == "cancel":
        press(frame, Key.Key_Q)
        assert page.wizard.phase is Phase.CHOOSE
    elif end == "close":
        window.close()
    else:
        press(frame, Key.Key_1, ctrl=True)
        assert page.wizard.phase is Phase.STEP  # what was taken stays for the way back
    assert session.torque
    assert own.read_bytes() == profile_path("sim-kitchen").read_bytes()
    assert list(own.parent.iterdir()) == [own]


def test_a_wheel_is_turned_only_when_it_is_asked_for_and_an_answer_needs_a_turn(
    frame: Frame, session: FakeSession, page: CalibrationPage
) -> None:
    choose(frame, "wheels")
    press(frame, Key.Key_1)
    assert page.wizard.place[0] == 1
    assert not [call for call in session.calls if call[0] == "nudge"]
    press(frame, Key.Key_Return)
    nudges = [call[1] for call in session.calls if call[0] == "nudge"]
    assert len(nudges) == 1
    assert isinstance(nudges[0], Nudge)
    press(frame, Key.Key_3)
    assert "in its way" in page.trouble.text()
    press(frame, Key.Key_Return)
    press(frame, Key.Key_2)
    assert page.wizard.place[0] == 2
    press(frame, Key.Key_Return)
    press(frame, Key.Key_Backspace)
    assert session.calls[-1] == ("set_mode", Mode.HOLD)  # wheels stop when the step is left


def test_a_silent_arm_is_named_and_cannot_be_taken(
    frame: Frame, session: FakeSession, page: CalibrationPage
) -> None:
    choose(frame, "arm.left")
    wait(frame, lambda: page.wizard.can_take)
    session.lost_bus = "left_follower"
    wait(frame, lambda: not page.wizard.can_take)
    press(frame, Key.Key_Return)
    assert "left waist does not answer" in page.trouble.text()
    assert page.wizard.phase is Phase.STEP
    session.lost_bus = ""
    wait(frame, lambda: page.wizard.can_take)


def test_its_keys_do_not_meet_those_of_the_robot_page_nor_of_other_pages(
    frame: Frame, page: CalibrationPage
) -> None:
    registry = frame.actions_registry
    assert registry.for_key("B", page="calibration") is None
    assert registry.for_key("P", page="robot").id == "robot.power"
    assert registry.for_key("P", page="calibration").id == "calibrate.pose"
    assert page.wizard.reference.value == "home"
    press(frame, Key.Key_P)
    assert page.wizard.reference.value == "straight"
    assert registry["calibrate.next"].enabled()
    press(frame, Key.Key_Q)
    assert not page.isVisible()
    assert not registry["calibrate.next"].enabled()
    assert frame.robot_page.isVisible()
