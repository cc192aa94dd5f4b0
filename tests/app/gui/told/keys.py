"""Keys as a person presses them: they go to what has the focus."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QWidget

NONE = Qt.KeyboardModifier.NoModifier


def focused() -> QWidget:
    """What has the focus."""
    widget = QApplication.focusWidget()  # compared with None: an empty combo box counts as false
    target = widget if widget is not None else QApplication.activeWindow()
    assert target is not None
    return target


def press(key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    """Press it and let it go."""
    QTest.keyClick(focused(), key, modifiers)


def hold(key: Qt.Key) -> None:
    """Press it."""
    QTest.keyPress(focused(), key)


def let_go(key: Qt.Key) -> None:
    """Let it go."""
    QTest.keyRelease(focused(), key)


def repeat(key: Qt.Key, text: str = "") -> None:
    """As a keyboard says that it is still down."""
    event = QKeyEvent(QEvent.Type.KeyPress, key, NONE, text, True)
    QApplication.sendEvent(focused(), event)


def write(words: str) -> None:
    """Type words."""
    QTest.keyClicks(focused(), words)
