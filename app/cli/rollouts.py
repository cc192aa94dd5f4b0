"""`understudy rollouts`: a policy moves the simulated robot, and what can be learned of it is recorded."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.cli import options
from app.cli.kitchen_options import add_policy, choice_of
from app.cli.outcome import ExitCode, UsageError, text_stream, write_json
from app.cli.progress import Progress

CAMERAS = "front,right_wrist"


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "rollouts",
        help="let a policy loose in the simulated kitchen and record what it can learn of that",
        description="Let a policy move the simulated robot, faster than real time, and record what it can learn of"
        " that. `dagger`: it is told subtasks, and the scripted operator shows how to go on from states that it got"
        " into. `verbal`: an expert leads it through whole tasks by words, and the policy's own motions are recorded.",
        epilog="examples:\n"
        "  understudy rollouts dagger --policy runs/kitchen/checkpoints/9000 --into ~/dagger --runs 100\n"
        "  understudy rollouts verbal --policy runs/kitchen/checkpoints/9000 --into ~/verbal --runs 20\n",
        formatter_class=options.HelpFormatter,
    )
    parser.add_argument("kind", choices=("dagger", "verbal"), help="what is recorded")
    add_policy(parser)
    parser.add_argument(
        "--into", type=Path, required=True, metavar="DATASET", help="the dataset's folder, made if need be"
    )
    parser.add_argument(
        "--runs", type=options.at_least_one, default=20, metavar="N", help="of the policy (default: 20)"
    )
    parser.add_argument(
        "--seed", type=int, default=500_000, metavar="N", help="the first run's (default: 500000)"
    )
    parser.add_argument(
        "--subtask", action="append", default=[], metavar="TEXT", help="of dagger; may be repeated"
    )
    parser.add_argument(
        "--task", action="append", default=[], metavar="TEXT", help="of verbal; may be repeated"
    )
    parser.add_argument(
        "--cameras", default=CAMERAS, metavar="NAMES", help=f"whose pictures are kept (default: {CAMERAS})"
    )
    parser.add_argument("--threads", type=options.at_least_one, default=1, metavar="N", help="default: 1")
    parser.add_argument("--progress", action="store_true", help="show progress without a terminal too")
    options.add_json(parser, what="every episode")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Let it loose, and record."""
    from app.demonstrations.plan import FIRST_TRIAL_SEED

    last = args.seed + args.runs - 1
    if args.seed < 0 or last >= FIRST_TRIAL_SEED:
        raise UsageError(
            f"seeds {args.seed} to {last}: they are from 0 on, and those from {FIRST_TRIAL_SEED} on are for trials;"
            " take others"
        )
    text = text_stream(args.json)
    began, episodes = time.monotonic(), []
    with Progress(args.kind, total=args.runs, always=args.progress) as progress:
        for run_number, made in _dagger(args, progress) if args.kind == "dagger" else _verbal(args):
            episodes.append(made)
            progress.update(run_number + 1)
    good = sum(bool(one["succeeded"]) for one in episodes)
    print(
        f"{len(episodes)} episodes of {args.runs} runs in {time.monotonic() - began:.0f} s; {good} came off",
        file=text,
    )
    if args.json is not None:
        write_json(args.json, {"episodes": episodes})
    return ExitCode.OK if episodes else ExitCode.PROBLEMS


def _dagger(args: argparse.Namespace, progress: Progress) -> Iterator[tuple[int, dict[str, Any]]]:
    from app.demonstrations.starts import NoStart
    from app.kitchen_trials.dagger import demonstrate, visited
    from app.kitchen_trials.judging import CannotBeJudged, check_of
    from app.kitchen_trials.studio import Studio
    from app.kitchen_trials.told import JUDGED

    subtasks = args.subtask or list(JUDGED)
    try:
        for subtask in subtasks:
            check_of(subtask)
    except CannotBeJudged as error:
        raise UsageError(str(error)) from error
    with Studio(choice_of(args.policy), args.into, _names(args.cameras), threads=args.threads) as studio:
        for number in range(args.runs):
            subtask = subtasks[number % len(subtasks)]
            try:
                starts = visited(
                    studio.profile, studio.subject, studio.cameras, subtask, seed=args.seed + number
                )
            except NoStart as error:
                progress.clear()
                print(f"left out: {error}", file=sys.stderr)
                continue
            for made in demonstrate(studio.profile, studio.dataset, studio.pictures, starts):
                yield (
                    number,
                    {"episode": made.episode_id, "subtask": subtask, "succeeded": made.succeeded},
                )


def _verbal(args: argparse.Namespace) -> Iterator[tuple[int, dict[str, Any]]]:
    from app.kitchen_trials.studio import Studio
    from app.kitchen_trials.verbal import ROUNDS, tell_through
    from drivers.sim.operator import scripts

    tasks = args.task or list(ROUNDS)
    there_are = [script for script in scripts() if script != "warm up"]
    unknown = next((task for task in tasks if task not in there_are), None)
    if unknown is not None:
        raise UsageError(f"no task {unknown!r}; there are: {', '.join(there_are)}")
    with Studio(choice_of(args.policy), args.into, _names(args.cameras), threads=args.threads) as studio:
        for number in range(args.runs):
            told = tell_through(
                studio.profile,
                studio.subject,
                studio.cameras,
                studio.dataset,
                studio.pictures,
                tasks[number % len(tasks)],
                seed=args.seed + number,
            )
            yield number, {"episode": told.episode_id, "task": told.task, "succeeded": told.succeeded}


def _names(cameras: str) -> tuple[str, ...]:
    return tuple(name for name in cameras.split(",") if name and name != "none")
