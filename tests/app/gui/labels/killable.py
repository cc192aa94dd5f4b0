"""A window in a process of its own that presses keys and says each on stdout: to be killed at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.gui.pages.review import ReviewPage
from app.gui.settings import Settings
from app.gui.theme import Theme
from app.gui.window import Window
from tests.support.qt_waiting import wait_until
from tests.support.recorded_session import RecordedSession

PATIENCE_MS = 30_000
NO_MODIFIER = Qt.KeyboardModifier.NoModifier


def told_until_killed(
    module: str, *arguments: str, when: Callable[[list[str]], bool], wait_s: float
) -> list[str]:
    """Let a program work, killing it at a moment; all that it has said.

    Args:
        module: of the program, by its name.
        arguments: of the program.
        when: whether to kill it, by what it has said so far.
        wait_s: how long it goes on from then.
    """
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-m", module, *arguments]
    told: list[str] = []
    killed = False
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            told.append(line.strip())
            if not killed and when(told):
                killed = True
                time.sleep(wait_s)
                process.send_signal(signal.SIGKILL)
    assert killed or process.returncode == 0
    return told


@contextmanager
def review_page(dataset: Path, reviewer: str) -> Iterator[ReviewPage]:
    """The page with its first episode open to a reviewer; the window is closed at the end, as people close it."""
    application = QApplication(sys.argv[:1])
    settings = Settings(dataset.parent / f"{reviewer}.ini")
    settings.reviewer = reviewer
    settings.label_lag_s = 0.0
    window = Window(settings=settings, theme=Theme())
    window.resize(1280, 800)
    window.show()
    window.attach(RecordedSession(dataset))
    window.activateWindow()
    QTest.qWaitForWindowActive(window, 10_000)
    assert window.frame is not None
    page = window.frame.review_page
    window.frame.refresh()
    window.frame.go_to("review")
    window.frame.setFocus()
    assert wait_until(lambda: page.player is not None and page.labelling.desk.ready, PATIENCE_MS)
    assert wait_until(lambda: bool(page.labelling.prompts.texts), PATIENCE_MS)
    yield page
    window.close()
    application.processEvents()


def strike(page: ReviewPage, key: Qt.Key, modifiers: Qt.KeyboardModifier = NO_MODIFIER) -> None:
    """Press a key where the focus is."""
    QTest.keyClick(QApplication.focusWidget() or page, key, modifiers)


def say(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
