from __future__ import annotations

import pytest
from PyQt6.QtCore import QEvent, QPoint, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.gui.frame import Frame
from app.gui.window import Window
from app.messages import Jog, Mode
from tests.support.fake_session import FakeSession
from tests.support.qt_waiting import wait_until

Key = Qt.Key


@pytest.fixture
def driving(frame: Frame, session: FakeSession) -> Frame:
    session.mode = Mode.TELEOP
    frame.refresh()
    QTest.keyClick(frame, Key.Key_K)
    QTest.qWait(20)
    assert frame.driving.on
    return frame


def still(jog: Jog) -> bool:
    numbers = (*jog.linear_m_s, *jog.angular_rad_s, jog.opening_rate, *jog.base_twist, jog.lift_m_s)
    return all(number == 0 for number in numbers)


def test_keys_do_nothing_before_driving_begins(frame: Frame, session: FakeSession) -> None:
    session.mode = Mode.TELEOP
    frame.refresh()
    QTest.keyPress(frame, Key.Key_W)
    QTest.keyRelease(frame, Key.Key_W)
    assert session.jogs == []


def test_driving_only_in_teleoperation(frame: Frame) -> None:
    frame.refresh()
    QTest.keyClick(frame, Key.Key_K)
    assert not frame.driving.on


def test_a_held_key_sends_jogs_and_its_release_a_zero(driving: Frame, session: FakeSession) -> None:
    QTest.keyPress(driving, Key.Key_W)
    assert wait_until(lambda: len(session.jogs) >= 5)
    assert all(jog.base_twist[0] > 0 for jog in session.jogs)
    QTest.keyRelease(driving, Key.Key_W)
    assert still(session.jogs[-1])
    count = len(session.jogs)
    QTest.qWait(150)
    assert len(session.jogs) == count


def test_s_is_backwards_while_driving_and_not_success(driving: Frame, session: FakeSession) -> None:
    session.record("x")
    driving.refresh()
    QTest.keyClick(driving, Key.Key_S)
    assert session.jogs[0].base_twist[0] < 0
    assert session.recording is not None
    QTest.keyClick(driving, Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert session.recording is None


@pytest.mark.parametrize("loss", ["deactivate", "text", "page", "stop", "toggle", "mode"])
def test_losing_the_keys_stops_the_motion(
    driving: Frame, window: Window, session: FakeSession, loss: str
) -> None:
    QTest.keyPress(driving, Key.Key_Up)
    assert not still(session.jogs[-1])
    if loss == "deactivate":
        QApplication.sendEvent(window, QEvent(QEvent.Type.WindowDeactivate))
    elif loss == "text":
        driving.task.setFocus()
        QTest.qWait(20)
    elif loss == "page":
        driving.go_to("episodes")
    elif loss == "stop":
        QTest.keyClick(driving, Key.Key_Escape)
    elif loss == "toggle":
        QTest.keyClick(driving, Key.Key_K)
    else:
        session.mode = Mode.HOLD
        driving.refresh()
    assert still(session.jogs[-1])
    count = len(session.jogs)
    QTest.qWait(120)
    assert len(session.jogs) == count


def test_the_window_closing_stops_the_motion(driving: Frame, window: Window, session: FakeSession) -> None:
    QTest.keyPress(driving, Key.Key_E)
    window.close()
    assert still(session.jogs[-1])


def test_tab_takes_the_other_hand(driving: Frame, session: FakeSession) -> None:
    QTest.keyClick(driving, Key.Key_Up)
    first = session.jogs[0].hand
    QTest.keyClick(driving, Key.Key_Tab)
    QTest.keyClick(driving, Key.Key_Up)
    assert {first, session.jogs[-1].hand} == {"left", "right"}


def test_speed_scales_the_hand_and_leaves_the_base_to_the_robot(driving: Frame, session: FakeSession) -> None:
    def clicked(key: Key) -> Jog:
        session.jogs.clear()
        driving.refresh()
        QTest.keyClick(driving, key)
        return session.jogs[0]

    hand, base = clicked(Key.Key_Up).linear_m_s[0], clicked(Key.Key_W).base_twist[0]
    session.speed /= 3
    assert clicked(Key.Key_Up).linear_m_s[0] == pytest.approx(hand / 3)
    assert clicked(Key.Key_W).base_twist[0] == pytest.approx(base)


def test_a_handle_moves_while_it_is_dragged(driving: Frame, session: FakeSession) -> None:
    pad = driving.drive_page.tray._base
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=QPoint(pad.width() // 2, 12))
    assert session.jogs[-1].base_twist[0] > 0
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=QPoint(pad.width() // 2, 12))
    assert still(session.jogs[-1])


def test_a_handle_that_is_hidden_lets_go(driving: Frame, session: FakeSession) -> None:
    pad = driving.drive_page.tray._hand
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=QPoint(pad.width() - 8, pad.height() // 2))
    assert session.jogs[-1].linear_m_s != (0.0, 0.0, 0.0)
    driving.driving.end()
    assert still(session.jogs[-1])


def test_key_repeat_is_one_press(driving: Frame, session: FakeSession) -> None:
    QTest.keyPress(driving, Key.Key_W)
    QTest.keyPress(driving, Key.Key_D)
    QTest.keyRelease(driving, Key.Key_W)
    assert session.jogs[-1].base_twist[0] == 0
    assert session.jogs[-1].base_twist[1] < 0
    QTest.keyRelease(driving, Key.Key_D)
    assert still(session.jogs[-1])
