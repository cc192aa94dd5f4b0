"""`understudy norm-stats RECIPE`: the statistics that normalise the robots in a recipe's recordings."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli import table
from app.cli.options import HelpFormatter, add_json, at_least_one
from app.cli.outcome import CommandError, ExitCode, UsageError, text_stream, write_json

if TYPE_CHECKING:
    from policy.training.data.robots import RobotNumbers
    from policy.transforms.norm_stats import NormStats


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "norm-stats",
        help="statistics of states and actions of a recipe's recordings",
        description="Go through every recording of a recipe and count how states and actions, relative as the model"
        " learns them, are spread. Says which episodes are left out and why. Training does this by itself; the command"
        " is for looking, for other trainers, and for so many recordings that a cluster should count them.",
        epilog="On a Dask cluster the workers need this software, and see the recordings under the same paths.\n\n"
        "examples:\n"
        "  understudy norm-stats recipe.toml\n"
        "  understudy norm-stats recipe.toml --jobs 8 --into ~/checkpoints/kitchen/assets\n"
        "  understudy norm-stats recipe.toml --scheduler tcp://10.0.0.5:8786\n",
        formatter_class=HelpFormatter,
    )
    parser.add_argument("recipe", metavar="RECIPE", type=Path, help="a recipe's file")
    parser.add_argument(
        "--into",
        metavar="DIR",
        type=Path,
        help="write ROBOT/norm_stats.json, in openpi's form, into this folder (default: only print)",
    )
    parser.add_argument("--jobs", metavar="N", type=at_least_one, help="processes (default: 1)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="count on a Dask cluster instead")
    add_json(parser, what="the statistics and what was left out")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Count."""
    from policy.training.data.sources import open_recordings, robots_of
    from policy.training.mappers import mapper_of
    from policy.training.recipe_file import load_recipe
    from policy.training.sizes import form_of
    from policy.training.statistics import statistics_of
    from policy.transforms.norm_stats import save_norm_stats

    if args.jobs is not None and args.scheduler is not None:
        raise UsageError("--jobs is for this machine and --scheduler for a cluster; give one of them")
    recipe = load_recipe(args.recipe.expanduser())
    form = form_of(recipe)
    with mapper_of(jobs=args.jobs or 1, scheduler=args.scheduler) as mapper:
        readers = open_recordings(recipe, form, mapper=mapper)
        if not readers:
            raise CommandError(
                f"{args.recipe} has no recordings, only pictures; there is nothing to normalise"
            )
        counted = statistics_of(readers, horizon=form.horizon, mapper=mapper)
    robots = robots_of(readers)
    text = text_stream(args.json)
    for reader in readers:
        print(reader.index.selection.told(), file=text)
    found = {name: one.statistics() for name, one in counted.items()}
    for name, stats in found.items():
        spread = counted[name]
        seen = (
            f"{spread.episodes} episodes, {spread.state.count} states, {spread.actions.count} steps of chunks"
        )
        print(f"\n{name}: {seen}", file=text)
        print(table.columns(HEADER, rows(robots[name], stats)), file=text)
        if args.into is not None:
            print(f"written: {save_norm_stats(args.into.expanduser(), name, stats)}", file=text)
    if args.json is not None:
        left_out = {reader.index.data.path.name: dict(reader.index.selection.reasons) for reader in readers}
        write_json(
            args.json, {"robots": {name: plain(stats) for name, stats in found.items()}, "left_out": left_out}
        )
    return ExitCode.OK


HEADER = ("NUMBER", "UNIT", "STATE Q01", "Q99", "ACTION Q01", "Q99", "")


def rows(robot: RobotNumbers, stats: Mapping[str, NormStats]) -> Iterator[Sequence[str]]:
    """A line for each number."""
    quantiles = [one for name in ("state", "actions") for one in stats[name].quantiles(name)]
    for at, (name, unit, relative) in enumerate(zip(robot.names, robot.units, robot.delta_mask, strict=True)):
        yield name, unit, *(f"{one[at]:.3f}" for one in quantiles), "relative" if relative else ""


def plain(stats: Mapping[str, NormStats]) -> dict[str, Any]:
    """Statistics as plain values."""
    return {
        name: {
            "mean": one.mean.tolist(),
            "std": one.std.tolist(),
            **dict(zip(("q01", "q99"), (quantile.tolist() for quantile in one.quantiles(name)), strict=True)),
        }
        for name, one in stats.items()
    }
