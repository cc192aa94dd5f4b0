"""Threads that a test started must have ended with it."""

from __future__ import annotations

import sys
import threading
import time
import traceback

ALLOWED = {
    "zarr_io": "zarr's event loop; one for the life of the interpreter",
    "zarr_pool": "zarr's worker threads, kept for the next read",
    "asyncio_": "the default executor of zarr's event loop",
    "Dummy-": "a thread of Qt or another library that called into Python; the library ends it",
}
"""Beginnings of thread names that may stay, each with its reason."""

PATIENCE_S = 3.0


def alive() -> set[threading.Thread]:
    """The threads that run now."""
    return set(threading.enumerate())


def leaked(before: set[threading.Thread]) -> list[str]:
    """What is to be said about threads that were not there before and do not end by themselves soon."""
    deadline = time.monotonic() + PATIENCE_S
    while (extra := _extra(before)) and time.monotonic() < deadline:
        time.sleep(0.01)
    return [f"leaked thread {thread.name!r}; it is at:\n{_stack(thread)}" for thread in extra]


def _extra(before: set[threading.Thread]) -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t not in before and not t.name.startswith(tuple(ALLOWED))]


def _stack(thread: threading.Thread) -> str:
    frame = sys._current_frames().get(thread.ident or 0)
    return "".join(traceback.format_stack(frame)) if frame is not None else "  (already ending)"
