"""Makes the session beside the GUI thread, since its processes take a second or two to come up."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PyQt6.QtCore import QObject, pyqtSignal

from app.gui.session_protocol import SessionLike
from drivers.profile import ProfileError


class Starter(QObject):
    """Runs a session factory on a thread of its own and reports on the GUI thread.

    Attributes:
        ready: there is a session; see `session`.
        failed: there is none, and why.
    """

    ready = pyqtSignal()
    failed = pyqtSignal(str)

    def __init__(self, factory: Callable[[], SessionLike]) -> None:
        super().__init__()
        self._factory = factory
        self._thread: threading.Thread | None = None
        self.session: SessionLike | None = None

    def start(self) -> None:
        """Begin, unless it is under way."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._make, name="session-start")
            self._thread.start()

    def replace(self, factory: Callable[[], SessionLike]) -> None:
        """Close the session and make another, both on the thread; does nothing while a start is under way."""
        if self._thread is None or not self._thread.is_alive():
            self._factory = factory
            self._thread = threading.Thread(target=self._remake, name="session-start")
            self._thread.start()

    def finish(self) -> None:
        """Wait for a start under way, then close the session if there is one."""
        if self._thread is not None:
            self._thread.join()
        if self.session is not None:
            self.session.close()
            self.session = None

    def _remake(self) -> None:
        self._make(instead_of=self.session)

    def _make(self, *, instead_of: SessionLike | None = None) -> None:
        try:
            if instead_of is not None:
                self.session = None
                instead_of.close()
            self.session = self._factory()
        except ProfileError as error:  # written for who reads it
            self.failed.emit(str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the operator must read it
            self.failed.emit(f"{type(error).__name__}: {error}")
        else:
            self.ready.emit()
