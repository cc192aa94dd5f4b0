"""`understudy bench tasks`: how often the scripted operator does each task on the simulated robot.

Each trial is a kitchen of its own, and goes through leaders, serial lines, drivers, gate, safety filter and servos; see
`app.bench.trial`. It is computed in lock step, faster than real time. With `--real-time` the same tasks are done by the
processes of a session instead, on the clock on the wall.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from app.bench.figures import Figures, add_json_argument
from app.bench.trial import run_trial
from app.evaluation.statistics import wilson
from drivers.profile import load_profile
from drivers.sim.operator.evaluate import Trial

TASKS = (
    "put the plate in the sink",
    "put the cup in the sink",
    "put the sponge in the sink",
    "put the spoon in the sink",
    "open the drawer",
    "close the drawer",
)
PROFILE = "sim-kitchen"
LEAST_SHARE = 0.9


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    parser.add_argument("--seeds", type=int, default=20, metavar="N", help="trials of each task (20)")
    parser.add_argument("--first-seed", type=int, default=0, metavar="N", help="seed of the first trial (0)")
    parser.add_argument(
        "--script", action="append", choices=TASKS, help="only this task; may be given more than once"
    )
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="trials at the same time (2)")
    parser.add_argument(
        "--real-time", action="store_true", help="through a session's processes, in real time, one by one"
    )
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Try and report; 1 when a task succeeded on too few seeds."""
    tasks: Sequence[str] = args.script or TASKS
    seeds = range(args.first_seed, args.first_seed + args.seeds)
    started = time.perf_counter()
    trials = []
    for trial in in_real_time(tasks, seeds) if args.real_time else in_lock_step(tasks, seeds, args.jobs):
        trials.append(trial)
        print(f"{len(trials)} of {len(tasks) * len(seeds)}: {told(trial)}", file=sys.stderr, flush=True)
    wall_s = time.perf_counter() - started
    for task in tasks:
        print(summary(task, [trial for trial in trials if trial.script == task]))
    return figures(tasks, trials, wall_s=wall_s).report(args.json)


def in_lock_step(tasks: Sequence[str], seeds: Sequence[int], jobs: int) -> Iterator[Trial]:
    """Every task with every seed, several at a time, as they are done."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=max(1, jobs), mp_context=spawn) as pool:
        wanted = [pool.submit(one_trial, task, seed) for task in tasks for seed in seeds]
        try:
            for done in as_completed(wanted):
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def in_real_time(tasks: Sequence[str], seeds: Sequence[int]) -> Iterator[Trial]:
    """Every task with every seed, one after the other, each in a session of its own."""
    from app.bench.session_trial import run_session_trial  # brings the session's processes along

    for task in tasks:
        for seed in seeds:
            yield run_session_trial(PROFILE, task, seed=seed)


def one_trial(task: str, seed: int) -> Trial:
    """A trial in lock step; what a worker process runs."""
    return run_trial(load_profile(PROFILE), task, seed=seed)


def figures(tasks: Sequence[str], trials: Sequence[Trial], *, wall_s: float) -> Figures:
    """What the trials came to.

    Args:
        tasks: those that were tried.
        trials: all of them.
        wall_s: how long it took altogether.
    """
    result = Figures()
    least, share = len(trials), 1.0
    for task in tasks:
        of_task = [trial for trial in trials if trial.script == task]
        successes = sum(trial.succeeded for trial in of_task)
        least, share = min(least, successes), min(share, successes / len(of_task))
        key = f"tasks_{task.replace(' ', '_')}"
        result.add(f"{key}_successes", successes)
        result.add(f"{key}_seeds", len(of_task))
        result.add(f"{key}_mean_s", sum(trial.simulated_s for trial in of_task) / len(of_task))
    if len(trials) == 20 * len(tasks):
        result.add("tasks_min_successes_of_20", least, at_least=20 * LEAST_SHARE)
    result.add("tasks_min_success_share", share, at_least=LEAST_SHARE)
    result.add("tasks_wall_s", wall_s)
    result.add("tasks_times_real_time", sum(trial.simulated_s for trial in trials) / wall_s)
    return result


def summary(task: str, trials: Sequence[Trial]) -> str:
    """A task in one line."""
    successes = sum(trial.succeeded for trial in trials)
    found = wilson(successes, len(trials))
    mean_s = sum(trial.simulated_s for trial in trials) / len(trials)
    return (
        f"{task:26} {successes:3d} of {len(trials)}  (95 % interval {found.low:.0%} to {found.high:.0%}), "
        f"{mean_s:.1f} simulated s each"
    )


def told(trial: Trial) -> str:
    """A trial in one line."""
    outcome = "done" if trial.succeeded else f"FAILED at {trial.phase!r} {trial.gave_up}".rstrip()
    return (
        f"{trial.script}, seed {trial.seed}: {outcome}, {trial.simulated_s:.1f} s in {trial.computed_s:.1f} s"
    )
