"""Runs the window: from a session factory to an exit code."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication

from app.audio.speaker import Speaker
from app.gui import scale
from app.gui.session_protocol import SessionLike
from app.gui.settings import Settings
from app.gui.start_again import start_again
from app.gui.starter import Starter
from app.gui.theme import Theme
from app.gui.window import Window

_SIGNAL_POLL_MS = 200


def run(
    session_factory: Callable[[], SessionLike],
    *,
    show: bool = True,
    settings_path: Path | None = None,
    on_window: Callable[[Window], None] | None = None,
    reopen: Callable[[str], SessionLike] | None = None,
) -> int:
    """Show the window at once, make the session beside it, and stay until the window is closed.

    Args:
        session_factory: makes the session; called on a thread of its own, since it takes a while.
        show: whether to show the window and to speak; benchmarks run it on the offscreen platform.
        settings_path: where the window's memory is, in place of the user's.
        on_window: called with the window before the event loop runs, for benchmarks and tests.
        reopen: makes a session of the profile at a path, when the operator goes on with another; called as the factory.

    Returns:
        The exit code of the event loop.
    """
    settings = Settings(settings_path)
    if QApplication.instance() is None:
        scale.set_factor(settings)
    application = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(application, QApplication):
        raise TypeError(f"a {type(application).__name__} runs already; the window needs a QApplication")
    application.setApplicationName("understudy")
    application.setApplicationDisplayName("Understudy")
    if show and scale.choose_by_screen(settings):
        start_again()  # nothing is open yet
    theme = Theme(settings.theme)
    theme.apply()
    speaker = Speaker()
    window = Window(settings=settings, theme=theme, voice=speaker if show else None)
    starter = Starter(session_factory)

    def attach() -> None:
        if starter.session is not None:
            window.attach(starter.session)

    starter.ready.connect(attach)

    def retry() -> None:
        window.show_starting()
        starter.start()

    def go_on_with(profile: str) -> None:
        if reopen is not None:
            window.let_go()
            starter.replace(lambda: reopen(profile))

    window.profile_wanted.connect(go_on_with)
    starter.failed.connect(lambda error: window.show_failed(error, retry=retry))
    window.closed.connect(application.quit)
    previous = {
        number: signal.signal(number, lambda signum, frame: _close(window, signum, frame))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    interpreter_turn = QTimer()  # lets Python see signals while Qt waits for events
    interpreter_turn.timeout.connect(lambda: None)
    interpreter_turn.start(_SIGNAL_POLL_MS)
    try:
        if on_window is not None:
            on_window(window)
        if show:
            window.show()
        starter.start()
        return application.exec()
    finally:
        interpreter_turn.stop()
        for number, handler in previous.items():
            signal.signal(number, handler)
        speaker.close()
        starter.finish()
        if window.reopens:
            start_again()


def _close(window: Window, signum: int, frame: FrameType | None) -> None:
    """Whoever sends a signal sees no question, and waits for no answer."""
    window.attended = False
    window.close()
