"""Real windows, off screen, on a session of make-believe data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.gui.frame import Frame
from app.gui.settings import Settings
from app.gui.theme import Theme
from app.gui.window import Window
from tests.support.fake_session import FakeSession


@pytest.fixture
def session() -> FakeSession:
    return FakeSession(moving=False)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "window.ini")


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    made = Theme()
    made.apply()
    return made


@pytest.fixture
def open_window(theme: Theme, settings: Settings) -> Iterator[Callable[[FakeSession], Window]]:
    windows: list[Window] = []

    def open_on(session: FakeSession) -> Window:
        window = Window(settings=settings, theme=theme)
        windows.append(window)
        window.resize(1600, 900)
        window.show()
        window.attach(session)
        window.activateWindow()
        assert QTest.qWaitForWindowActive(window, 5000)
        return window

    yield open_on
    for window in windows:
        window.close()


@pytest.fixture
def window(open_window: Callable[[FakeSession], Window], session: FakeSession) -> Window:
    return open_window(session)


@pytest.fixture
def frame(window: Window) -> Frame:
    assert window.frame is not None
    return window.frame
