"""The comparison: what is counted, what is not, and how it is told."""

from __future__ import annotations

import csv
import io
import json

from app.cli.table import columns
from app.evaluation.plan import Trial, trials_of
from app.evaluation.report import (
    as_csv,
    as_json,
    notes,
    progress_table,
    success_table,
    summarise,
    told_cell,
    told_time,
)
from app.evaluation.results import Attempt, Milestone, Outcome
from app.evaluation.statistics import Paired
from tests.app.evaluation.plans import HIERARCHICAL, IMPLICIT, plan
from tests.app.evaluation.results_of import attempt_of

PLAN = plan(tasks=("open the drawer", "raise the lift"), seeds=range(10))


def outcome_of(trial: Trial) -> Outcome:
    """Hierarchical: 8 of 10 drawers and all lifts. Implicit: 3 of 10 drawers, and no lift."""
    if trial.task == "raise the lift":
        return Outcome.SUCCESS if trial.variant is HIERARCHICAL else Outcome.FAILURE
    share = 8 if trial.variant is HIERARCHICAL else 3
    return Outcome.SUCCESS if trial.seed < share else Outcome.FAILURE


RESULTS = [attempt_of(trial, outcome_of(trial)) for trial in trials_of(PLAN)]


def test_rows_are_variants_and_columns_are_tasks_and_their_mean() -> None:
    head, rows = success_table(summarise(PLAN, RESULTS))
    assert head == ("variant", "open the drawer", "raise the lift", "mean", "time to success")
    assert rows[0][:4] == (
        "hierarchical",
        "80 % (49-94) n=10",
        "100 % (72-100) n=10",
        "90 % (69-97) n=20",
    )
    assert rows[1][:3] == ("implicit", "30 % (11-60) n=10", "0 % (0-28) n=10")
    lines = columns(head, rows).splitlines()
    assert lines[1].index("100 %") == lines[2].index("0 % (0") == lines[0].index("raise the lift")


def test_variants_are_compared_in_the_kitchens_that_both_were_tried_in() -> None:
    missing = [
        result for result in RESULTS if not (result.variant is IMPLICIT and result.task == "raise the lift")
    ]
    (difference,) = summarise(PLAN, missing).differences
    assert difference.pairs == Paired(both=3, first_only=5, second_only=0, neither=2)
    assert round(difference.p, 4) == 0.0625
    assert "hierarchical less implicit: +50 points" in notes(summarise(PLAN, missing))[0]


def test_what_the_rig_spoiled_and_what_was_skipped_is_told_and_not_counted() -> None:
    changed = [
        *RESULTS[2:],
        attempt_of(trials_of(PLAN)[0], Outcome.SPOILED, attempt=3),
        attempt_of(trials_of(PLAN)[1], Outcome.SKIPPED),
    ]
    summary = summarise(PLAN, changed)
    assert sum(row.success[-1].trials for row in summary.rows) == 38
    assert sum(row.spoiled for row in summary.rows) == 1
    assert sum(row.skipped for row in summary.rows) == 1
    assert any("not counted are" in line for line in notes(summary))


def test_a_mean_time_has_ends_from_three_successes_on_and_none_below_0() -> None:
    trials = trials_of(plan(tasks=("raise the lift",), variants=(IMPLICIT,)))
    times = (1.0, 30.0, 2.0)
    made = plan(tasks=("raise the lift",), variants=(IMPLICIT,))
    results = [attempt_of(trial, duration_s=time_s) for trial, time_s in zip(trials, times, strict=True)]
    assert told_time(summarise(made, results[:2]).rows[0].time_to_success_s) == "15.5 s"
    assert told_time(summarise(made, results).rows[0].time_to_success_s) == "11.0 s (0.0-51.9)"
    assert told_time(summarise(made, ()).rows[0].time_to_success_s) == "-"


def test_a_run_that_is_not_over_says_so() -> None:
    summary = summarise(PLAN, RESULTS[:3])
    assert notes(summary)[-1].startswith("3 of 40 trials are done")
    assert any(told_cell(cell) == "-" for row in summarise(PLAN, ()).rows for cell in row.success)


def with_parts(trial: Trial, reached: int, outcome: Outcome) -> Attempt:
    parts = tuple(Milestone(name=f"part {number}", reached=number < reached) for number in range(4))
    return attempt_of(trial, outcome, milestones=parts)


def test_progress_is_the_share_of_parts_done_and_all_of_it_for_a_success() -> None:
    trials = trials_of(plan(tasks=("tidy up",), variants=(IMPLICIT,), seeds=(0, 1)))
    results = [with_parts(trials[0], 1, Outcome.FAILURE), with_parts(trials[1], 3, Outcome.SUCCESS)]
    assert [result.progress for result in results] == [0.25, 1.0]
    made = plan(tasks=("tidy up",), variants=(IMPLICIT,), seeds=(0, 1))
    table = progress_table(summarise(made, results))
    assert table is not None
    assert table[1][0][1].startswith("62 % (")
    assert progress_table(summarise(PLAN, RESULTS)) is None


def test_programs_get_everything() -> None:
    made = as_json("id", PLAN, summarise(PLAN, RESULTS), RESULTS)
    again = json.loads(json.dumps(made, allow_nan=False))
    assert again["variants"][0]["success"]["mean"]["rate"]["estimate"] == 0.9
    assert len(again["trials"]) == 40
    lines = list(csv.DictReader(io.StringIO(as_csv(RESULTS))))
    assert len(lines) == 40
    assert lines[0]["variant"] == RESULTS[0].variant.value
    assert lines[0]["outcome"] in ("success", "failure")
