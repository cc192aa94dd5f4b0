"""`understudy data export lerobot`: a dataset that the stock `lerobot` package loads."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.dataset_argument import add_dataset, dataset_dir
from app.cli.episodes import find_all, open_dataset
from app.cli.options import HelpFormatter, add_json, at_least_one
from app.cli.outcome import ExitCode, text_stream, write_json
from app.cli.progress import Progress

if TYPE_CHECKING:
    from recordings import Dataset
    from recordings.lerobot import ExportOptions, Report, Share


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "lerobot",
        help="as a LeRobot dataset, format v3.0",
        description="Export episodes with their labels as a LeRobot dataset of format v3.0. A row is a stored frame of"
        " the first camera; what else there is goes with it by the time of capture. What the format does not hold is"
        " told, and kept in understudy-export.json beside the dataset.",
        epilog="exit code 1: an episode that was to go with is damaged or does not fit, and was left out\n\n"
        "examples:\n"
        "  understudy data export lerobot ~/plates-lerobot --only success\n"
        "  understudy data export lerobot ~/plates-lerobot --only success --resume\n",
        formatter_class=HelpFormatter,
    )
    add_dataset(parser)
    parser.add_argument("target", metavar="TARGET", type=Path, help="a new or empty folder")
    parser.add_argument(
        "--episode",
        action="append",
        default=[],
        metavar="EPISODE",
        help="an id, a part of one that is unique, or `last`; may be given several times; every episode when left out",
    )
    parser.add_argument(
        "--fps",
        type=at_least_one,
        metavar="N",
        help="rows a second, each with the frames nearest to it (default: each stored frame of the first camera)",
    )
    parser.add_argument(
        "--reviewer",
        default="best",
        metavar="NAME",
        help="whose labels; `best`: the final ones, else the one reviewer's whose work is furthest (default: best)",
    )
    parser.add_argument("--only", choices=("success", "failure"), help="only episodes of this outcome")
    parser.add_argument(
        "--language",
        action="store_true",
        help="per-frame language columns too; LeRobot reads them from 0.6 on, and before refuses the dataset",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with an export that was cut off; a whole one is left alone",
    )
    parser.add_argument(
        "--progress", action="store_true", help="show progress without a terminal too, line by line"
    )
    add_json(parser, what="the report")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Export, and say what is in it and what is not."""
    from recordings.lerobot import export

    dataset = open_dataset(dataset_dir(args))
    target: Path = args.target.expanduser()
    with Progress("exporting", total=100, unit="%", always=args.progress) as progress:

        def tell(share: Share) -> None:
            percent = 100 * share.done / max(share.total, share.done)
            progress.update(percent, f"episode {share.episode} of {share.episodes}, {share.done} pictures")

        report = export(dataset, target, options(args, dataset), resume=args.resume, progress=tell)
    print(summary(report, target), file=text_stream(args.json))
    if args.json is not None:
        import msgspec

        write_json(args.json, msgspec.to_builtins(report))
    return ExitCode.PROBLEMS if any(not one.by_choice for one in report.left_out) else ExitCode.OK


def options(args: argparse.Namespace, dataset: Dataset) -> ExportOptions:
    """What the command line asks for."""
    from recordings import Outcome
    from recordings.lerobot import ExportOptions

    ids = [info.id for info in dataset.episodes()]
    return ExportOptions(
        episodes=tuple(find_all(args.episode, ids, where=str(dataset.path))) if args.episode else (),
        fps=args.fps,
        reviewer=args.reviewer,
        only=Outcome(args.only) if args.only else None,
        language=args.language,
    )


def summary(report: Report, target: Path) -> str:
    """What an export holds and what it does not, a line for each kind."""
    from recordings.lerobot import REPORT

    lines = [
        f"{target}: {len(report.episodes)} episodes, {report.rows} rows ({report.rows_are}), {report.fps} a second,"
        f" LeRobot {report.lerobot_format}"
    ]
    lines += [f"left out: {one.id}: {one.reason}" for one in report.left_out if not one.by_choice]
    if chosen := sum(one.by_choice for one in report.left_out):
        lines.append(f"left out by choice of the outcome: {chosen} episodes")
    lines += [f"note: {episode.id}: {note}" for episode in report.episodes for note in episode.notes]
    skews = ", ".join(f"{stream} {skew:.1f} ms" for stream, skew in report.greatest_skew_ms.items())
    lines.append(f"furthest from its row's time: {skews}")
    off_ms = max((episode.timestamp_off_ms for episode in report.episodes), default=0.0)
    lines.append(
        f"`timestamp` is row / {report.fps}, and up to {off_ms:.0f} ms from the true time, which `capture_time_ns` has"
    )
    held = ", ".join(f"{count} {kind}" for kind, count in report.not_held.items())
    lines.append(f"not held by the format: {held or 'nothing'}")
    lines.append(f"the same by episode: {target / REPORT}")
    return "\n".join(lines)
