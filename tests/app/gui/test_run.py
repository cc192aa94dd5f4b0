from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PyQt6.QtCore import QTimer
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QPushButton

from app.gui.main import run
from app.gui.session_protocol import SessionLike
from app.gui.window import Window
from tests.support.fake_session import FakeSession


class Watcher:
    """Calls a step on the GUI thread until it says that it has finished."""

    def __init__(self, step: Callable[[Window], bool]) -> None:
        self._step = step
        self._timer = QTimer()

    def __call__(self, window: Window) -> None:
        self._timer.timeout.connect(lambda: self._step(window) and self._timer.stop())
        self._timer.start(20)


def test_the_window_is_there_before_the_session_and_closes_it(qapp: QApplication, tmp_path: Path) -> None:
    session, go = FakeSession(), threading.Event()
    seen: list[str] = []

    def make() -> SessionLike:
        seen.append(threading.current_thread().name)
        go.wait(10)
        return session

    def step(window: Window) -> bool:
        if window.frame is None:
            assert window.isVisible()
            seen.append("starting")
            go.set()
            return False
        seen.append("running")
        window.close()
        return True

    assert run(make, settings_path=tmp_path / "w.ini", on_window=Watcher(step)) == 0
    assert session.closed
    assert seen[0] == "session-start"
    assert seen[-1] == "running"
    assert "starting" in seen


def test_a_session_that_cannot_start_says_why_and_can_be_tried_again(
    qapp: QApplication, tmp_path: Path
) -> None:
    attempts: list[int] = []
    session = FakeSession()

    def make() -> SessionLike:
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError("no reply from servo 5")
        return session

    said: list[str] = []

    def step(window: Window) -> bool:
        buttons = [b for b in window.findChildren(QPushButton) if b.text() == "Try again"]
        if window.frame is None and buttons:
            said.extend(
                label.text() for label in buttons[0].parentWidget().children() if hasattr(label, "text")
            )
            buttons[0].click()
        if window.frame is not None:
            window.close()
            return True
        return False

    assert run(make, settings_path=tmp_path / "w.ini", on_window=Watcher(step)) == 0
    assert len(attempts) == 2
    assert "OSError: no reply from servo 5" in said


def test_closing_while_starting_still_closes_the_session(qapp: QApplication, tmp_path: Path) -> None:
    session, closing = FakeSession(), threading.Event()

    def make() -> SessionLike:
        closing.wait(10)
        return session

    def step(window: Window) -> bool:
        window.close()
        closing.set()
        return True

    assert run(make, settings_path=tmp_path / "w.ini", on_window=Watcher(step)) == 0
    assert session.closed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_closes_in_good_order(qapp: QApplication, tmp_path: Path, number: signal.Signals) -> None:
    session = FakeSession()
    before = signal.getsignal(number)

    def step(window: Window) -> bool:
        if window.frame is None:
            return False
        os.kill(os.getpid(), number)
        return True

    assert run(lambda: session, settings_path=tmp_path / "w.ini", on_window=Watcher(step)) == 0
    assert session.closed
    assert signal.getsignal(number) is before


def test_the_pulse_counts_refreshes_and_stalls(window: Window) -> None:
    window.pulse.reset()
    window.pulse.probe(True)
    QTest.qWait(600)
    assert window.pulse.refresh_hz > 5
    before_ms = window.pulse.longest_stall_ms
    QTimer.singleShot(0, lambda: threading.Event().wait(before_ms / 1000 + 0.2))
    QTest.qWait(400)
    assert window.pulse.longest_stall_ms >= 180
    window.pulse.probe(False)
    window.pulse.reset()
    assert window.pulse.longest_stall_ms == 0


def test_another_profile_closes_the_session_and_opens_one_of_its_own(
    qapp: QApplication, tmp_path: Path
) -> None:
    first, second = FakeSession(), FakeSession()
    reopened: list[tuple[str, bool]] = []

    def reopen(profile: str) -> SessionLike:
        reopened.append((profile, first.closed))
        return second

    def step(window: Window) -> bool:
        if window.frame is None:
            return False
        if not reopened:
            window.frame.calibration.profile_wanted.emit("/robots/mine.toml")
            assert window.frame is None
            return False
        assert second.beats > 0
        window.close()
        return True

    assert run(lambda: first, settings_path=tmp_path / "w.ini", on_window=Watcher(step), reopen=reopen) == 0
    assert reopened == [("/robots/mine.toml", True)]
    assert first.closed
    assert second.closed
