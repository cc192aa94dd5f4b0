"""A thread that works until it is asked to end; free of Qt."""

from __future__ import annotations

import threading


class ClosingThread:
    """Runs `_run` from `_begin` on. No method but `join` waits.

    What the thread shares is looked at and changed under `_changed`, which is notified of each change.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def close(self) -> None:
        """Ask it to end, once what waits is done."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; whether it came."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _begin(self) -> None:
        """The last thing that is done when it is made: the thread finds everything there."""
        self._thread.start()

    def _run(self) -> None:
        raise NotImplementedError(f"{type(self).__name__} does nothing")
