from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QMenu, QPushButton, QWidget

from app.gui import tokens
from app.gui.frame import Frame
from app.gui.settings import Settings
from app.gui.theme import Theme
from app.gui.window import Window
from app.messages import Mode
from app.session.view import Notice
from tests.support.fake_session import FakeSession
from tests.support.qt_waiting import wait_until


def recording(session: FakeSession) -> None:
    session.mode = Mode.TELEOP
    session.record("wipe the counter")


STATES: dict[str, Callable[[FakeSession], None]] = {
    "hold": lambda session: None,
    "not ready": lambda session: setattr(session, "ready", False),
    "not homed": lambda session: setattr(session, "homed", False),
    "without torque": lambda session: setattr(session, "torque", False),
    "stopped": lambda session: session.stop("test"),
    "gate": lambda session: session.hold_gate(),
    "ramp": lambda session: session.hold_gate(ramp=0.5),
    "recording": recording,
    "script": lambda session: session.run_script("pick up the cup", 1),
    "replay": lambda session: session.replay("ep-000001"),
    "faults": lambda session: session.fail(),
    "episodes": lambda session: session.fill_episodes(),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)], ids=str)
def test_every_state_can_be_shown_on_every_page(
    state: str, size: tuple[int, int], open_window: Callable[[FakeSession], Window], session: FakeSession
) -> None:
    STATES[state](session)
    window = open_window(session)
    window.resize(*size)
    assert window.frame is not None
    for page_id in window.frame.pages:
        window.frame.go_to(page_id)
        window.frame.refresh()
        QTest.qWait(20)
        assert (window.width(), window.height()) == size
        assert not window.grab().isNull()
        assert_stop_is_uncovered(window.frame)


def assert_stop_is_uncovered(frame: Frame) -> None:
    button = frame.foot.stop_button
    for corner in (button.rect().topLeft(), button.rect().center(), button.rect().bottomRight()):
        at = button.mapTo(frame, corner)
        assert frame.childAt(at) is button
    assert button.isEnabled()


@pytest.mark.parametrize("overlay", ["palette_overlay", "keys_overlay", "details"])
def test_nothing_that_floats_covers_stop(frame: Frame, overlay: str) -> None:
    getattr(frame, overlay).open()
    QTest.qWait(20)
    assert_stop_is_uncovered(frame)


def test_stop_is_in_the_same_place_on_every_page(frame: Frame) -> None:
    places = set()
    for page_id in frame.pages:
        frame.go_to(page_id)
        QTest.qWait(20)
        at = frame.foot.stop_button.mapTo(frame, QPoint(0, 0))
        places.add((at.x(), at.y(), frame.foot.stop_button.width()))
    assert len(places) == 1


def test_stop_acts_on_the_press(frame: Frame, session: FakeSession) -> None:
    QTest.mousePress(frame.foot.stop_button, Qt.MouseButton.LeftButton)
    assert session.mode is Mode.STOPPED
    QTest.mouseRelease(frame.foot.stop_button, Qt.MouseButton.LeftButton)


def test_release_needs_a_long_press(frame: Frame, session: FakeSession) -> None:
    session.stop("test")
    frame.refresh()
    button = frame.drive_page.banner.release_button
    QTest.mousePress(button, Qt.MouseButton.LeftButton)
    QTest.qWait(200)
    QTest.mouseRelease(button, Qt.MouseButton.LeftButton)
    QTest.qWait(900)
    assert session.mode is Mode.STOPPED
    QTest.mousePress(button, Qt.MouseButton.LeftButton)
    assert wait_until(lambda: session.mode is Mode.HOLD)
    QTest.mouseRelease(button, Qt.MouseButton.LeftButton)
    frame.refresh()
    assert not button.isVisible()


def test_the_session_hears_that_the_window_is_alive(frame: Frame, session: FakeSession) -> None:
    before = session.beats
    assert wait_until(lambda: session.beats >= before + 10)


def test_a_notice_is_a_line_with_its_remedy_and_a_button(frame: Frame, session: FakeSession) -> None:
    session.fail()
    frame.refresh()
    button = button_called(frame, "Reopen")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert ("do", "reopen:back") in session.calls
    session.notices = ()
    frame.refresh()
    assert not frame.notices.isVisible()


def test_a_notice_cannot_release_the_stop_by_a_click(frame: Frame, session: FakeSession) -> None:
    session.stop("test")
    session.notices = (
        Notice(
            key="stopped", level="error", what="Stopped", action="release", action_label="Release the stop"
        ),
    )
    frame.refresh()
    assert frame.notices.isVisible()
    assert frame.notices.findChildren(QPushButton) == []


def test_the_running_episode_is_not_yet_in_the_list(frame: Frame, session: FakeSession) -> None:
    session.fill_episodes(2)
    session.record("wipe")
    assert session.recording is not None
    running = replace(session.episodes[0], episode_id=session.recording.episode_id)
    session.episodes = (running, *session.episodes)
    frame.go_to("episodes")
    frame.refresh()
    assert [episode.episode_id for episode in frame.episodes_page.listed] == [
        "ep-000002",
        "ep-000001",
    ]


