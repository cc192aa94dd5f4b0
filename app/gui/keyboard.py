"""Every key press passes here first: STOP before all, then what is held, then what is typed, then the actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PyQt6.QtCore import QEvent, QKeyCombination, QObject, Qt
from PyQt6.QtGui import QKeyEvent, QKeySequence
from PyQt6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QPlainTextEdit, QWidget

from app.gui.actions import Action, Actions
from app.inputs.bindings import STOP_ACTION
from app.inputs.trigger import is_text_key, key_trigger

_TEXT_KEYS = frozenset(
    {
        "Ctrl+Z",
        "Ctrl+Y",
        "Ctrl+X",
        "Ctrl+C",
        "Ctrl+V",
        "Ctrl+A",
        "Ctrl+Shift+Z",
        "Ctrl+Backspace",
        "Ctrl+Home",
        "Ctrl+Left",
        "Ctrl+Right",
        "Ctrl+Shift+Left",
        "Ctrl+Shift+Right",
        "Return",
        "Enter",
        "Tab",
    }
)
_MODIFIER_NAMES = {Qt.Key.Key_Shift: "Shift", Qt.Key.Key_Control: "Ctrl"}


class KeySink(Protocol):
    """Something that minds keys being held, not just pressed."""

    def key_pressed(self, key: str, *, ctrl: bool) -> bool:
        """A key went down, Ctrl being held or not; True takes it."""

    def key_released(self, key: str) -> bool:
        """A key went up; True takes it."""

    def keys_lost(self) -> None:
        """The focus went elsewhere: no release will come, so everything counts as released."""


class KeyWatcher(Protocol):
    """Something that sees every key before it means anything: the page on which keys are bound."""

    def key_seen(self, key: str) -> bool:
        """A key was pressed, in Qt's portable form, modifiers alone left out; True takes it."""

    def unclear(self, meanings: tuple[Action, ...], trigger: str) -> None:
        """A trigger means several things, and so nothing was done."""


class Keyboard(QObject):
    """An event filter on the application, so that no widget, popup or overlay can swallow STOP.

    Args:
        window: whose keys these are.
        actions: what keys mean.
        stop: the emergency stop.
        page: the page shown.
        sinks: what minds keys being held while no text is typed.
        pedals: likewise, but heard while text is typed too, where a key is no text. A key that one of these took
            writes nothing until it is let go, wherever the focus goes meanwhile.
        watcher: sees every key first, but for Escape.
    """

    def __init__(
        self,
        window: QWidget,
        actions: Actions,
        *,
        stop: Callable[[], None],
        page: Callable[[], str],
        sinks: tuple[KeySink, ...],
        pedals: tuple[KeySink, ...] = (),
        watcher: KeyWatcher | None = None,
    ) -> None:
        super().__init__(window)
        self._pedals = pedals
        self._down: set[str] = set()
        self._watcher = watcher
        self._window = window
        self._actions = actions
        self._stop = stop
        self._page = page
        self._sinks = sinks
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.installEventFilter(self)
            application.focusChanged.connect(self._focus_changed)
            application.applicationStateChanged.connect(self._state_changed)

    def detach(self) -> None:
        """Stop listening."""
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.removeEventFilter(self)
            application.focusChanged.disconnect(self._focus_changed)
            application.applicationStateChanged.disconnect(self._state_changed)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Take the keys that mean something here; leave the rest to who has the focus."""
        if watched is self._window and event is not None and event.type() == QEvent.Type.WindowDeactivate:
            self.keys_lost()
        if not isinstance(event, QKeyEvent) or not isinstance(watched, QWidget) or not self._is_ours(watched):
            return False
        if event.type() == QEvent.Type.KeyRelease:
            return not event.isAutoRepeat() and self._released(event)
        return event.type() == QEvent.Type.KeyPress and self._pressed(event)

    def keys_lost(self) -> None:
        """Let go of everything that is held."""
        for sink in self._every_sink:
            sink.keys_lost()

    def _pressed(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape:
            if not event.isAutoRepeat():
                self._stop()
            return True
        typing = is_text_input(QApplication.focusWidget())
        held_name = plain_key(event)
        if event.isAutoRepeat() and held_name in self._down:
            return True
        name = key_name(event)
        is_text = typing and (is_text_key(name) or name in _TEXT_KEYS)
        meanings = () if is_text else self._actions.meanings(key_trigger(name), page=self._page())
        if any(action.id == STOP_ACTION for action in meanings):
            if not event.isAutoRepeat():
                self._stop()
                self._watched(event, name)
            return True
        if self._watched(event, name):
            return True
        ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if not is_text and any(pedal.key_pressed(held_name, ctrl=ctrl) for pedal in self._pedals):
            self._down.add(held_name)
            return True
        if not typing and any(sink.key_pressed(held_name, ctrl=ctrl) for sink in self._sinks):
            return True
        if len(meanings) == 1 and meanings[0].held:
            return False  # whoever holds it leaves it to what has the focus
        if not meanings or (event.isAutoRepeat() and not all(action.repeats for action in meanings)):
            return False
        if len(meanings) > 1:
            if self._watcher is not None:
                self._watcher.unclear(meanings, key_trigger(name))
        elif meanings[0].enabled():
            meanings[0].run()
        return True

    def _watched(self, event: QKeyEvent, name: str) -> bool:
        """Whether the watcher takes a key; a modifier alone is on its way to become one."""
        alone = event.key() in (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta)
        if self._watcher is None or alone or event.isAutoRepeat():
            return False
        return self._watcher.key_seen(name)

    @property
    def _every_sink(self) -> tuple[KeySink, ...]:
        return (*self._sinks, *self._pedals)

    def _released(self, event: QKeyEvent) -> bool:
        name = plain_key(event)
        self._down.discard(name)
        taken = False
        for sink in self._every_sink:  # each must hear of it, even when another has taken it
            taken = sink.key_released(name) or taken
        return taken

    def _is_ours(self, widget: QWidget) -> bool:
        top = widget.window()
        return top is self._window or (top is not None and top.parentWidget() is not None)

    def _focus_changed(self, old: QWidget | None, new: QWidget | None) -> None:
        if new is None or is_text_input(new):
            self.keys_lost()

    def _state_changed(self, state: Qt.ApplicationState) -> None:
        if state != Qt.ApplicationState.ApplicationActive:
            self.keys_lost()


def is_text_input(widget: QWidget | None) -> bool:
    """Whether letters typed now are text."""
    if isinstance(widget, QPlainTextEdit):
        return not widget.isReadOnly()
    if isinstance(widget, QComboBox):
        return widget.isEditable()
    return isinstance(widget, QLineEdit | QAbstractSpinBox)


def key_name(event: QKeyEvent) -> str:
    """A key press in Qt's portable form; a sign that needs Shift on some keyboards (`?`) is just that sign."""
    text = event.text()
    shifted = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    plain = shifted in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier)
    if plain and len(text) == 1 and text.isprintable() and not text.isalnum() and text != " ":
        return text
    pressed = QKeyCombination(shifted, Qt.Key(event.key()))
    return QKeySequence(pressed).toString(QKeySequence.SequenceFormat.PortableText)


def plain_key(event: QKeyEvent) -> str:
    """The key itself, whatever is held beside it: what a release must match."""
    key = Qt.Key(event.key())
    if key in _MODIFIER_NAMES:
        return _MODIFIER_NAMES[key]
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)
