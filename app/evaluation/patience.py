"""Waits in a trial: seen by whoever watches it, ended when they say so, and given up with the session's own reasons."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.evaluation.console import Console, Spoiled, Stopped
from app.evaluation.results import Milestone
from app.evaluation.rig import Rig
from app.session.view import Snapshot

POLL_S = 0.05


class Patience:
    """Waits for a session to come to something, on the evaluation's thread.

    Args:
        rig: the session.
        console: where the trial is watched from.
    """

    def __init__(self, rig: Rig, console: Console) -> None:
        self._rig = rig
        self._console = console

    def wait(self, step: str, until: Callable[[Snapshot], bool], timeout_s: float) -> Snapshot:
        """How everything stands once something is so.

        Args:
            step: what is being done, in words.
            until: what is waited for.
            timeout_s: how long at most.

        Raises:
            Spoiled: when it has not come about, with what the session has said meanwhile.
            Stopped: when everything is to end.
        """
        started_s = time.monotonic()
        complaints: dict[str, None] = {}
        while True:
            now = self._rig.snapshot()
            if until(now):
                return now
            # A refusal is shown for a few seconds only, and is the reason more often than anything else.
            complaints |= {notice.what: None for notice in now.notices if notice.level != "info"}
            if time.monotonic() - started_s > timeout_s:
                why = f": {'; '.join(list(complaints)[:3])}" if complaints else ""
                raise Spoiled(f"{step}: not done after {timeout_s:.0f} s{why}")
            self.breathe(step)

    def pause(self, step: str, seconds: float) -> None:
        """Let so much time pass.

        Raises:
            Stopped: when everything is to end.
        """
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            self.breathe(step)

    def breathe(
        self,
        step: str,
        *,
        elapsed_s: float = 0.0,
        milestones: tuple[Milestone, ...] = (),
        judging: bool = False,
    ) -> None:
        """Show where it stands, and wait a moment.

        Raises:
            Stopped: when everything is to end.
        """
        self._console.show(step, elapsed_s=elapsed_s, milestones=milestones, judging=judging)
        if self._console.stop_wanted():
            raise Stopped
        time.sleep(POLL_S)


def refusal(now: Snapshot) -> str:
    """What the notices say, to be put after what did not come about."""
    said = [notice.what for notice in now.notices if notice.level != "info"][:2]
    return f": {'; '.join(said)}" if said else ""
