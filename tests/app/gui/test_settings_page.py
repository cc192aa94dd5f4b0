"""The Settings page: inputs are bound by pressing them, conflicts are shown and settled, look and sound are kept."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QPushButton

from app.gui import scale
from app.gui.frame import Frame
from app.gui.input_desk import CAPTURE_MS
from app.gui.preferences.binding_detail import BindingDetail
from app.gui.preferences.inputs_section import InputsSection
from app.gui.settings import Settings
from app.gui.widgets.action_button import ActionButton
from app.gui.window import Window
from app.messages import Mode
from tests.support.fake_session import FakeSession
from tests.support.qt_waiting import wait_until

Key = Qt.Key


@pytest.fixture
def inputs(frame: Frame) -> InputsSection:
    frame.go_to("settings")
    frame.refresh()
    QTest.qWait(20)
    return frame.settings_page.inputs


def press(key: Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(QApplication.focusWidget(), key, modifier)


def buttons(detail: BindingDetail) -> dict[str, QPushButton]:
    """The buttons that can be pressed now, by their accessible names; new ones are laid out first."""
    QTest.qWait(20)
    return {
        button.accessibleName(): button for button in detail.findChildren(QPushButton) if button.isVisible()
    }


def triggers(frame: Frame, action_id: str) -> tuple[str, ...]:
    return frame.actions_registry[action_id].triggers


def test_every_action_is_listed_with_its_triggers_and_can_be_found(
    inputs: InputsSection, frame: Frame
) -> None:
    listed = [row.action_id for row in inputs.list.shown.rows if row.action_id]
    assert sorted(listed) == sorted(a.id for a in frame.actions_registry.everywhere() if not a.hidden)
    assert "feet.forward" in listed
    press(Key.Key_Slash)
    QTest.keyClicks(QApplication.focusWidget(), "gamepad start")
    assert [row.action_id for row in inputs.list.shown.rows if row.action_id] == ["record.start"]
    press(Key.Key_Return)
    assert inputs.list.hasFocus()
    assert inputs.detail.action_id == "record.start"


def test_arrows_go_from_action_to_action_over_headings(inputs: InputsSection) -> None:
    seen = []
    for _ in range(len(inputs.list.shown.rows)):
        seen.append(inputs.list.chosen)
        press(Key.Key_Down)
    assert "" not in seen
    assert list(dict.fromkeys(seen)) == [row.action_id for row in inputs.list.shown.rows if row.action_id]
    for _ in range(5):
        press(Key.Key_Up)
        assert inputs.list.chosen


def test_a_key_is_bound_by_pressing_it_and_works_at_once(
    inputs: InputsSection, frame: Frame, session: FakeSession
) -> None:
    plain, ctrl = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
    for key, modifier, trigger in (
        (Key.Key_F13, plain, "key:F13"),
        (Key.Key_Apostrophe, plain, "key:'"),
        (Key.Key_Return, ctrl, "key:Ctrl+Return"),
        (Key.Key_MediaPlay, plain, "key:Media Play"),
        (Key.Key_F20, Qt.KeyboardModifier.ShiftModifier, "key:Shift+F20"),
    ):
        frame.go_to("settings")
        inputs.list.choose("mode.teleop")
        session.calls.clear()
        press(Key.Key_Return)
        assert frame.desk.capturing
        assert inputs.detail.waiting.isVisible()
        press(Key.Key_Control)
        assert frame.desk.capturing
        press(key, modifier)
        assert not frame.desk.capturing
        assert triggers(frame, "mode.teleop")[-1] == trigger
        assert session.calls == []
        frame.go_to("drive")
        press(key, modifier)
        assert session.calls == [("set_mode", Mode.TELEOP)]


def test_a_gamepad_a_gesture_or_a_word_is_bound_by_making_it(
    inputs: InputsSection, frame: Frame, session: FakeSession
) -> None:
    for trigger in ("pad:dpup", "grip:left-twice", "word:go"):
        frame.go_to("settings")
        inputs.list.choose("speed.up")
        session.calls.clear()
        session.speed = 0.5
        press(Key.Key_Return)
        session.pressed.append(trigger)
        frame.refresh()
        assert triggers(frame, "speed.up")[-1] == trigger
        assert session.calls == []
        frame.go_to("drive")
        session.pressed.append(trigger)
        frame.refresh()
        assert session.calls == [("set_speed", 0.75)]


def test_escape_while_waiting_stops_the_robot_and_the_waiting(
    inputs: InputsSection, frame: Frame, session: FakeSession
) -> None:
    frame.desk.bindings.add("mode.stop", "key:F20")
    inputs.list.choose("mode.hold")
    for key in (Key.Key_Escape, Key.Key_F20):
        session.mode = Mode.HOLD
        frame.refresh()
        press(Key.Key_Return)
        assert frame.desk.capturing
        press(key)
        assert session.mode is Mode.STOPPED
        assert not frame.desk.capturing
        session.mode = Mode.HOLD
    assert triggers(frame, "mode.hold") == ("key:H", "key:Ctrl+H", "pad:x", "word:hold still")


def test_waiting_ends_by_itself_on_another_page_and_by_a_second_press(
    inputs: InputsSection, frame: Frame
) -> None:
    inputs.detail.bind()
    assert 0 < frame.desk.capture_left_ms <= CAPTURE_MS + 50
    frame.desk._capture_timer.start(30)
    assert wait_until(lambda: not frame.desk.capturing)
    inputs.detail.bind()
    frame.go_to("drive")
    assert not frame.desk.capturing
    frame.go_to("settings")
    inputs.detail.bind()
    inputs.detail.bind()
    assert not frame.desk.capturing


def test_what_cannot_be_bound_says_why(inputs: InputsSection, frame: Frame, session: FakeSession) -> None:
    inputs.list.choose("feet.forward")
    press(Key.Key_Return)
    session.pressed.append("pad:dpup")
    frame.refresh()
    assert "only a key or a pedal can be held down" in inputs.detail.told
    press(Key.Key_Return)
    press(Key.Key_F14)
    assert inputs.detail.told == "Bound to F14."
    assert triggers(frame, "feet.forward") == ("key:F14",)


def test_a_conflict_stands_at_both_and_is_settled_with_one_button(
    inputs: InputsSection, frame: Frame, session: FakeSession
) -> None:
    inputs.list.choose("record.start")
    press(Key.Key_Return)
    press(Key.Key_H)
    rows = {row.action_id: row for row in inputs.list.shown.rows}
    assert rows["record.start"].clash == "H also means Hold"
    assert rows["mode.hold"].clash == "H also means Record"
    frame.go_to("drive")
    press(Key.Key_H)
    assert session.calls == []
    frame.go_to("settings")
    QTest.mouseClick(buttons(inputs.detail)["Keep H for Record"], Qt.MouseButton.LeftButton)
    assert frame.actions_registry.bindings.conflicts() == {}
    assert triggers(frame, "mode.hold") == ("key:Ctrl+H", "pad:x", "word:hold still")
    frame.go_to("drive")
    press(Key.Key_H)
    assert session.recording is not None


def test_a_trigger_is_removed_by_its_button_and_everything_can_be_reset(
    inputs: InputsSection, frame: Frame
) -> None:
    inputs.list.choose("mode.hold")
    QTest.mouseClick(buttons(inputs.detail)["Remove Ctrl H"], Qt.MouseButton.LeftButton)
    assert inputs.list.hasFocus()
    assert triggers(frame, "mode.hold") == ("key:H", "pad:x", "word:hold still")
    press(Key.Key_Delete)
    assert triggers(frame, "mode.hold") == ("key:H", "pad:x")
    press(Key.Key_Delete)
    assert triggers(frame, "mode.hold") == ("key:H",)
    press(Key.Key_Backspace)
    assert triggers(frame, "mode.hold") == ("key:H", "key:Ctrl+H", "pad:x", "word:hold still")
    press(Key.Key_Delete)
    press(Key.Key_R, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert frame.desk.bindings.overrides == {}


def test_escape_cannot_be_removed_from_stop(inputs: InputsSection, frame: Frame) -> None:
    inputs.list.choose("mode.stop")
    for _ in range(6):
        press(Key.Key_Delete)
    assert triggers(frame, "mode.stop") == ("key:Esc",)
    QTest.mouseClick(buttons(inputs.detail)["Escape always stops"], Qt.MouseButton.LeftButton)
    assert triggers(frame, "mode.stop") == ("key:Esc",)
    assert "always stops" in inputs.detail.told


def test_what_was_pressed_last_is_shown_and_a_pad_is_only_tried(
    inputs: InputsSection, frame: Frame, session: FakeSession
) -> None:
    session.pressed.append("pad:y")
    frame.refresh()
    assert inputs.seen.text() == "Last seen  gamepad Y: Teleoperate"
    assert session.calls == []
    press(Key.Key_F15)
    assert inputs.seen.text() == "Last seen  F15: nothing yet"
    session.pressed.append("pad:guide")
    frame.refresh()
    assert session.mode is Mode.STOPPED


def test_a_file_that_was_spoilt_is_told_here(theme: object, settings: Settings, open_window: object) -> None:
    (settings.folder / "inputs.json").write_text("{")
    window = open_window(FakeSession(moving=False))  # type: ignore[operator]
    trouble = window.frame.settings_page.inputs.trouble
    assert "the defaults are used" in trouble.text()
    assert not trouble.isHidden()


def test_everything_here_is_reached_with_tab(inputs: InputsSection, frame: Frame) -> None:
    reached = set()
    for _ in range(80):
        QTest.keyClick(QApplication.focusWidget() or frame, Key.Key_Tab)
        reached.add(QApplication.focusWidget())
    page = frame.settings_page
    wanted = [*page.look.theme_choice.findChildren(QPushButton), *buttons(inputs.detail).values()]
    unreached = [
        button.accessibleName()
        for button in wanted
        if button not in reached and not button.isCheckable() and button.isEnabled()
    ]
    assert unreached == []
    assert {inputs.search, inputs.list, frame.foot.stop_button} <= reached
    assert reached & set(page.look.theme_choice.findChildren(QPushButton))


# -- look and sound ----------------------------------------------------------------------------------------------


def test_theme_and_sound_are_chosen_and_kept(inputs: InputsSection, frame: Frame, settings: Settings) -> None:
    look, sound = frame.settings_page.look, frame.settings_page.sound
    assert look.theme_choice.value == "dark"
    look.theme_choice.picked.emit("light")
    assert settings.theme == look.theme_choice.value == "light"
    press(Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert look.theme_choice.value == "dark"
    sound.choice.picked.emit("silent")
    assert settings.muted
    frame.actions_registry.trigger("window.mute")
    frame.refresh()
    assert not settings.muted
    assert sound.choice.value == "spoken"


def test_another_size_offers_a_restart_but_not_while_recording(
    inputs: InputsSection, frame: Frame, window: Window, session: FakeSession, settings: Settings
) -> None:
    restart = next(b for b in frame.settings_page.findChildren(ActionButton) if b.action_id == "look.restart")
    assert not restart.isVisible()
    press(Key.Key_Equal, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
    assert settings.scale == "1.25"
    assert restart.isVisible()
    session.record("wipe")
    frame.refresh()
    QTest.mouseClick(restart, Qt.MouseButton.LeftButton)
    assert not window.reopens
    session.end("success")
    frame.refresh()
    QTest.mouseClick(restart, Qt.MouseButton.LeftButton)
    assert window.reopens
    assert not window.isVisible()


@pytest.mark.parametrize(
    ("height_px", "dots_per_inch", "scaling", "factor"),
    [
        (1050, 96.0, 1.0, 1.0),  # full HD
        (1410, 109.0, 1.0, 1.0),  # 27 inches, 1440 lines
        (1410, 210.0, 1.0, 1.25),  # a laptop of 1440 lines
        (2130, 163.0, 1.0, 1.5),  # 27 inches, 4K
        (2130, 280.0, 1.0, 2.0),  # a laptop of 4K
        (2130, 80.0, 1.0, 1.25),  # a television
        (2130, 0.0, 1.0, 1.5),  # a screen that does not say how large it is
        (1065, 163.0, 2.0, 1.0),  # the desktop scales already
    ],
)
def test_a_screen_asks_for_its_factor(
    height_px: float, dots_per_inch: float, scaling: float, factor: float
) -> None:
    screen = scale.Screen(height_px=height_px, dots_per_inch=dots_per_inch, scaling=scaling)
    assert scale.factor_for(screen) == factor
    assert height_px / factor >= scale.LEAST_HEIGHT_PX


def test_the_factor_is_set_for_qt_and_one_of_the_desktops_is_left_alone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (scale.QT_NAME, scale.OURS_NAME):
        monkeypatch.delenv(name, raising=False)
    settings.scale = "1.5"
    scale.set_factor(settings)
    assert scale.in_use() == 1.5
    settings.scale = "1"
    scale.set_factor(settings)
    assert scale.in_use() == 1.0
    settings.scale = "sponge"
    assert scale.wanted(settings) == 1.0
    monkeypatch.setenv(scale.QT_NAME, "1.75")
    settings.scale = "1.5"
    scale.set_factor(settings)
    assert scale.in_use() == 1.75


def test_larger_and_smaller_go_step_by_step_and_stop_at_the_ends() -> None:
    assert scale.stepped(scale.AUTO, 1, now=1.5) == "1.75"
    assert scale.stepped("2", 1, now=1.0) == "2"
    assert scale.stepped("1", -1, now=1.0) == "1"
    assert scale.stepped("1.25", -1, now=1.0) == "1"
