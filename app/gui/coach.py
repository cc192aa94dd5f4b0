"""Shows the first steps to who has not done them, once; they can be put away at any time, and called back."""

from __future__ import annotations

from app.gui.first_steps import FirstSteps
from app.gui.settings import Settings
from app.gui.widgets.coach_strip import CoachStrip
from app.session.view import Snapshot

GOODBYE_S = 8.0
"""So long the last words stand once everything is done."""


class Coach:
    """Between the steps, the strip that shows them, and the settings that remember that they are over."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._steps = FirstSteps()
        self._done_ns = 0
        self._shown = settings.first_steps

    @property
    def shown(self) -> bool:
        """Whether the strip is there."""
        return self._shown

    def toggle(self) -> None:
        """Put the first steps away for good, or begin them anew."""
        self._shown = not self._shown
        self._settings.first_steps = self._shown
        if self._shown:
            self._steps, self._done_ns = FirstSteps(), 0

    def apply(self, snapshot: Snapshot, strip: CoachStrip, *, page: str) -> None:
        """Follow what happens."""
        if self._shown:
            self._steps.apply(snapshot, page=page)
            strip.apply(self._steps)
            if self._steps.done:
                self._finish(snapshot.time_ns)
        if strip.isVisibleTo(strip.parentWidget()) != self._shown:
            strip.setVisible(self._shown)

    def _finish(self, time_ns: int) -> None:
        if not self._done_ns:
            self._done_ns = time_ns
            self._settings.first_steps = False  # should the window be closed over the last words
        self._shown = time_ns - self._done_ns < GOODBYE_S * 1e9
