"""What Qt prints fails a test that did not expect it, by `@pytest.mark.expects_qt_message("regular expression")`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from PyQt6.QtCore import QMessageLogContext, QtMsgType

ALLOWED = {
    "This plugin does not support propagateSizeHints": "the off-screen platform has no window manager to tell",
    "This plugin does not support raise": "the off-screen platform stacks no windows",
    "This plugin does not support grabbing the keyboard": "the off-screen platform has no keyboard",
}
"""Beginnings of messages that mean nothing off screen, each with its reason."""

_messages: list[str] = []


def listen() -> None:
    """Take Qt's messages from now on; safe to call again."""
    from PyQt6.QtCore import qInstallMessageHandler

    qInstallMessageHandler(_take)


def stop_listening() -> None:
    """Give Qt's messages back to Qt."""
    from PyQt6.QtCore import qInstallMessageHandler

    qInstallMessageHandler(None)


@contextmanager
def collected() -> Iterator[list[str]]:
    """Collect Qt's messages, once something has imported Qt."""
    if "PyQt6.QtCore" in sys.modules:
        listen()
    _messages.clear()
    yield _messages


def unexpected(messages: list[str], request: pytest.FixtureRequest) -> list[str]:
    """What is to be said about messages that the test did not expect."""
    patterns = [pattern for mark in request.node.iter_markers("expects_qt_message") for pattern in mark.args]
    return [
        f"unexpected Qt message: {message}"
        for message in messages
        if not message.startswith(tuple(ALLOWED))
        and not any(re.search(pattern, message) for pattern in patterns)
    ]


def _take(kind: QtMsgType, _context: QMessageLogContext, message: str | None) -> None:
    from PyQt6.QtCore import QtMsgType

    if kind not in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg):
        _messages.append(message or "")
