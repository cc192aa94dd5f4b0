"""One line that says how far a command is, for whatever takes longer than a second."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TextIO

SILENT_S = 0.5
"""What is quicker than this shows nothing."""

REFRESH_S = 0.1
"""On a terminal the line is written over this often."""

LINE_S = 5.0
"""Where there is no terminal and progress was asked for, a new line comes this often."""


class Progress:
    """A progress line on stderr; silent where stderr is no terminal, unless asked.

    Args:
        what: is being done, such as `verifying`.
        total: how many steps there are, or None where nobody knows.
        unit: of the steps, such as `episodes` or `s`.
        always: show it without a terminal too, as plain lines.
        stream: where to, stderr by default.
    """

    def __init__(
        self,
        what: str,
        *,
        total: float | None = None,
        unit: str = "",
        always: bool = False,
        stream: TextIO | None = None,
    ) -> None:
        self._what = what
        self._total = total
        self._unit = unit
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._enabled = self._terminal or always
        self._next_s = time.monotonic() + SILENT_S
        self._on_screen = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    def update(self, done: float, note: str = "") -> None:
        """Say how many steps are done; shown no more often than is useful."""
        now = time.monotonic()
        if not self._enabled or now < self._next_s:
            return
        self._next_s = now + (REFRESH_S if self._terminal else LINE_S)
        line = self._line(done, note)
        self._stream.write(f"\r\033[K{line}" if self._terminal else f"{line}\n")
        self._stream.flush()
        self._on_screen = self._terminal

    def clear(self) -> None:
        """Take the line off the screen, before something else is printed."""
        if self._on_screen:
            self._stream.write("\r\033[K")
            self._stream.flush()
            self._on_screen = False

    def _line(self, done: float, note: str) -> str:
        of = "" if self._total is None else f" of {self._total:g}"
        unit = f" {self._unit}" if self._unit else ""
        return f"{self._what}: {done:.0f}{of}{unit}{'  ' + note if note else ''}"
