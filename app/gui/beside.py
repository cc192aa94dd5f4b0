"""A window with a scenario beside it: for benchmarks, which need the real window and a hand to steer it."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, pyqtSignal, pyqtSlot
from PyQt6.QtGui import QKeyEvent

from app.gui.main import run
from app.gui.window import Window
from app.session import Session

LOOK_MS = 50


def run_beside(
    make_session: Callable[[], Session],
    scenario: Callable[[Session, Window], None],
    *,
    size: tuple[int, int] | None = None,
    probe: bool = False,
) -> None:
    """Open the window on a session, run the scenario in a thread beside it, close the window when it has ended.

    Args:
        make_session: called off the GUI thread.
        scenario: gets the session and the window; of the window it may only read the pulse, and press its STOP key.
        size: width and height of the window in pixels, instead of its own.
        probe: whether its pulse watches every turn of the event loop.

    Raises:
        BaseException: whatever the scenario or the session's start raised.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    made, ended = threading.Event(), threading.Event()
    sessions: list[Session] = []
    failures: list[BaseException] = []

    def make() -> Session:
        try:
            sessions.append(make_session())
            return sessions[0]
        except BaseException as error:
            failures.append(error)
            ended.set()
            raise
        finally:
            made.set()

    def opened(window: Window) -> None:
        def steer() -> None:
            made.wait()
            if failures:
                return
            try:
                scenario(sessions[0], window)
            except BaseException as error:  # noqa: BLE001  carried to the caller, whatever it is
                failures.append(error)
            ended.set()

        def look() -> None:
            if ended.is_set():
                window.close()

        if size is not None:
            window.resize(*size)
        window.pulse.probe(probe)
        StopKey(window)
        timer = QTimer(window)
        timer.timeout.connect(look)
        timer.start(LOOK_MS)
        threading.Thread(target=steer, name="scenario").start()

    with tempfile.TemporaryDirectory(prefix="understudy-window-") as settings:
        run(make, settings_path=Path(settings) / "window.ini", on_window=opened)
    if failures:
        raise failures[0]


class _Errand(QObject):
    """Something to be done in the window's thread, asked for from another."""

    go = pyqtSignal()

    def __init__(self, window: Window, act: Callable[[], None]) -> None:
        super().__init__()
        self._act = act
        self.done = threading.Event()
        self.failure: BaseException | None = None
        self.moveToThread(window.thread())  # before it is connected, so that the call lands there
        self.go.connect(self._do)

    @pyqtSlot()
    def _do(self) -> None:
        try:
            self._act()
        except BaseException as error:  # noqa: BLE001  carried to whoever asked, whatever it is
            self.failure = error
        self.done.set()


def in_window(window: Window, act: Callable[[], None]) -> None:
    """Have something done in the thread of a window that runs beside, and wait until it is.

    Raises:
        BaseException: whatever it raised.
    """
    errand = _Errand(window, act)
    errand.go.emit()
    errand.done.wait()
    if errand.failure is not None:
        raise errand.failure


class StopKey(QObject):
    """Presses the window's STOP key, as the system would tell the window of it. Emit `pressed` from any thread."""

    pressed = pyqtSignal()

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self.pressed.connect(self._press)

    def _press(self) -> None:
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            key = QKeyEvent(kind, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
            QCoreApplication.sendEvent(self._window, key)


def press_stop(window: Window) -> None:
    """Press the STOP key of a window that runs beside; may be called from any thread."""
    for key in window.findChildren(StopKey):
        key.pressed.emit()
