"""Where every input of the window arrives: pedals and keys, gamepad, gestures and words, and the binding of them.

It keeps what was bound on disk, hands presses to the actions, and lends the next press to whoever binds it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal

from app.gui.actions import Action, Actions
from app.inputs.bindings import STOP_ACTION, Bindings, Overrides
from app.inputs.store import load_overrides, save_overrides
from app.inputs.trigger import key_trigger, trigger_words

SETTINGS_PAGE = "settings"
SAVE_AFTER_MS = 300
CAPTURE_MS = 10_000
"""Nobody is left with a window that swallows the next key."""


class InputDesk(QObject):
    """See the module.

    Args:
        path: the file of what was bound.

    Attributes:
        bindings: what was bound.
        trouble: what is wrong with the file, to show where inputs are bound; empty when all is well.
        seen: a trigger was given, whatever it means.
        captured: the trigger that was waited for.
        capture_ended: nothing is waited for any more.
        told: short words to flash.
        troubled: `trouble` has changed.
    """

    seen = pyqtSignal(str)
    captured = pyqtSignal(str)
    capture_ended = pyqtSignal()
    told = pyqtSignal(str)
    troubled = pyqtSignal()
    _save_failed = pyqtSignal(str)

    def __init__(self, path: Path, *, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        loaded = load_overrides(path)
        self.bindings = Bindings(loaded.overrides)
        self.trouble = loaded.trouble
        self.bindings.listen(self._changed)
        self._capturing = False
        self._saving: threading.Thread | None = None
        self._save_timer = self._timer(SAVE_AFTER_MS, self._save)
        self._capture_timer = self._timer(CAPTURE_MS, self.end_capture)
        self._save_failed.connect(self._show_trouble)

    @property
    def capturing(self) -> bool:
        """Whether the next input is waited for."""
        return self._capturing

    @property
    def capture_left_ms(self) -> int:
        """How long it is still waited for."""
        return max(0, self._capture_timer.remainingTime())

    def begin_capture(self) -> None:
        """Wait for the next input and bind it; Escape still stops the robot, and ends the waiting."""
        self._capturing = True
        self._capture_timer.start(CAPTURE_MS)

    def end_capture(self) -> None:
        """Wait no more."""
        if self._capturing:
            self._capturing = False
            self._capture_timer.stop()
            self.capture_ended.emit()

    def deliver(
        self, presses: tuple[str, ...], actions: Actions, *, page: str, stopped: Callable[[], None]
    ) -> None:
        """Do what gamepad, gestures and words mean.

        On the page of settings they only show what they are, so that a pad can be tried there: but STOP stops.

        Args:
            presses: triggers, oldest first.
            actions: what they mean.
            page: the page shown.
            stopped: called when one of them means STOP, which the session has done by itself by now.
        """
        for trigger in presses:
            meanings = actions.meanings(trigger, page=page)
            if any(action.id == STOP_ACTION for action in meanings):
                stopped()
            elif page == SETTINGS_PAGE:
                pass
            elif len(meanings) > 1:
                self.unclear(meanings, trigger)
            else:
                actions.press(trigger, page=page)
            self._give(trigger)

    def key_seen(self, key: str) -> bool:
        """A key was pressed (see `keyboard.KeyWatcher`); taken while it is waited for."""
        return self._give(key_trigger(key))

    def unclear(self, meanings: tuple[Action, ...], trigger: str) -> None:
        """Say that nothing was done, and why."""
        titles = " and ".join(f"“{action.title}”" for action in meanings)
        self.told.emit(f"{trigger_words(trigger)} means {titles}: settle it in Settings")

    def finish(self) -> None:
        """The window closes: what was bound is on disk afterwards."""
        self.end_capture()
        if self._save_timer.isActive():
            self._save_timer.stop()
            self._save()
        if self._saving is not None:
            self._saving.join()

    def _give(self, trigger: str) -> bool:
        self.seen.emit(trigger)
        if not self._capturing:
            return False
        self._capture_timer.stop()
        self._capturing = False
        self.captured.emit(trigger)
        return True

    def _changed(self) -> None:
        self._save_timer.start()

    def _save(self) -> None:
        if self._saving is not None:
            self._saving.join()  # of a file of a kilobyte, 300 ms ago at least
        overrides = self.bindings.overrides
        self._saving = threading.Thread(target=self._write, args=(overrides,), name="save-bindings")
        self._saving.start()

    def _write(self, overrides: Overrides) -> None:
        try:
            save_overrides(self._path, overrides)
        except OSError as error:
            self._save_failed.emit(
                f"What was bound cannot be kept ({error.strerror}: {self._path}); it counts until the window is closed"
            )

    def _show_trouble(self, trouble: str) -> None:
        self.trouble = trouble
        self.troubled.emit()

    def _timer(self, interval_ms: int, act: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setTimerType(Qt.TimerType.PreciseTimer)  # a coarse one would count down from 10.5
        timer.setInterval(interval_ms)
        timer.timeout.connect(act)  # type: ignore[arg-type]
        return timer
