"""What is wrong with the policy, on screen: once, again while it stays so, and its end."""

from __future__ import annotations

import time

from app.autonomy.orders import Say

SAY_AGAIN_NS = 5_000_000_000


class Complaints:
    """Says what is wrong under the key `policy`.

    Args:
        say: where events go.
    """

    def __init__(self, say: Say) -> None:
        self._say = say
        self._trouble, self._said_ns = "", 0

    def raise_(self, message: str, remedy: str) -> None:
        """Say it, unless the same was said a moment ago."""
        now_ns = time.monotonic_ns()
        # The same trouble with another number in it is the same trouble.
        kind = "".join(letter for letter in message if not letter.isdigit())
        if kind == self._trouble and now_ns - self._said_ns < SAY_AGAIN_NS:
            return
        self._trouble, self._said_ns = kind, now_ns
        self._say("policy", message, key="policy", level="error", remedy=remedy)

    def end(self, message: str) -> None:
        """All is well again; said only where something was wrong."""
        if self._trouble:
            self._trouble = ""
            self._say("policy", message, key="policy")

    def forget(self) -> None:
        """What was wrong was wrong with another policy."""
        self._trouble = ""


def in_a_line(error: Exception) -> str:
    """An error's words on one line."""
    return " ".join(str(error).split()) or type(error).__name__
