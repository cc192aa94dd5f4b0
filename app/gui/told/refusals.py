"""Why something that was asked for in the window does not come about: a line in place, with the way to it. No Qt."""

from __future__ import annotations

import dataclasses
import time

from app.session.view import Notice, Snapshot

STAYS_S = 8.0
KEY = "window"
OPEN_POLICY, OPEN_VOICE, VOICE_ON = "open_policy", "open_voice", "voice_on"
"""Actions of these notices, which are the window's own."""

_LABELS = {OPEN_POLICY: "Choose a policy", OPEN_VOICE: "Voice settings", VOICE_ON: "Switch it on"}


class Refusals:
    """Holds one line at a time, for a moment."""

    def __init__(self) -> None:
        self._notice: Notice | None = None
        self._until_ns = 0

    @property
    def words(self) -> str:
        """What is said now; empty for nothing."""
        return self._notice.what if self._notice is not None else ""

    def say(self, what: str, *, action: str = "") -> None:
        """Say why, and offer what helps."""
        now_ns = time.monotonic_ns()
        self._notice = Notice(
            key=KEY,
            level="warning",
            what=what,
            action=action,
            action_label=_LABELS.get(action, ""),
            since_ns=now_ns,
        )
        self._until_ns = now_ns + int(STAYS_S * 1e9)

    def forget(self) -> None:
        """It is no longer so."""
        self._notice = None

    def beside(self, snapshot: Snapshot) -> Snapshot:
        """A snapshot with the line among its notices."""
        if self._notice is not None and time.monotonic_ns() > self._until_ns:
            self._notice = None
        if self._notice is None:
            return snapshot
        return dataclasses.replace(snapshot, notices=(*snapshot.notices, self._notice))
