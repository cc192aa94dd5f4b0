"""What every test is held to, and what every test may use.

A test fails when it leaves a thread, a child process or shared memory behind, when Qt or a logger complains without
the test having said so, when an exception leaves a Qt slot, and when it hangs. The rules are in `tests/support`, one a
file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import escaped, logs, processes, qt_messages, runtime, threads

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QApplication


def pytest_configure(config: pytest.Config) -> None:
    """Take the tests off the screen and out of the user's home, before anything is imported."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"
    os.environ["SDL_VIDEODRIVER"] = os.environ["SDL_AUDIODRIVER"] = "dummy"
    config.add_cleanup(runtime.isolate())
    processes.mark_this_run()


@pytest.fixture(autouse=True)
def _strict(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test on what it leaves behind and on what was complained about meanwhile."""
    threads_before = threads.alive()
    children_before = processes.children()
    with (
        logs.collected() as records,
        qt_messages.collected() as messages,
        escaped.collected() as uncaught,
    ):
        yield
    problems = [
        *uncaught,
        *logs.unexpected(records, request),
        *qt_messages.unexpected(messages, request),
        *threads.leaked(threads_before),
        *processes.leaked(children_before),
    ]
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


@pytest.fixture(autouse=True, scope="module")
def _nothing_outlives_its_module() -> Iterator[None]:
    """Fail the module's last test on processes and shared memory that outlived those who started them."""
    yield
    problems = [*processes.orphans(), *runtime.leftovers()]
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


@pytest.fixture
def runtime_dir() -> Iterator[Path]:
    """A session's runtime directory, short as Unix sockets need; its shared memory must be gone at the end."""
    with runtime.directory() as path:
        yield path


@pytest.fixture(scope="session")
def _qapplication() -> QApplication:
    from PyQt6.QtWidgets import QApplication

    existing = QApplication.instance()
    return existing if isinstance(existing, QApplication) else QApplication(["understudy-tests"])


@pytest.fixture
def qapp(_qapplication: QApplication) -> Iterator[QApplication]:
    """The one QApplication, off screen. Windows that a test leaves open are closed and deleted."""
    qt_messages.listen()
    yield _qapplication
    from PyQt6.QtCore import QEvent

    for window in _qapplication.topLevelWidgets():
        window.close()
        window.deleteLater()
    _qapplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    _qapplication.processEvents()


def pytest_sessionfinish() -> None:
    """Let Qt's application go while the interpreter is whole."""
    if "PyQt6.QtCore" in sys.modules:
        qt_messages.stop_listening()
