"""A window with a scenario beside it: for benchmarks, which need the real window and a hand to steer it."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QKeyEvent

from app.gui.main import run
from app.gui.pulse import Pulse
from app.gui.window import Window
from app.session import Session

LOOK_MS = 50


def run_beside(
    make_session: Callable[[], Session],
    scenario: Callable[[Session, Hand], None],
    *,
    size: tuple[int, int] | None = None,
    probe: bool = False,
) -> None:
    """Open the window on a session, run the scenario in a thread beside it, close the window when it has ended.

    Args:
        make_session: called off the GUI thread.
        scenario: gets the session, and a hand to reach the window with.
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
                scenario(sessions[0], hand)
            except BaseException as error:  # noqa: BLE001  carried to the caller, whatever it is
                failures.append(error)
            ended.set()

        def look() -> None:
            if ended.is_set():
                window.close()

        if size is not None:
            window.resize(*size)
        window.pulse.probe(probe)
        hand = Hand(window)
        timer = QTimer(window)
        timer.timeout.connect(look)
        timer.start(LOOK_MS)
        threading.Thread(target=steer, name="scenario").start()

    with tempfile.TemporaryDirectory(prefix="understudy-window-") as settings:
        run(make, settings_path=Path(settings) / "window.ini", on_window=opened)
    if failures:
        raise failures[0]


class Hand(QObject):
    """What a scenario reaches the window with, from its own thread. It is made in the window's, and the window's child.

    Looking for an object among the window's children from another thread would meet them while they come and go, and an
    object made for one errand would be destroyed in one thread while the other is still within it.

    Args:
        window: that is reached.
    """

    _asked = pyqtSignal(object)

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.window = window
        self._asked.connect(self._run)

    @property
    def pulse(self) -> Pulse:
        """Of the window: it may be read from any thread."""
        return self.window.pulse

    def do(self, act: Callable[[], None]) -> None:
        """Have something done in the window's thread, and wait until it is.

        Raises:
            BaseException: whatever it raised.
        """
        errand = _Errand(act)
        self._asked.emit(errand)
        errand.done.wait()
        if errand.failure is not None:
            raise errand.failure

    def press_stop(self) -> None:
        """Press the window's STOP key, as the system would tell the window of it."""
        self.do(self._press)

    def _run(self, errand: _Errand) -> None:
        try:
            errand.act()
        except BaseException as error:  # noqa: BLE001  carried to whoever asked, whatever it is
            errand.failure = error
        errand.done.set()

    def _press(self) -> None:
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            key = QKeyEvent(kind, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
            QCoreApplication.sendEvent(self.window, key)


class _Errand:
    """Something to be done in the window's thread."""

    def __init__(self, act: Callable[[], None]) -> None:
        self.act = act
        self.done = threading.Event()
        self.failure: BaseException | None = None
