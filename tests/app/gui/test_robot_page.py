"""The Robot page: what is shown of each thing, what is chosen, what can be done and why not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QFontMetrics
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from app.gui import tokens
from app.gui.frame import Frame
from app.gui.pages.robot import RobotPage
from app.gui.robot.condition import Level
from app.gui.robot.pick import Kind, Pick
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.window import Window
from app.messages import Mode
from app.session.view import Notice
from drivers.profile import load_profile
from tests.support.fake_robot import OVERLOAD, SILENT, healthy_servos, with_servo
from tests.support.fake_session import FakeSession
from tests.support.qt_waiting import wait_until

Key = Qt.Key
NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
ELBOW_SHADOW = Pick(Kind.SERVO, "left_follower", 5)


@pytest.fixture
def page(frame: Frame) -> RobotPage:
    frame.go_to("robot")
    frame.refresh()
    return frame.robot_page


def ail(session: FakeSession, servo_id: int = 5, **changes: object) -> None:
    changes = changes or {"faults": (OVERLOAD,), "torque_on": False}
    session.servos = with_servo(session.snapshot(), "left_follower", servo_id, **changes).servos


def show(frame: Frame) -> None:
    """One refresh that redraws, whenever the last one was."""
    frame.robot_page.entered()
    frame.refresh()


def press(key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    target = QApplication.focusWidget()
    assert target is not None
    QTest.keyClick(target, key, modifiers)


def words_in(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def test_a_healthy_robot_is_said_to_be_well(frame: Frame, page: RobotPage) -> None:
    assert page.verdict.text() == "All 40 servos answer. Nothing needs attention."
    cell = page.servos.cells[Pick(Kind.SERVO, "left_follower", 4)]
    assert (cell.temperature, cell.voltage, cell.holds, cell.known) == ("35 °C", "12.1 V", True, True)
    assert cell.position.endswith(" rad")
    assert not page.servos.cells[Pick(Kind.SERVO, "left_leader", 4)].holds
    assert page.servos.cells[Pick(Kind.SERVO, "body", 1)].position == "2048 ticks"
    assert page.pick is None
    assert "Choose a servo" in words_in(page.mend)


def test_what_is_wrong_is_named_marked_and_chosen(
    frame: Frame, session: FakeSession, page: RobotPage
) -> None:
    ail(session)
    session.stale_camera = "back"
    show(frame)
    assert page.verdict.text() == "2 things need attention"
    assert page.named.text() == "left elbow shadow: overload  ·  back camera: frozen"
    assert page.servos.cells[ELBOW_SHADOW].condition.level is Level.ERROR
    assert page.pick == ELBOW_SHADOW
    said = words_in(page.mend)
    assert "Left elbow shadow" in said
    assert "Take the load off the joint, then reboot the servo." in said
    assert "off, and it should hold" in said


def test_trouble_is_painted_in_its_hue_and_gone_with_it(
    frame: Frame, session: FakeSession, page: RobotPage
) -> None:
    def alarm_pixels() -> int:
        QTest.qWait(20)
        at = page.servos.place(page.servos.picks.index(ELBOW_SHADOW)).toAlignedRect()
        picture = page.servos.grab(at).toImage()
        hue = QColor(tokens.ALARM)
        return sum(
            picture.pixelColor(x, y) == hue for x in range(picture.width()) for y in range(picture.height())
        )

    assert alarm_pixels() == 0
    ail(session)
    show(frame)
    assert alarm_pixels() > 20
    session.servos = healthy_servos(session.profile)
    show(frame)
    assert alarm_pixels() == 0


def test_n_goes_round_what_needs_attention(frame: Frame, session: FakeSession, page: RobotPage) -> None:
    ail(session)
    ail(session, 7, faults=(SILENT,), answers=False)
    show(frame)
    assert page.pick == ELBOW_SHADOW
    press(Key.Key_N)
    assert page.pick == Pick(Kind.SERVO, "left_follower", 7)
    press(Key.Key_N)
    assert page.pick == ELBOW_SHADOW


def test_what_the_operator_chose_stays_chosen(frame: Frame, session: FakeSession, page: RobotPage) -> None:
    mine = Pick(Kind.SERVO, "right_follower", 1)
    page.choose(mine)
    ail(session)
    show(frame)
    assert page.pick == mine
    frame.go_to("drive")
    frame.go_to("robot")
    frame.refresh()
    assert page.pick == ELBOW_SHADOW


def test_arrows_and_clicks_choose(frame: Frame, page: RobotPage) -> None:
    press(Key.Key_Right)
    assert page.pick == Pick(Kind.SERVO, "left_follower", 1)
    press(Key.Key_Right)
    press(Key.Key_Down)
    assert page.pick == Pick(Kind.SERVO, "right_follower", 2)
    press(Key.Key_Up)
    press(Key.Key_Left)
    assert page.pick == Pick(Kind.SERVO, "left_follower", 1)
    assert "left arm, waist" in page.servos.accessibleDescription()
    place = page.buses.place(3).center().toPoint()
    QTest.mouseClick(page.buses, Qt.MouseButton.LeftButton, pos=place)
    assert page.pick == Pick(Kind.BUS, "right_follower")
    assert "fast sync read" in words_in(page.mend)


def test_rebooting_tells_its_end_in_place(frame: Frame, session: FakeSession, page: RobotPage) -> None:
    ail(session)
    show(frame)
    press(Key.Key_B)
    assert session.calls == [("reboot_servo", "left_follower", 5)]
    show(frame)
    assert "Rebooting" in words_in(page.mend)
    session.servos = tuple(
        replace(servo, polled_ns=session.snapshot().time_ns) for servo in healthy_servos(session.profile)
    )
    show(frame)
    assert "Rebooted, torque on again" in words_in(page.mend)


@pytest.mark.parametrize(
    ("changes", "mode", "why"),
    [
        ({}, Mode.HOLD, "It is well, and it holds"),
        ({"answers": False, "faults": (SILENT,)}, Mode.HOLD, "It does not answer"),
        ({"in_hand": True}, Mode.HOLD, "It is being set up already"),
        ({"faults": (OVERLOAD,)}, Mode.TELEOP, "Hold it first (H)"),
    ],
)
def test_a_reboot_that_cannot_be_says_why(
    frame: Frame, session: FakeSession, page: RobotPage, changes: dict[str, object], mode: Mode, why: str
) -> None:
    if changes:
        ail(session, **changes)
    session.mode = mode
    page.choose(ELBOW_SHADOW)
    show(frame)
    assert why in page.mend.reason.text()
    assert why in frame.actions_registry["robot.reboot"].why_not()
    press(Key.Key_B)
    assert session.calls == []


def test_letting_go_takes_a_second_press_soon(frame: Frame, session: FakeSession, page: RobotPage) -> None:
    press(Key.Key_P, SHIFT)
    assert session.calls == []
    assert page.letting_go
    frame.go_to("drive")
    frame.go_to("robot")
    press(Key.Key_P, SHIFT)
    assert session.calls == []
    press(Key.Key_P, SHIFT)
    assert session.calls == [("set_torque", False)]
    assert not page.letting_go
    frame.refresh()
    assert not frame.actions_registry["robot.let_go"].enabled()
    press(Key.Key_P)
    assert session.calls[-1] == ("set_torque", True)


def test_letting_go_from_another_page_says_first_that_the_arms_fall(
    frame: Frame, session: FakeSession, page: RobotPage
) -> None:
    frame.go_to("drive")
    session.calls.clear()
    frame.actions_registry.trigger("robot.let_go")
    frame.refresh()
    assert session.calls == []
    assert page.isVisible()
    assert "Again: the arms fall" in [button.title for button in page.mend.findChildren(ActionButton)]
    frame.actions_registry.trigger("robot.let_go")
    assert session.calls == [("set_torque", False)]


def test_a_camera_that_can_is_reopened(frame: Frame, session: FakeSession, page: RobotPage) -> None:
    page.choose(Pick(Kind.CAMERA, "back"))
    show(frame)
    assert "simulated camera" in page.mend.reason.text()
    real = session._camera
    session._camera = lambda name: replace(real(name), can_reopen=True)  # type: ignore[method-assign]
    show(frame)
    press(Key.Key_O)
    assert session.calls == [("reopen_camera", "back")]


def test_its_notices_are_told_on_the_page_and_elsewhere_lead_to_it(
    frame: Frame, session: FakeSession, page: RobotPage
) -> None:
    ail(session)
    notice = Notice(
        key="servo:left_follower:5:overload",
        level="error",
        what=OVERLOAD.message,
        remedy=OVERLOAD.remedy,
        action="reboot_servo left_follower 5",
        action_label="Reboot the servo",
    )
    other = Notice(key="disk", level="warning", what="Little room left")
    session.notices = (notice, other)
    show(frame)
    assert [button.text() for button in frame.notices.findChildren(QPushButton)] == []
    assert frame.notices.isVisible()  # the other one
    frame.go_to("drive")
    frame.refresh()
    buttons = {button.text(): button for button in frame.notices.findChildren(QPushButton)}
    assert set(buttons) == {"Show", "Reboot the servo"}
    buttons["Show"].click()
    assert (frame.page_id, page.pick) == ("robot", ELBOW_SHADOW)


def test_calibration_has_its_place(frame: Frame, page: RobotPage) -> None:
    if not page.can_calibrate:
        assert not frame.actions_registry["robot.calibrate"].enabled()
        page.stack.addWidget(QWidget())
    press(Key.Key_C)
    assert page.stack.currentIndex() == 1
    assert not page.tells  # what ails the robot is told below meanwhile
    page.open_health()
    assert page.stack.currentIndex() == 0
    assert "servo:" in page.tells


def test_no_robot_says_what_is_missing_and_what_to_run(
    frame: Frame, session: FakeSession, page: RobotPage
) -> None:
    real = session._bus
    session._bus = lambda name: replace(  # type: ignore[method-assign]
        real(name), connected=False, last_error=f"/dev/{name} is not there; plug it in"
    )
    show(frame)
    assert page.empty.isVisible()
    said = words_in(page.empty)
    assert "No robot answers" in said
    assert "/dev/body is not there; plug it in" in said
    assert page.empty.command.words == "understudy check sim-kitchen"
    page.empty.command.copy.click()
    clipboard = QApplication.clipboard()
    assert clipboard is not None
    assert clipboard.text() == "understudy check sim-kitchen"
    assert page.empty.command.copy.text() == "Copied"


def test_a_small_robot_has_its_page_too(
    open_window: Callable[[FakeSession], Window], session: FakeSession
) -> None:
    session.profile = load_profile("single-arm")
    session.servos = healthy_servos(session.profile)
    frame = open_window(session).frame
    assert frame is not None
    frame.go_to("robot")
    frame.refresh()
    page = frame.robot_page
    assert page.verdict.text().startswith("All 18 servos answer.")
    assert len(page.buses.picks) == len(page.cameras.picks) == 2
    buttons = [button.accessibleName() for button in page.mend.findChildren(QPushButton)]
    assert "Home the lift" not in buttons


def test_a_hidden_page_costs_nothing(frame: Frame, page: RobotPage, session: FakeSession) -> None:
    frame.go_to("drive")
    before = page.servos.cells
    ail(session)
    frame.refresh()
    assert page.servos.cells == before
    assert page.verdict.text().startswith("All 40")


def test_only_the_cell_that_changed_is_repainted(
    frame: Frame, page: RobotPage, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    QTest.qWait(50)
    painted: list[int] = []
    real = page.servos.paint_cell

    def counting(painter: Any, index: int, area: Any) -> None:
        painted.append(index)
        real(painter, index, area)

    monkeypatch.setattr(page.servos, "paint_cell", counting)
    show(frame)
    QTest.qWait(30)
    painted.clear()
    session.servos = with_servo(session.snapshot(), "right_follower", 3, temperature_c=44.0).servos
    page._drawn_ns = 0
    frame.refresh()
    assert wait_until(lambda: bool(painted))
    wanted = page.servos.picks.index(Pick(Kind.SERVO, "right_follower", 3))
    assert wanted in painted
    assert len(set(painted)) <= 5  # those whose frames touch its own


def test_lateness_is_drawn_with_its_scale(
    frame: Frame, page: RobotPage, session: FakeSession, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = page._loop
    assert loop is not None
    real = session.ticks
    late_ns = 0

    def ticks(since_ns: int) -> NDArray[Any]:
        rows = real(since_ns)
        rows["lateness_ns"] = np.where(np.arange(len(rows)) % 50 == 0, late_ns, 100_000)
        return rows

    monkeypatch.setattr(session, "ticks", ticks)
    show(frame)
    assert loop.plot.top_ms == 2.5
    late_ns = 7_000_000
    show(frame)
    assert loop.plot.top_ms == 10.0
    QTest.qWait(30)
    picture = loop.plot.grab().toImage()
    height = picture.height()
    curve = QColor(theme.palette.text_dim)
    high = sum(picture.pixelColor(x, height // 2) == curve for x in range(picture.width()))
    assert high > 5  # each of the late ticks reaches over the middle
    dashes = sum(
        picture.pixelColor(x, y) == QColor(tokens.WARNING)
        for x in range(picture.width())
        for y in range(int(height * 0.75), int(height * 0.85))
    )
    assert dashes > 20  # the limit of 2 of 10 ms


@pytest.mark.parametrize("width_px", [1120, 1280])
def test_no_position_loses_its_digits_on_a_small_screen(
    window: Window, page: RobotPage, monkeypatch: pytest.MonkeyPatch, width_px: int
) -> None:
    said: list[str] = []
    real = QFontMetrics.elidedText

    def noting(metrics: QFontMetrics, words: str | None, *rest: Any) -> str:
        said.append(words or "")
        return real(metrics, words, *rest)

    monkeypatch.setattr(QFontMetrics, "elidedText", noting)
    window.resize(width_px, 720)
    QTest.qWait(50)
    page.servos.grab()
    assert not [words for words in said if re.match(r"[+−]?\d", words)]
