"""What an evaluation's folder holds, read from the disk: whole and of one plan, or refused in words."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from app.evaluation.plan import Plan, PlanError, Trial, check, plan_hash, trials_of
from app.evaluation.results import Attempt

PLAN, TRIALS = "plan.json", "trials.jsonl"


class StoreError(Exception):
    """An evaluation's folder cannot be used; the message says which, why, and what to do."""


class Kept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `plan.json` holds.

    Attributes:
        plan: as it was begun.
        hash: of the plan, so that an edited file is noticed.
        begun_at: by the clock on the wall, ISO 8601.
        label: of whoever looks through the list; free text.
    """

    plan: Plan
    hash: str
    begun_at: str
    label: str = ""


def read_plan(path: Path) -> Kept:
    """The plan in an evaluation's folder.

    Raises:
        StoreError: it cannot be read, is damaged, or was changed since.
    """
    try:
        kept = msgspec.json.decode((path / PLAN).read_bytes(), type=Kept)
        check(kept.plan)
    except OSError as error:
        raise StoreError(f"cannot read {path / PLAN}: {error.strerror}") from error
    except (msgspec.MsgspecError, PlanError) as error:
        raise StoreError(f"{path / PLAN} is damaged: {error}; begin a new evaluation") from error
    if kept.hash != plan_hash(kept.plan):
        raise StoreError(
            f"{path / PLAN} was changed after the evaluation began, and its results are of another plan; put it back,"
            " or begin a new evaluation"
        )
    return kept


def read_attempts(path: Path, plan: Plan, *, cut: bool) -> tuple[list[Attempt], tuple[str, ...]]:
    """Every whole line in an evaluation's folder, and what is to be told of how it was found.

    Args:
        path: the folder.
        plan: what was tried.
        cut: whether what a crash tore at the end is cut off; it is told either way.

    Raises:
        StoreError: it cannot be read, a line before the last is damaged, or a result is not the plan's.
    """
    file = path / TRIALS
    try:
        whole = file.read_bytes() if file.exists() else b""
    except OSError as error:
        raise StoreError(f"cannot read {file}: {error.strerror}") from error
    attempts: list[Attempt] = []
    told: tuple[str, ...] = ()
    good = 0
    lines = whole.splitlines(keepends=True)
    trials = trials_of(plan)
    for number, line in enumerate(lines, 1):
        try:
            if not line.endswith(b"\n"):
                raise msgspec.DecodeError("it has no end")
            attempt = msgspec.json.decode(line, type=Attempt)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            if number < len(lines):
                raise StoreError(
                    f"line {number} of {file} is damaged ({error}), and others follow it; mend or remove it by hand"
                ) from error
            told = (
                f"the last line of {file} was torn, as by a crash, and is left out; its trial is run again",
            )
            break
        refuse_strangers(attempt, trials, attempts, where=f"line {number} of {file}")
        attempts.append(attempt)
        good += len(line)
    if cut and good < len(whole):
        with file.open("r+b") as torn:
            torn.truncate(good)
            os.fsync(torn.fileno())
    return attempts, told


def refuse_strangers(
    attempt: Attempt, trials: Sequence[Trial], before: Sequence[Attempt], *, where: str
) -> None:
    """Nothing is counted twice, and nothing that the plan does not have.

    Args:
        attempt: what is to be counted.
        trials: the plan's, in order.
        before: what was counted before.
        where: it stands, for the message.

    Raises:
        StoreError: it is one of the two.
    """
    trial = trials[attempt.number - 1] if 1 <= attempt.number <= len(trials) else None
    if trial is None or (trial.task, trial.variant, trial.seed) != (
        attempt.task,
        attempt.variant,
        attempt.seed,
    ):
        raise StoreError(
            f"{where}: trial {attempt.number} ({attempt.task}, {attempt.variant}, seed {attempt.seed}) is not the"
            " plan's"
        )
    if any(other.number == attempt.number and other.final for other in before):
        raise StoreError(f"{where}: trial {attempt.number} has its result already; it is not counted twice")
