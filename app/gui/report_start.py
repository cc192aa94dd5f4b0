"""When the window was there, and when everything in it was alive: `understudy --report-start FILE` writes both."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QTimer

from app.gui.session_protocol import SessionLike
from app.gui.window import Window

LOOK_MS = 10


class StartReport:
    """Watches a start, writes the monotonic times of its two moments, and closes the window.

    Args:
        path: the JSON file to write.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._session: SessionLike | None = None
        self._window_s = 0.0

    def watch_session(self, make: Callable[[], SessionLike]) -> Callable[[], SessionLike]:
        """The same factory, whose session is also watched."""

        def watched() -> SessionLike:
            self._session = make()
            return self._session

        return watched

    def watch_window(self, window: Window) -> None:
        """Watch a window from before it is shown."""
        timer = QTimer(window)
        timer.timeout.connect(lambda: self._look(window))
        timer.start(LOOK_MS)

    def _look(self, window: Window) -> None:
        if not self._window_s and window.isVisible():
            self._window_s = time.monotonic()
        if self._session is not None and self._session.snapshot().ready:
            times = {"window_s": self._window_s, "ready_s": time.monotonic()}
            self._path.write_text(json.dumps(times))
            window.close()
