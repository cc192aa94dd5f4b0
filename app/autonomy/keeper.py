"""Which policy there is: loads what was chosen, lets go of it, and tries again what may come back by itself."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from app.autonomy.checking import ChoiceError
from app.autonomy.choice import PolicyChoice, PolicyKind, read_choice
from app.autonomy.complaints import Complaints, in_a_line
from app.autonomy.loaded import Loaded, load
from app.autonomy.worker import Outcome, Worker
from drivers.profile import RobotProfile
from policy.serving.client_errors import (
    AccessRefused,
    ConnectionLost,
    NotAPolicyServer,
    PolicyChanged,
    ServerUnreachable,
)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 5.0
"""Between two attempts to reach a server, or the simulated world."""
AWAY = (ServerUnreachable, ConnectionLost, PolicyChanged, NotAPolicyServer, AccessRefused)
"""Errors after which a server is connected to anew."""


class Keeper:
    """The policy's coming and going. Jobs run on a worker; everything else on one thread.

    Args:
        profile: the robot.
        runtime_dir: the session's directory, where the choice lies.
        worker: loads.
        complaints: where it is said that there is none.

    Attributes:
        state: `loading`, `ready` or `failed`.
        detail: what is loading, or why it failed and what to do.
        choice: what was asked for; None before it was read.
        loaded: the policy, while there is one.
        round: rises with every policy that comes or goes; an answer to an earlier one's question counts for nothing.
    """

    def __init__(
        self, profile: RobotProfile, runtime_dir: Path, worker: Worker, complaints: Complaints
    ) -> None:
        self._profile = profile
        self._runtime_dir = runtime_dir
        self._worker = worker
        self._complaints = complaints
        self._load_at_ns: int | None = 0
        self._pause_s = FIRST_PAUSE_S
        self.state, self.detail = "loading", ""
        self.choice: PolicyChoice | None = None
        self.loaded: Loaded | None = None
        self.round = 0

    def begin_anew(self) -> None:
        """Let go of the policy there is, and load the one that is wanted now."""
        self.close()
        self._load_at_ns, self._pause_s = 0, FIRST_PAUSE_S
        self.state, self.detail = "loading", ""

    def step(self) -> bool:
        """Begin to load where it is time; whether that was so."""
        if self._load_at_ns is None or self._worker.busy or time.monotonic_ns() < self._load_at_ns:
            return False
        self._load_at_ns = None
        self.choice = choice = read_choice(self._runtime_dir)
        if choice is None:
            self.state, self.detail = "failed", "no policy was chosen"
            return False
        if self.state != "failed":  # why it failed is of more use than that it is tried again
            self.detail = choice.source or choice.kind.value
        self.round += 1
        self._worker.do(self.round, partial(load, choice, self._profile, self._runtime_dir))
        return True

    def take(self, round_: int, outcome: Outcome) -> bool:
        """Take what came of loading; whether there is a policy now."""
        if round_ != self.round:
            if isinstance(outcome.value, Loaded):
                outcome.value.close()
            return False
        if outcome.error is not None:
            self.fail(outcome.error)
            return False
        self.loaded = outcome.value
        self._pause_s = FIRST_PAUSE_S
        self.state, self.detail = "ready", ""
        return True

    def fail(self, error: Exception) -> None:
        """The policy is not there, or no longer; one that may come by itself is tried again."""
        kind = self.choice.kind if self.choice is not None else None
        comes_back = kind in (PolicyKind.SERVER, PolicyKind.SCRIPTED) and not isinstance(error, ChoiceError)
        self.close()
        self.state, self.detail = "failed", in_a_line(error)
        if comes_back:
            self._load_at_ns = time.monotonic_ns() + int(self._pause_s * 1e9)
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        self._complaints.raise_(
            f"The policy cannot be used: {self.detail}",
            "it is tried again by itself" if comes_back else "choose another policy, or mend this one",
        )

    def close(self) -> None:
        """Let go of the policy, if there is one."""
        loaded, self.loaded = self.loaded, None
        self.round += 1
        if loaded is not None:
            loaded.close()
