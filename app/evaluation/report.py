"""What the trials came to: rates by variant and task, differences between variants, as values and as text."""

from __future__ import annotations

import csv
import io
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from app.evaluation.plan import Plan, VariantName, plan_hash, trials_of
from app.evaluation.results import Attempt, Outcome
from app.evaluation.statistics import (
    Interval,
    Paired,
    mcnemar_exact,
    mean,
    mean_of_rates,
    paired_difference,
    wilson,
)

FEWEST_TIMES = 3
EVERY_TASK = "mean"
"""Head of the column over all tasks, each with the same weight."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A rate and how many trials it is of; no interval where there are none."""

    trials: int
    rate: Interval | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A variant.

    Attributes:
        variant: its name.
        success: how often it succeeded: for each task, and in the mean over the tasks tried.
        progress: the mean share of milestones reached; without an interval where the world tells none.
        time_to_success_s: over the successes; None before the first.
        spoiled, skipped: trials that are over and not counted.
    """

    variant: VariantName
    success: tuple[Cell, ...]
    progress: tuple[Cell, ...]
    time_to_success_s: Interval | None
    spoiled: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Difference:
    """The first's rate less the second's, over the kitchens that both were tried in."""

    first: VariantName
    second: VariantName
    pairs: Paired
    difference: Interval
    p: float


@dataclass(frozen=True, slots=True)
class Summary:
    """The comparison.

    Attributes:
        tasks: heads of the cells, in the plan's order; the last cell of a row is the mean.
        rows: in the plan's order.
        differences: of every two variants that share a trial.
        done, planned: trials that are over, and all of them.
    """

    tasks: tuple[str, ...]
    rows: tuple[Row, ...]
    differences: tuple[Difference, ...]
    done: int
    planned: int


def summarise(plan: Plan, results: Sequence[Attempt]) -> Summary:
    """Count.

    Args:
        plan: what was tried.
        results: the last word on each trial that is over, see `Store.results`.
    """
    rows = tuple(
        _row(plan, variant.name, [result for result in results if result.variant is variant.name])
        for variant in plan.variants
    )
    return Summary(
        tasks=plan.tasks,
        rows=rows,
        differences=tuple(_differences(plan, results)),
        done=len(results),
        planned=len(trials_of(plan)),
    )


def _row(plan: Plan, name: VariantName, results: Sequence[Attempt]) -> Row:
    counted = [result for result in results if result.counted]
    won = [result.duration_s for result in counted if result.outcome is Outcome.SUCCESS]
    successes, progress = [], []
    for task in plan.tasks:
        of_task = [result for result in counted if result.task == task]
        told = [result.progress for result in of_task if result.progress is not None]
        successes.append((float(sum(result.outcome is Outcome.SUCCESS for result in of_task)), len(of_task)))
        progress.append((math.fsum(told), len(told)))
    return Row(
        variant=name,
        success=_cells(successes),
        progress=_cells(progress),
        time_to_success_s=_time(won),
        spoiled=sum(result.outcome is Outcome.SPOILED for result in results),
        skipped=sum(result.outcome is Outcome.SKIPPED for result in results),
    )


def _time(won_s: Sequence[float]) -> Interval | None:
    """The mean, with ends from three successes on: of two, Student's interval says nothing."""
    if not won_s:
        return None
    time_s = mean(won_s)
    if len(won_s) < FEWEST_TIMES:
        return Interval(time_s.estimate, math.nan, math.nan)
    return Interval(time_s.estimate, max(0.0, time_s.low), time_s.high)


def _cells(counts: Sequence[tuple[float, int]]) -> tuple[Cell, ...]:
    """One of each task, and the mean of those that were tried."""
    tried = [count for count in counts if count[1]]
    cells = [Cell(trials, wilson(total, trials) if trials else None) for total, trials in counts]
    return (
        *cells,
        Cell(sum(trials for _, trials in tried), mean_of_rates(tried) if tried else None),
    )


def _differences(plan: Plan, results: Sequence[Attempt]) -> Iterator[Difference]:
    won = {
        (result.variant, result.task, result.seed): result.outcome is Outcome.SUCCESS
        for result in results
        if result.counted
    }
    for first, second in itertools.combinations([variant.name for variant in plan.variants], 2):
        both = [
            (won[first, task, seed], won[second, task, seed])
            for task in plan.tasks
            for seed in plan.seeds
            if (first, task, seed) in won and (second, task, seed) in won
        ]
        if not both:
            continue
        pairs = Paired(
            both=both.count((True, True)),
            first_only=both.count((True, False)),
            second_only=both.count((False, True)),
            neither=both.count((False, False)),
        )
        yield Difference(
            first, second, pairs, paired_difference(pairs), mcnemar_exact(pairs.first_only, pairs.second_only)
        )


