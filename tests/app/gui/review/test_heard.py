"""The sound of an episode, played in a real window into a real room."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from app.gui.frame import Frame
from app.gui.pages.review import ReviewPage
from app.gui.review.sound_lane import SoundLane
from app.gui.settings import Settings
from app.gui.widgets.action_button import ActionButton
from recordings import Dataset, Outcome
from tests.recordings.recorded import START_NS, spec, write
from tests.support.ear import Ear, S, bursts, pitch_hz_at
from tests.support.fake_session import FakeSession
from tests.support.qt_waiting import wait_until
from tests.support.recorded_session import RecordedSession
from tests.support.review_keys import PATIENCE_MS, press
from tests.support.sound import room

Key = Qt.Key
SHIFT = Qt.KeyboardModifier.ShiftModifier
SECONDS, BLOCK = 12, 480


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An episode with a tone at each whole second."""
    dataset = Dataset.open(tmp_path_factory.mktemp("recorded") / "set", create=True)
    writer = dataset.create_episode(spec())
    write(writer, ticks=SECONDS * 50)
    for first in range(0, SECONDS * 16_000, BLOCK):
        at_ns = START_NS + first * S // 16_000
        writer.append_audio(at_ns, bursts(at_ns, BLOCK))
    writer.close(Outcome.SUCCESS)
    writer.wait_settled()
    return dataset.path


@pytest.fixture
def session(folder: Path) -> FakeSession:
    return RecordedSession(folder)


@pytest.fixture
def page(frame: Frame) -> ReviewPage:
    frame.refresh()
    frame.go_to("review")
    frame.setFocus()
    assert wait_until(lambda: frame.review_page.is_read, PATIENCE_MS)
    frame.refresh()
    return frame.review_page


def mute_button(page: ReviewPage) -> ActionButton:
    return next(b for b in page.findChildren(ActionButton) if b.action_id == "review.mute")


@pytest.fixture
def ear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ear]:
    with room(tmp_path) as sound:
        for name, value in sound.environment.items():
            monkeypatch.setenv(name, value)
        made = Ear()
        made.begins()
        yield made
        made.close()


def listen(ear: Ear, seconds: float) -> None:
    ear.listen(seconds, lambda now_ns: QTest.qWait(5))


@pytest.mark.timeout(240)
def test_it_is_heard_with_the_playhead_and_only_forwards_at_the_speed_of_life(
    ear: Ear, page: ReviewPage, settings: Settings
) -> None:
    player = page.player
    assert player is not None
    press(Key.Key_O, Key.Key_Space)  # again and again, should the machine be slow
    listen(ear, 3.0)
    page.timeline.sought.emit(START_NS + S // 2)
    listen(ear, 0.5)
    ear.forget()
    now_ns = time.monotonic_ns()
    ahead_ns = now_ns - player.advance(now_ns)
    listen(ear, 4.0)
    heard = ear.heard()
    assert len(heard) >= 3
    for at_ns, pitch_hz in heard:
        position_s = (at_ns - ahead_ns) / S
        assert abs(position_s - round(position_s)) < 0.1
        assert pitch_hz == pytest.approx(pitch_hz_at(round(position_s)), abs=30)
    assert not mute_button(page).toolTip().startswith("No")

    for keys, back in (((Key.Key_Period,), (Key.Key_Comma,)), ((Key.Key_J,), (Key.Key_L,))):
        press(*keys)
        listen(ear, 0.5)
        ear.forget()
        listen(ear, 1.5)
        assert ear.heard() == []
        press(*back)
    press(Key.Key_M, modifiers=SHIFT)
    assert settings.review_muted
    listen(ear, 0.5)
    ear.forget()
    listen(ear, 1.5)
    assert ear.heard() == []
    press(Key.Key_M, modifiers=SHIFT)
    assert not settings.review_muted
    listen(ear, 2.5)
    assert ear.heard()


@pytest.mark.timeout(120)
def test_leaving_the_page_ends_it(ear: Ear, page: ReviewPage, frame: Frame) -> None:
    press(Key.Key_O, Key.Key_Space)
    listen(ear, 4.0)
    assert ear.heard()
    frame.go_to("drive")
    listen(ear, 0.5)
    ear.forget()
    listen(ear, 1.5)
    assert ear.heard() == []


def test_without_a_device_the_button_says_why(
    page: ReviewPage, frame: Frame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/none")
    assert page.heard.on
    assert mute_button(page).lit
    press(Key.Key_O, Key.Key_Space)

    def tip() -> str:
        frame.refresh()
        return mute_button(page).toolTip()

    assert wait_until(lambda: "sound" in tip() and "Mute" not in tip(), PATIENCE_MS)
    assert not mute_button(page).lit
    assert mute_button(page).isEnabled()
    assert page.player is not None
    assert page.player.playing, "nothing else is held up"


def test_the_waveform_stands_above_the_curves(page: ReviewPage) -> None:
    kinds = [type(lane).__name__ for lane in page.timeline.lanes]
    assert "SoundLane" in kinds
    assert kinds.index("SoundLane") < kinds.index("CurveLane")
    lane = page.timeline.lanes[kinds.index("SoundLane")]
    assert isinstance(lane, SoundLane)


def test_an_episode_without_sound_has_nothing_to_mute(
    frame: Frame, session: FakeSession, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recordings.Episode.audio", None)
    frame.refresh()
    frame.go_to("review")
    assert wait_until(lambda: frame.review_page.is_read, PATIENCE_MS)
    frame.refresh()
    assert not mute_button(frame.review_page).isEnabled()
    assert not any(isinstance(lane, SoundLane) for lane in frame.review_page.timeline.lanes)
