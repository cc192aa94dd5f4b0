"""`understudy bench kitchen`: a policy in the simulated kitchen, told subtasks and alone, on seeds it never saw.

Each trial is a kitchen of its own with objects, base and lift somewhere else. Physics waits for the policy, so that the
figures do not depend on the machine; a chunk counts as made so many ticks after it was asked for.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from app.bench.commands_heard import heard_orders
from app.bench.figures import Figures, add_json_argument
from app.cli.kitchen_options import add_policy, choice_of
from app.cli.options import at_least_one
from app.cli.outcome import UsageError, text_stream
from app.kitchen_trials.alone import EVERYTHING, VARIANTS
from app.kitchen_trials.bench import Order, Trial, alone_orders, told_orders
from app.kitchen_trials.figures import HIERARCHICAL, Share, alone_key, shares_of
from app.kitchen_trials.judging import CannotBeJudged, check_of
from app.kitchen_trials.rollout import LIVE
from app.kitchen_trials.told import JUDGED, ToldTrial
from app.kitchen_trials.workers import run_trials
from drivers.sim.operator import scripts

LEAST: Mapping[str, float] = {alone_key(EVERYTHING, HIERARCHICAL): 0.5} | {
    f"{name}_{subtask.replace(' ', '_')}": 0.7 for name in ("success", "success_spoken") for subtask in JUDGED
}
"""What the kitchen policy is held to, told by text and by voice."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    add_policy(parser)
    parser.add_argument("--trials", type=int, default=50, metavar="N", help="of each subtask, told (50)")
    parser.add_argument(
        "--alone", type=int, default=0, metavar="N", help="of each task with each variant, alone (0)"
    )
    parser.add_argument(
        "--spoken",
        type=int,
        default=0,
        metavar="N",
        help="of each subtask, spoken by voices that nothing was trained on and told as it was understood (0)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the first trial (0)")
    parser.add_argument(
        "--subtask", action="append", metavar="TEXT", help="only this one; may be given more than once"
    )
    parser.add_argument(
        "--task",
        action="append",
        choices=tuple(task for task in scripts() if task != "warm up"),
        metavar="TEXT",
        help=f"to be done alone; may be given more than once ({EVERYTHING})",
    )
    parser.add_argument(
        "--variants",
        nargs="+",
        choices=tuple(VARIANTS),
        default=[HIERARCHICAL],
        help=f"who names the subtasks of a task: {', '.join(VARIANTS)} ({HIERARCHICAL})",
    )
    parser.add_argument(
        "--delay-ticks",
        type=int,
        default=LIVE.delay_ticks,
        metavar="N",
        help=f"from a chunk's asking to where it takes effect, in ticks of 20 ms ({LIVE.delay_ticks})",
    )
    parser.add_argument(
        "--execute-steps", type=int, default=0, metavar="N", help="of a chunk (the policy's own number)"
    )
    parser.add_argument("--jobs", type=at_least_one, default=2, metavar="J", help="trials at a time (2)")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Try and report; 1 when the policy does less than it is held to."""
    choice = msgspec.structs.replace(choice_of(args.policy), execute_steps=args.execute_steps)
    orders = orders_of(args)
    began, trials = time.perf_counter(), []
    for trial in run_trials(choice, orders, jobs=args.jobs, pace=replace(LIVE, delay_ticks=args.delay_ticks)):
        trials.append(trial)
        print(f"{len(trials)} of {len(orders)}: {told_of(trial)}", file=sys.stderr, flush=True)
    wall_s = time.perf_counter() - began
    shares = shares_of(trials)
    print("\n".join(table(shares)), file=text_stream(args.json))
    return figures(shares, trials, wall_s=wall_s, policy=args.policy or str(choice.source)).report(args.json)


def orders_of(args: argparse.Namespace) -> list[Order]:
    """What the command line asks for.

    Raises:
        UsageError: a subtask that the kitchen cannot judge, nothing to try, or a number that is none.
    """
    for option in ("seed", "delay_ticks", "execute_steps"):
        if getattr(args, option) < 0:
            raise UsageError(
                f"--{option.replace('_', '-')} is {getattr(args, option)}; it is an integer from 0 on"
            )
    # What is named twice is tried once: the same trial again would say nothing new.
    subtasks = tuple(dict.fromkeys(args.subtask or JUDGED))
    for subtask in subtasks:
        try:
            check_of(subtask)
        except CannotBeJudged as error:
            raise UsageError(str(error)) from error
    tasks, variants = tuple(dict.fromkeys(args.task or [EVERYTHING])), tuple(dict.fromkeys(args.variants))
    orders: list[Order] = [
        *told_orders(subtasks, range(args.seed, args.seed + args.trials)),
        *(heard_orders(subtasks, range(args.seed, args.seed + args.spoken)) if args.spoken > 0 else ()),
        *alone_orders(tasks, variants, range(args.seed, args.seed + args.alone)),
    ]
    if not orders:
        raise UsageError("nothing to try; give --trials, --spoken or --alone 1 or more")
    return orders


def figures(shares: Mapping[str, Share], trials: Sequence[Trial], *, wall_s: float, policy: str) -> Figures:
    """What the trials came to.

    Args:
        shares: by name.
        trials: all of them.
        wall_s: how long they took altogether.
        policy: that was tried.
    """
    result = Figures()
    result.add("policy", policy)
    for name, share in shares.items():
        for key, value in share.values(name).items():
            result.add(key, value, at_least=LEAST.get(key))
    result.add("trials", len(trials))
    result.add("trial_mean_s", sum(trial.computed_s for trial in trials) / len(trials))
    result.add("trial_simulated_mean_s", sum(trial.simulated_s for trial in trials) / len(trials))
    result.add("wall_s", wall_s)
    return result


def table(shares: Mapping[str, Share]) -> list[str]:
    """Every share in a line, for people."""
    lines = [f"{'':44}  share     n   95 % interval"]
    for name, share in shares.items():
        words = name.replace("_", " ").removeprefix("success ")
        found = share.interval
        lines.append(
            f"{words:44}  {found.estimate:4.0%}  {share.n:4d}   {found.low:4.0%} to {found.high:4.0%}"
        )
    return [*lines, ""]


def told_of(trial: Trial) -> str:
    """A trial in one line."""
    outcome = "done" if trial.succeeded else "FAILED"
    times = f"{trial.simulated_s:.1f} s in {trial.computed_s:.1f} s"
    trouble = f": {trial.trouble}" if trial.trouble else ""
    if isinstance(trial, ToldTrial):
        lifted = f", lifted the {trial.lifted}" if trial.lifted else ""
        misheard = f", heard {trial.heard!r}" if trial.heard not in (None, "", trial.subtask) else ""
        return f"{trial.subtask}{misheard}, seed {trial.seed}: {outcome}{lifted}, {times}{trouble}"
    there = ", ".join(trial.in_sink) or "nothing"
    return (
        f"{trial.task} ({trial.variant}), seed {trial.seed}: {outcome}, in the sink {there}, {times}{trouble}"
    )