# -- as text -----------------------------------------------------------------------------------------------------------


def told_cell(cell: Cell) -> str:
    """`78 % (61-89) n=20`; a dash where nothing was tried."""
    if cell.rate is None:
        return "-"
    rate = cell.rate
    return f"{rate.estimate * 100:.0f} % ({rate.low * 100:.0f}-{rate.high * 100:.0f}) n={cell.trials}"


def told_time(time_s: Interval | None) -> str:
    """`24.1 s (20.3-27.9)`; a dash where nothing succeeded."""
    if time_s is None:
        return "-"
    if math.isnan(time_s.low):
        return f"{time_s.estimate:.1f} s"
    return f"{time_s.estimate:.1f} s ({time_s.low:.1f}-{time_s.high:.1f})"


def told_difference(difference: Difference) -> str:
    """One line."""
    points, pairs = difference.difference, difference.pairs
    return (
        f"{difference.first} less {difference.second}: {points.estimate * 100:+.0f} points"
        f" ({points.low * 100:+.0f} to {points.high * 100:+.0f}), p = {difference.p:.3f},"
        f" {pairs.pairs} pairs, {pairs.first_only} won by the one alone and {pairs.second_only} by the other"
    )


def success_table(summary: Summary) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Head and rows of the comparison: a variant a row, a task a column, then the mean."""
    head = ("variant", *summary.tasks, EVERY_TASK, "time to success")
    rows = [
        (row.variant.value, *map(told_cell, row.success), told_time(row.time_to_success_s))
        for row in summary.rows
    ]
    return head, rows


def progress_table(summary: Summary) -> tuple[tuple[str, ...], list[tuple[str, ...]]] | None:
    """The same for the share of each task that was done; None where the world tells none."""
    if not any(cell.trials for row in summary.rows for cell in row.progress):
        return None
    head = ("variant", *summary.tasks, EVERY_TASK)
    return head, [(row.variant.value, *map(told_cell, row.progress)) for row in summary.rows]


def notes(summary: Summary) -> tuple[str, ...]:
    """What must be read with the tables."""
    lines = [told_difference(difference) for difference in summary.differences]
    for row in summary.rows:
        if row.spoiled or row.skipped:
            lines.append(
                f"{row.variant}: not counted are {row.spoiled} spoiled by the rig and {row.skipped} skipped by the"
                " judge"
            )
    if summary.done < summary.planned:
        lines.append(f"{summary.done} of {summary.planned} trials are done; the rest may change every figure")
    return tuple(lines)


# -- for programs ------------------------------------------------------------------------------------------------------


def as_json(evaluation_id: str, plan: Plan, summary: Summary, attempts: Sequence[Attempt]) -> dict[str, Any]:
    """Everything, as plain values; NaN is None."""
    return {
        "evaluation": evaluation_id,
        "plan_hash": plan_hash(plan),
        "plan": msgspec.to_builtins(plan),
        "done": summary.done,
        "planned": summary.planned,
        "variants": [
            {
                "variant": row.variant.value,
                "success": dict(zip((*summary.tasks, EVERY_TASK), map(_plain, row.success), strict=True)),
                "progress": dict(zip((*summary.tasks, EVERY_TASK), map(_plain, row.progress), strict=True)),
                "time_to_success_s": _ends(row.time_to_success_s),
                "spoiled": row.spoiled,
                "skipped": row.skipped,
            }
            for row in summary.rows
        ],
        "differences": [
            {
                "first": difference.first.value,
                "second": difference.second.value,
                "difference": _ends(difference.difference),
                "p": difference.p,
                **asdict(difference.pairs),
            }
            for difference in summary.differences
        ],
        "trials": [msgspec.to_builtins(attempt) | {"progress": attempt.progress} for attempt in attempts],
    }


def as_csv(attempts: Sequence[Attempt]) -> str:
    """One line a try, with a head."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = [name for name in Attempt.__struct_fields__ if name != "milestones"]
    writer.writerow([*columns, "progress", "milestones"])
    for attempt in attempts:
        reached = "; ".join(part.name for part in attempt.milestones if part.reached)
        progress = "" if attempt.progress is None else f"{attempt.progress:.3f}"
        writer.writerow([*(str(getattr(attempt, name)) for name in columns), progress, reached])
    return text.getvalue()


def _plain(cell: Cell) -> dict[str, Any]:
    return {"trials": cell.trials, "rate": _ends(cell.rate)}


def _ends(interval: Interval | None) -> dict[str, float | None] | None:
    if interval is None:
        return None
    return {key: None if math.isnan(value) else value for key, value in asdict(interval).items()}
