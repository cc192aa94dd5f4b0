"""What is wrong now, as lines in place: each about one thing, replaced by a newer one, gone when it is over."""

from __future__ import annotations

import time

from app.messages import Event
from app.session.view import Notice

PASSING_S = 8.0
"""How long a line stays that tells of something over and done with, such as a refused command."""

PASSING_KEYS = ("command", "drop:", "episode", "owner", "utterance")
STAYING_S = {"episode:cut": 60.0}
"""What calls for something to be done stays longer than what only tells."""


class NoticeBoard:
    """The notices of a session, in the order in which they appeared."""

    def __init__(self) -> None:
        self._notices: dict[str, Notice] = {}
        self._sources: dict[str, str] = {}

    def put(self, notice: Notice) -> None:
        """Show a notice, in place of an older one about the same thing."""
        self._notices[notice.key] = notice

    def remove(self, key: str) -> None:
        """Take a notice down."""
        self._notices.pop(key, None)
        self._sources.pop(key, None)

    def take(self, event: Event) -> None:
        """Learn from an event: a warning or an error with a key becomes a notice, anything else of that key ends it."""
        if not event.key:
            return
        if event.level == "info":
            self.remove(event.key)
            return
        action, label = _way_out(event)
        self._sources[event.key] = event.source
        self.put(
            Notice(
                key=event.key,
                level=event.level,
                what=event.message,
                remedy=event.remedy,
                action=action,
                action_label=label,
                since_ns=event.time_ns,
            )
        )

    def forget(self, source: str) -> None:
        """Take down what a process said: it is lost, and says anew after its start what is still so."""
        for key in [key for key, said_by in self._sources.items() if said_by == source]:
            self.remove(key)

    def refuse(self, error: str) -> None:
        """Tell that a command was refused, and why."""
        self.put(Notice(key="command", level="warning", what=error, since_ns=time.monotonic_ns()))

    def standing(self, key: str, wanted: bool, notice: Notice) -> None:
        """Keep a notice up exactly as long as its condition holds."""
        if not wanted:
            self.remove(key)
        elif key not in self._notices:
            self.put(notice)

    def current(self) -> tuple[Notice, ...]:
        """The notices to show now, errors first."""
        now = time.monotonic_ns()
        for key, notice in list(self._notices.items()):
            passing = key.startswith(PASSING_KEYS)
            if passing and now - notice.since_ns > STAYING_S.get(key, PASSING_S) * 1e9:
                self.remove(key)
        return tuple(sorted(self._notices.values(), key=_urgency))


def _urgency(notice: Notice) -> tuple[bool, bool]:
    """Errors first; the loss of a process, the cause of much beside it, and what was just refused before the rest."""
    return notice.level != "error", not notice.key.startswith(("process:", "command"))


def _way_out(event: Event) -> tuple[str, str]:
    """The action that mends an event's trouble, and its label."""
    if event.data.get("needs_reboot"):
        return f"reboot_servo {event.data['bus']} {event.data['servo_id']}", "Reboot the servo"
    if event.data.get("can_reopen"):
        return f"reopen_camera {event.data['camera']}", "Reopen the camera"
    if event.kind == "mode" and event.level == "error":
        return "release", "Release the stop"
    if event.kind == "proposal" and event.data.get("vetoed"):
        return "lift_vetoes", "Lift the veto"
    return "", ""
