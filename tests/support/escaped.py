"""An exception that nobody catches fails the test: one that leaves a Qt slot or event is else printed, and forgotten.

PyQt hands it to `sys.excepthook`, and ends the process where that is Python's own; pyqtgraph puts another in its place.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType


@contextmanager
def collected() -> Iterator[list[str]]:
    """Collect what is to be said about exceptions that nobody caught."""
    problems: list[str] = []

    def take(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        problems.append("nobody caught\n" + "".join(traceback.format_exception(kind, error, trace)))

    before = sys.excepthook
    sys.excepthook = take
    try:
        yield problems
    finally:
        if sys.excepthook is take:  # else something was imported that wraps it, and would be lost
            sys.excepthook = before
