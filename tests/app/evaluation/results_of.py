"""Results for tests."""

from __future__ import annotations

from typing import Any

from app.evaluation.plan import Trial
from app.evaluation.results import Attempt, Outcome


def attempt_of(trial: Trial, outcome: Outcome = Outcome.SUCCESS, **fields: Any) -> Attempt:
    given: dict[str, Any] = {"attempt": 1, "reason": "the world says so", "duration_s": 5.0, **fields}
    return Attempt(
        number=trial.number, task=trial.task, variant=trial.variant, seed=trial.seed, outcome=outcome, **given
    )
