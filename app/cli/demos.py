"""`understudy demos`: scripted demonstrations of the kitchen's subtasks, faster than real time."""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from app.cli import options
from app.cli.outcome import ExitCode, UsageError, text_stream, write_json
from app.cli.progress import Progress

if TYPE_CHECKING:
    from app.demonstrations.making import Made
    from app.demonstrations.plan import Demonstration
    from recordings import EpisodeInfo

CAMERAS = ("front", "right_wrist", "left_wrist", "back")
"""Those of `app.demonstrations.pictures.VIEWS`; a test holds the two equal."""


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "demos",
        help="record demonstrations by the scripted operator in the simulated kitchen",
        description="Record seeded demonstrations of the kitchen's tasks and subtasks by the scripted operator,"
        " recoveries included, faster than real time. Each seed shows one thing, the same every time; what the"
        " dataset has already is not made again, so the same command goes on after it was ended or killed.",
        epilog="exit code 1: fewer than nine in ten succeeded, counting those that were there already; those that"
        " failed are kept, judged as failures\n\n"
        "examples:\n"
        "  understudy demos --episodes 3000 --into ~/demos --jobs 4\n"
        '  understudy demos --episodes 200 --into ~/picks --subtask "pick up the cup" --cameras front,right_wrist\n'
        "  understudy demos --episodes 3000 --plan\n",
        formatter_class=options.HelpFormatter,
    )
    parser.add_argument("--episodes", type=options.at_least_one, required=True, metavar="N", help="how many")
    parser.add_argument(
        "--into", type=Path, metavar="DATASET", help="the dataset's folder, made where there is none"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="the first seed (default: 0)")
    parser.add_argument(
        "--jobs", type=options.at_least_one, default=1, metavar="N", help="processes at work (default: 1)"
    )
    parser.add_argument(
        "--subtask", action="append", default=[], metavar="TEXT", help="only this one; may be repeated"
    )
    parser.add_argument(
        "--task", action="append", default=[], metavar="TEXT", help="only this whole task; may be repeated"
    )
    parser.add_argument(
        "--cameras",
        default=",".join(CAMERAS),
        metavar="NAMES",
        help="whose pictures are kept, with commas between, or none (default: all four)",
    )
    parser.add_argument(
        "--plan", action="store_true", help="say what would be shown how often, and do nothing"
    )
    parser.add_argument(
        "--progress", action="store_true", help="show progress without a terminal too, line by line"
    )
    options.add_json(parser, what="every demonstration and the rates")
    options.add_profile(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Plan, or make what is missing."""
    from app.demonstrations.plan import demonstration

    seeds = range(args.seed, args.seed + args.episodes)
    shown = [demonstration(seed, tasks=args.task, subtasks=args.subtask) for seed in seeds]
    if args.plan:
        return tell_plan(shown)
    if args.into is None:
        raise UsageError("where to? Say it, as in --into ~/demos; or --plan")
    return record(args, shown)


def tell_plan(shown: list[Demonstration]) -> int:
    """Print what is shown how often."""
    rows = Counter((one.subtask == "", one.task) for one in shown)
    for is_whole in (True, False):
        print("whole tasks" if is_whole else "subtasks")
        for (_, words), count in sorted((key, n) for key, n in rows.items() if key[0] == is_whole):
            print(f"  {words:34s} {count:5d}")
    kinds = Counter(one.kind.value for one in shown)
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    print(f"{len(shown)} in all: {told}; {sum(one.dart for one in shown)} disturbed")
    return ExitCode.OK


def record(args: argparse.Namespace, shown: list[Demonstration]) -> int:
    """Make what the dataset does not have yet."""
    from app.demonstrations.crew import make_all
    from app.demonstrations.making import clear_away, made_already
    from recordings import Dataset, Outcome

    cameras = [name for name in args.cameras.split(",") if name and name != "none"]
    if unknown := [name for name in cameras if name not in CAMERAS]:
        raise UsageError(f"no camera {unknown[0]!r}; there are: {', '.join(CAMERAS)}, or none")
    text = text_stream(args.json)
    into = args.into.expanduser()
    dataset = Dataset.open(into, create=True)
    there = made_already(dataset)
    refuse_another(there, shown, into)
    cut_off = clear_away(dataset)
    missing = [one for one in shown if one.seed not in there]
    if cut_off or len(missing) < len(shown):
        there_are = len(shown) - len(missing)
        print(f"{there_are} are there already; {cut_off} that were cut off went to the trash", file=text)
    made: list[Made] = []
    began = time.monotonic()
    with Progress("demonstrations", total=len(missing), always=args.progress) as progress:
        for one in make_all(
            options.profile(args), into, cameras, missing, jobs=min(args.jobs, len(missing) or 1)
        ):
            made.append(one)
            progress.update(len(made), _left(len(made), len(missing), began))
    wall_s = time.monotonic() - began
    tell(made, wall_s, args.jobs, text)
    if args.json is not None:
        write_json(args.json, {"figures": figures(made, wall_s), "demonstrations": _plain(made)})
    good = sum(one.succeeded for one in made)
    good += sum(one.seed in there and there[one.seed].outcome is Outcome.SUCCESS for one in shown)
    # What failed is kept for its own sake; only when much fails, something is wrong.
    return ExitCode.OK if good >= 0.9 * len(shown) else ExitCode.PROBLEMS


def refuse_another(there: Mapping[int, EpisodeInfo], shown: Sequence[Demonstration], into: Path) -> None:
    """Refuse to take what a dataset has for what is to be shown.

    Args:
        there: the dataset's demonstrations, by seed.
        shown: what is to be shown.
        into: the dataset's folder, for the message.

    Raises:
        UsageError: a seed shows something else there.
    """
    from app.demonstrations.plan import WHOLE_TAG

    for one in shown:
        info = there.get(one.seed)
        if info is None:
            continue
        # Some words are a whole task's and a subtask's as well.
        has = (info.task, WHOLE_TAG in info.tags)
        wanted = (one.task, WHOLE_TAG in one.tags)
        if has != wanted:
            raise UsageError(
                f"seed {one.seed} of {into} shows {_named(*has)}, not {_named(*wanted)};"
                " begin at another --seed, or give another --into"
            )


def _named(task: str, is_whole: bool) -> str:
    return f"the whole of {task!r}" if is_whole else repr(task)


def _left(done: int, total: int, began: float) -> str:
    left_s = (time.monotonic() - began) / done * (total - done)
    return f"{left_s / 60:.0f} min left" if left_s > 90 else f"{left_s:.0f} s left"


def tell(made: list[Made], wall_s: float, jobs: int, text: TextIO) -> None:
    """Print how each kind went, and the rates."""
    groups: dict[str, list[Made]] = defaultdict(list)
    for one in made:
        groups[f"{one.shown.task}{'' if one.shown.subtask else ' (whole)'}"].append(one)
    for words, group in sorted(groups.items()):
        good = sum(one.succeeded for one in group)
        why = Counter(one.gave_up or "not reached" for one in group if not one.succeeded)
        print(f"{words:38s} {good:4d}/{len(group):<4d} {_mean_s(group):6.1f} s  {_most(why)}", file=text)
    if made:
        told = figures(made, wall_s)
        print(
            f"{told['succeeded']} of {told['demonstrations']} succeeded; {told['simulated_s']:.0f} s in {wall_s:.0f} s"
            f" by {jobs}: {told['times_real_time']:.1f} × real time, {told['episodes_per_min']:.1f} episodes a minute,"
            f" {told['mb_per_episode']:.2f} MB each",
            file=text,
        )


def _mean_s(group: list[Made]) -> float:
    return sum(one.simulated_s for one in group) / len(group)


def _most(why: Counter[str]) -> str:
    return "; ".join(f"{count} × {reason}" for reason, count in why.most_common(2))


def figures(made: list[Made], wall_s: float) -> dict[str, float]:
    """What it came to."""
    simulated_s = sum(one.simulated_s for one in made)
    return {
        "demonstrations": len(made),
        "succeeded": sum(one.succeeded for one in made),
        "simulated_s": simulated_s,
        "wall_s": wall_s,
        "times_real_time": simulated_s / wall_s if wall_s else 0.0,
        "times_real_time_per_process": simulated_s / (sum(one.computed_s for one in made) or 1.0),
        "episodes_per_min": 60.0 * len(made) / wall_s if wall_s else 0.0,
        "mb_per_episode": sum(one.size_bytes for one in made) / 1e6 / (len(made) or 1),
    }


def _plain(made: list[Made]) -> list[object]:
    import msgspec

    return [msgspec.to_builtins(one) for one in made]
