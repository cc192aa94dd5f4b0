"""Voice and policy on the Settings page: chosen, loaded, told about, remembered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QFileDialog

from app.autonomy.choice import HighLevel, PolicyChoice, PolicyKind
from app.gui.frame import Frame
from app.gui.preferences.policy_section import PolicySection
from app.gui.preferences.voice_section import VoiceSection
from app.gui.settings import Settings
from app.gui.window import Window
from app.kitchen_policy import kitchen_choice, shipped_policy
from app.messages import Mode
from app.speech.transcribing import Transcribing
from tests.app.gui.told.keys import press, write
from tests.support.fake_session import FakeSession

Key = Qt.Key


@pytest.fixture
def voice(frame: Frame) -> VoiceSection:
    frame.go_to("settings")
    frame.settings_page.show_part("voice")
    frame.refresh()
    QTest.qWait(20)
    return frame.settings_page.voice


@pytest.fixture
def policy(frame: Frame) -> PolicySection:
    frame.go_to("settings")
    frame.settings_page.show_part("policy")
    frame.refresh()
    QTest.qWait(20)
    return frame.settings_page.policy


def choose(frame: Frame, pick: object, value: str) -> None:
    """Choose a value in a list, as a person does."""
    index = pick.findData(value)  # type: ignore[attr-defined]
    assert index >= 0
    pick.setCurrentIndex(index)  # type: ignore[attr-defined]
    pick.activated.emit(index)  # type: ignore[attr-defined]
    frame.refresh()


def test_the_voice_is_off_until_it_is_wanted_and_remembered(
    voice: VoiceSection,
    frame: Frame,
    session: FakeSession,
    settings: Settings,
    open_window: Callable[[FakeSession], Window],
) -> None:
    assert session.voice.wanted is None
    assert voice.state.text() == "Off: nothing that is said is read."
    voice.choice.picked.emit("on")
    voice.way.picked.emit("free")
    frame.hearing.choose("Headset")
    frame.refresh()
    assert session.voice.wanted == Transcribing(hands_free=True)
    assert session.voice.device == "Headset"
    assert "Ready" in voice.state.text()
    again = FakeSession(moving=False)
    open_window(again)
    assert again.voice.wanted == Transcribing(hands_free=True)
    assert again.voice.device == "Headset"


def test_who_switches_the_voice_off_is_not_overruled_by_listening(frame: Frame, session: FakeSession) -> None:
    frame.told.voicing.toggle()
    frame.told.voicing.toggle()
    frame.refresh()
    frame.actions_registry.trigger("mode.listen")
    frame.refresh()
    frame.refresh()
    assert session.mode is Mode.VERBAL
    assert session.voice.wanted is None
    assert frame.drive_page.told_side.spoken.words[0] == "The voice is off"


def test_another_recogniser_is_fetched_with_progress_and_can_be_given_up(
    voice: VoiceSection, frame: Frame, session: FakeSession, settings: Settings
) -> None:
    voice.choice.picked.emit("on")
    frame.refresh()
    assert "knows eSpeak’s kitchen phrases only" in voice.note.text()
    assert "145 MB" in voice.models.itemText(voice.models.findData("base.en"))
    assert Path(voice.folder.words).name == "whisper"
    QTest.mouseClick(voice.people, Qt.MouseButton.LeftButton)
    session.voice.state = "downloading"
    session.voice.done_bytes, session.voice.total_bytes = 29_000_000, 145_000_000
    frame.refresh()
    assert session.voice.wanted is not None
    assert session.voice.wanted.model == settings.voice_model == "base.en"
    assert "29 MB of 145 MB" in voice.state.text()
    assert voice.progress.isVisible()
    assert voice.progress.share == 0.2
    QTest.mouseClick(voice.cancel, Qt.MouseButton.LeftButton)
    session.voice.state = "ready"
    frame.refresh()
    assert session.voice.wanted.model == "kitchen"
    assert not voice.cancel.isVisible()


def test_a_recogniser_that_cannot_be_had_says_why_and_is_tried_again(
    voice: VoiceSection, frame: Frame, session: FakeSession
) -> None:
    voice.choice.picked.emit("on")
    session.voice.state, session.voice.detail = "no model", "no network; copy the file to the folder below"
    frame.refresh()
    assert "copy the file" in voice.state.text()
    session.calls.clear()
    QTest.mouseClick(voice.again, Qt.MouseButton.LeftButton)
    assert [call[0] for call in session.calls] == ["voice.switch"]


def test_a_file_is_chosen_in_a_dialog_that_leaves_stop_in_reach(
    voice: VoiceSection, frame: Frame, session: FakeSession, settings: Settings, tmp_path: Path
) -> None:
    model = tmp_path / "mine.pt"
    model.write_bytes(b"x")
    choose(frame, voice.models, "file")
    [dialog] = frame.window().findChildren(QFileDialog)  # type: ignore[union-attr]
    assert dialog.isVisible()
    assert not dialog.isModal()
    stop = frame.foot.stop_button
    on_screen = stop.mapToGlobal(stop.rect().center())
    assert not dialog.geometry().contains(on_screen)
    dialog.fileSelected.emit(str(model))
    assert settings.voice_model == str(model)
    frame.stop()
    QTest.qWait(20)
    assert frame.window().findChildren(QFileDialog) == []  # type: ignore[union-attr]
    frame.refresh()
    assert voice.models.value == str(model)


def test_first_use_says_for_whom_the_shipped_recogniser_is_and_loads_the_other(
    verbal: Frame, session: FakeSession, settings: Settings
) -> None:
    hint = verbal.drive_page.told_tray.hint
    verbal.refresh()
    assert hint.isVisible()
    assert "eSpeak’s kitchen phrases only" in hint.words.text()
    QTest.mouseClick(hint.load_button, Qt.MouseButton.LeftButton)
    verbal.refresh()
    assert settings.voice_model == "base.en"
    assert not hint.isVisible()
    verbal.told.voicing.choose_model("kitchen")
    verbal.refresh()
    assert hint.isVisible()
    QTest.mouseClick(hint.away_button, Qt.MouseButton.LeftButton)
    verbal.refresh()
    assert not hint.isVisible()
    assert not settings.voice_hint


def test_the_scripted_policy_says_that_nothing_in_it_was_learned(policy: PolicySection) -> None:
    assert policy.kind.value == "scripted"
    assert "Nothing in it was learned" in policy.note.text()
    for group in (policy._checkpoint, policy._server, policy._random, policy._remote):
        assert not group.isVisible()


def test_a_checkpoint_is_chosen_loaded_and_unloaded(
    policy: PolicySection, frame: Frame, session: FakeSession, tmp_path: Path
) -> None:
    choose(frame, policy.kind, "checkpoint")
    frame.told.policies.pick_folder("")
    frame.refresh()
    assert "No checkpoint was chosen" in policy.state.text()
    assert not policy.load_button.isEnabled()
    policy.folder.line.setFocus()
    write(str(tmp_path))
    press(Key.Key_Return)
    policy.device.picked.emit("cpu")
    policy.steps.setValue(16)
    policy.steps.editingFinished.emit()
    frame.setFocus()
    frame.refresh()
    assert policy.load_button.isEnabled()
    session.autonomy.state = "loading"
    QTest.mouseClick(policy.load_button, Qt.MouseButton.LeftButton)
    wanted = PolicyChoice(kind=PolicyKind.CHECKPOINT, source=str(tmp_path), device="cpu", execute_steps=16)
    assert session.calls[-1] == ("load", wanted)
    session.autonomy.state = "loading"
    frame.refresh()
    assert policy.progress.isVisible()
    session.autonomy.state = "ready"
    frame.refresh()
    assert "16 of 50 steps at 50 Hz" in policy.state.text()
    QTest.mouseClick(policy.unload_button, Qt.MouseButton.LeftButton)
    assert session.calls[-1] == ("load", None)


def test_a_checkpoint_begins_with_the_kitchen_policy_and_whats_known_of_it_is_said_of_no_other(
    policy: PolicySection, frame: Frame, tmp_path: Path
) -> None:
    policies = frame.told.policies
    choose(frame, policy.kind, "checkpoint")
    assert policies.choice == kitchen_choice(shipped_policy())
    assert policy.load_button.isEnabled()
    policies.pick_folder(str(tmp_path))
    assert policies.choice.known == ()
    policies.pick_folder(str(shipped_policy()))
    assert policies.choice == kitchen_choice(shipped_policy())
    policies.pick_folder(f"{shipped_policy()}/")
    assert policies.choice.known == kitchen_choice(shipped_policy()).known
    choose(frame, policy.kind, "server")
    assert (policies.choice.source, policies.choice.known) == ("", ())


def test_what_was_said_of_another_folder_is_not_said_of_the_kitchen_policy(
    policy: PolicySection, frame: Frame, tmp_path: Path
) -> None:
    choose(frame, policy.kind, "checkpoint")
    policies = frame.told.policies
    policies.pick_folder(str(tmp_path))
    policies.change(config="pi05_droid", tokenizer="/some/tokenizer.model")
    choose(frame, policy.kind, "scripted")
    choose(frame, policy.kind, "checkpoint")
    assert policies.choice == kitchen_choice(shipped_policy())
    policies.pick_folder(str(tmp_path))
    policies.change(config="pi05_droid", tokenizer="/some/tokenizer.model")
    policies.pick_folder(str(shipped_policy()))
    assert policies.choice == kitchen_choice(shipped_policy())


def test_a_folder_that_is_not_there_is_named(policy: PolicySection, frame: Frame) -> None:
    choose(frame, policy.kind, "checkpoint")
    frame.told.policies.change(source="/no/such/folder")
    frame.refresh()
    assert "No folder /no/such/folder" in policy.state.text()


def test_a_remote_high_level_has_fields_of_its_own(
    policy: PolicySection, frame: Frame, settings: Settings
) -> None:
    choose(frame, policy.level, "remote")
    assert policy._remote.isVisible()
    assert "looks like http://" in policy.state.text()
    for field, words in (
        (policy.remote_address, "http://127.0.0.1:9000/v1"),
        (policy.remote_model, "some-model"),
        (policy.remote_key, "SOME_KEY"),
    ):
        field.line.setFocus()
        field.line.setText(words)
        field.line.editingFinished.emit()
    frame.setFocus()
    frame.refresh()
    assert settings.policy is not None
    assert settings.policy.high_level is HighLevel.REMOTE
    assert settings.policy.remote_key_variable == "SOME_KEY"
    assert policy.load_button.isEnabled()


def test_the_dead_mans_switch_is_remembered(policy: PolicySection, frame: Frame, settings: Settings) -> None:
    policy.dead_man.click()
    assert settings.dead_man
    frame.refresh()
    assert policy.dead_man.isChecked()


def test_letters_typed_into_a_field_are_text(
    policy: PolicySection, frame: Frame, session: FakeSession
) -> None:
    choose(frame, policy.kind, "server")
    session.calls.clear()
    policy.address.line.setFocus()
    write("ws://hot:8000")
    assert policy.address.line.text() == "ws://hot:8000"
    assert session.calls == []
    press(Key.Key_Return)
    assert frame.told.policies.choice.source == "ws://hot:8000"