def test_the_status_line_names_what_is_wrong(frame: Frame, session: FakeSession) -> None:
    frame.refresh()
    assert "50.0 Hz" in frame.status.words
    session.fail()
    frame.refresh()
    assert "recorder restarting" in frame.status.words
    assert "1 line lost" in frame.status.words


def test_a_click_on_the_status_line_opens_the_detail(frame: Frame) -> None:
    QTest.mouseClick(frame.status, Qt.MouseButton.LeftButton)
    assert frame.details.isVisible()
    QTest.mouseClick(frame.status, Qt.MouseButton.LeftButton)
    assert not frame.details.isVisible()


def test_what_was_said_is_flashed_and_goes_by_itself(frame: Frame, session: FakeSession) -> None:
    session.say("Recording")
    frame.refresh()
    assert frame.toast.isVisible()
    assert frame.toast.text() == "Recording"
    assert wait_until(lambda: not frame.toast.isVisible())


def test_light_and_dark(window: Window, frame: Frame, theme: Theme, settings: Settings) -> None:
    frame.refresh()
    dark = window.grab().toImage().pixelColor(window.width() // 3, window.height() - 8).lightness()
    frame.actions_registry.trigger("window.theme")
    QTest.qWait(20)
    light = window.grab().toImage().pixelColor(window.width() // 3, window.height() - 8).lightness()
    assert dark < 60
    assert light > 200
    assert settings.theme == "light"


def test_the_window_comes_back_as_it_was_left(
    open_window: Callable[[FakeSession], Window], session: FakeSession, settings: Settings
) -> None:
    first = open_window(session)
    first.resize(1300, 760)
    assert first.frame is not None
    first.frame.task.setCurrentText("fold the towel")
    first.frame.actions_registry.trigger("record.start")
    first.frame.go_to("episodes")
    first.close()
    again = Window(settings=settings, theme=Theme())
    again.attach(session)
    assert again.frame is not None
    assert settings.geometry == first.saveGeometry()
    assert again.frame.page_id == "episodes"
    assert again.frame.task.words == "fold the towel"
    again.close()


def test_nothing_runs_on_after_closing(window: Window, frame: Frame, session: FakeSession) -> None:
    window.close()
    beats = session.beats
    QTest.qWait(150)
    assert session.beats == beats


def test_a_real_robot_has_no_scripted_operator(
    open_window: Callable[[FakeSession], Window], session: FakeSession
) -> None:
    session.simulated = False
    window = open_window(session)
    assert window.frame is not None
    window.frame.refresh()
    assert not window.frame.drive_page.scripts.isVisible()
    assert window.frame.driving.hands == ()


def button_called(widget: QWidget, words: str) -> QPushButton:
    return next(button for button in widget.findChildren(QPushButton) if button.text() == words)


@pytest.mark.parametrize("width_px", [1120, 1219, 1220, 1440])
def test_stop_is_whole_and_in_its_place_at_every_width(
    window: Window, frame: Frame, session: FakeSession, width_px: int
) -> None:
    for mode in (Mode.HOLD, Mode.REPLAY):
        session.mode = mode
        window.resize(width_px, 680)
        frame.refresh()
        QTest.qWait(20)
        stop = frame.foot.stop_button
        right = stop.mapTo(window, stop.rect().topRight()).x()
        assert stop.width() == tokens.SIDE_WIDTH_PX - 2 * tokens.steps(3)
        assert right == width_px - tokens.steps(3) - 1


@pytest.mark.parametrize("leave", ["stop", "another page"])
def test_a_menu_does_not_stay_over_stop_or_on_another_page(window: Window, frame: Frame, leave: str) -> None:
    menu = QMenu(window)
    menu.addAction("a choice")
    menu.popup(window.mapToGlobal(QPoint(300, 300)))
    assert menu.isVisible()
    if leave == "stop":
        frame.stop()
    else:
        frame.go_to("robot")
    assert not menu.isVisible()


def test_a_menu_is_legible_in_both_themes(window: Window, theme: Theme) -> None:
    for _ in range(2):
        menu = QMenu(window)
        menu.addAction("Those that move most")
        menu.popup(window.mapToGlobal(QPoint(300, 300)))
        QTest.qWait(20)
        image = menu.grab().toImage()
        lightness = [
            image.pixelColor(x, y).lightness() for x in range(image.width()) for y in range(image.height())
        ]
        ground = image.pixelColor(image.width() // 2, 3).lightness()
        assert max(abs(value - ground) for value in lightness) > 130
        menu.close()
        theme.toggle()


def test_long_words_stay_beside_the_side_column_and_are_not_cut(window: Window, frame: Frame) -> None:
    window.resize(1280, 800)
    words = "No voice: no sound can be played (No such file or directory); see the computer's sound settings"
    frame.toast.flash(2 * words)
    left = frame.toast.geometry().left()
    assert left >= 0
    assert frame.toast.geometry().right() < window.width() - tokens.SIDE_WIDTH_PX
    assert frame.toast.height() >= frame.toast.heightForWidth(frame.toast.width())
    frame.toast.flash("Recording")
    assert frame.toast.width() < 300
