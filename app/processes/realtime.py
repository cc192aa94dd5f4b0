"""Being on time: real-time priority, and loops with absolute deadlines."""

from __future__ import annotations

import os
import time

LATE_S = 0.002
"""A tick that begins later than this counts as late."""


def request_realtime(priority: int) -> bool:
    """Ask for SCHED_FIFO for the calling thread; threads it starts later do not inherit it.

    Returns:
        Whether the system granted it. Where it does not, the session says so on screen.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    except (PermissionError, OSError):
        return False
    return True


class Pacer:
    """Absolute deadlines at a fixed rate, with a count of those missed.

    Args:
        rate_hz: deadlines per second.
        late_after_s: a wake-up later than this counts as late.
    """

    def __init__(self, rate_hz: float, *, late_after_s: float = LATE_S) -> None:
        self.period_ns = round(1e9 / rate_hz)
        self.late = 0
        self.skipped = 0
        self._late_after_ns = int(late_after_s * 1e9)
        self._deadline_ns = time.monotonic_ns()

    def wait(self) -> int:
        """Sleep to the next deadline.

        A loop that fell a whole period behind skips the deadlines it missed rather than rushing after them.

        Returns:
            How late the wake-up was, ns.
        """
        self._deadline_ns += self.period_ns
        left_ns = self._deadline_ns - time.monotonic_ns()
        if left_ns > 0:
            time.sleep(left_ns / 1e9)
        lateness_ns = max(0, time.monotonic_ns() - self._deadline_ns)
        if lateness_ns > self._late_after_ns:
            self.late += 1
        missed = lateness_ns // self.period_ns
        self.skipped += missed
        self._deadline_ns += missed * self.period_ns
        return lateness_ns

    def restart(self) -> None:
        """Count deadlines from now on."""
        self._deadline_ns = time.monotonic_ns()
