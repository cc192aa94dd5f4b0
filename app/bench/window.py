"""A window for a benchmark: real, off screen, and steered by a scenario in a thread of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.session import Session

if TYPE_CHECKING:
    from app.gui.window import Window


def run_with_window(session: Callable[[], Session], scenario: Callable[[Session, Window], None]) -> None:
    """Open the window on a session, run the scenario beside it, close the window when the scenario has ended.

    Args:
        session: makes the session; called off the GUI thread.
        scenario: gets the session and the window; may only read the window's pulse.

    Raises:
        BaseException: whatever the scenario raised.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from app.gui.main import run_window

    failures: list[BaseException] = []

    def opened(window: Window, made: Session, close: Callable[[], None]) -> None:
        def steer() -> None:
            try:
                scenario(made, window)
            except BaseException as error:  # carried to the caller below, whatever it is
                failures.append(error)
            finally:
                close()

        threading.Thread(target=steer, name="scenario").start()

    run_window(session, opened=opened)
    if failures:
        raise failures[0]
