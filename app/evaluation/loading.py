"""Has a session load a variant's policy, and tells one that cannot be had from one that may yet come."""

from __future__ import annotations

import time

from app.autonomy.choice import PolicyChoice
from app.evaluation.console import PolicyUnusable
from app.evaluation.diagnosis import ELSEWHERE
from app.evaluation.patience import Patience, refusal
from app.evaluation.rig import Rig
from app.session.view import Snapshot

AWAY_S = 30.0
"""How long a policy that lives elsewhere may say that it has failed."""
LOADED_S = 900.0
"""A large checkpoint from a slow disk."""
SETTLED_S = 1.0
"""How long a policy must be ready before it is believed, so that what the one before it said is not taken for its
word."""


def load_policy(rig: Rig, choice: PolicyChoice, patience: Patience) -> None:
    """Load a policy, and wait until it is ready.

    Raises:
        PolicyUnusable: when it cannot be loaded.
        Stopped: when everything is to end.
    """
    rig.autonomy.load(choice)
    asked_s = ready_s = time.monotonic()
    failed_s = 0.0
    while True:
        now = rig.snapshot()
        time_s = time.monotonic()
        if not policy_ready(now, choice):
            ready_s = time_s
        failed = now.policy is not None and now.policy.choice == choice and now.policy.state == "failed"
        failed_s = (failed_s or time_s) if failed else 0.0
        if failed and now.policy is not None and time_s - failed_s >= _patience_s(choice):
            raise PolicyUnusable(f"the policy cannot be loaded: {now.policy.detail or 'it does not say why'}")
        if time_s - ready_s > SETTLED_S:
            return
        if time_s - asked_s > LOADED_S:
            raise PolicyUnusable(f"the policy is not ready after {LOADED_S:.0f} s{refusal(now)}")
        patience.breathe("loading the policy")


def policy_ready(now: Snapshot, choice: PolicyChoice) -> bool:
    """Whether this policy is the one that is loaded."""
    return now.policy is not None and now.policy.choice == choice and now.policy.state == "ready"


def _patience_s(choice: PolicyChoice) -> float:
    """How long a policy may say that it has failed: one that lives elsewhere may yet come."""
    return AWAY_S if choice.kind in ELSEWHERE else 0.0
