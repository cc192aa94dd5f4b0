"""`understudy data repair`: make episodes whole that a crash or a bad disk has damaged."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.cli import table
from app.cli.episodes import find_all, open_dataset
from app.cli.options import HelpFormatter, add_data, add_episode, add_json, data_dir
from app.cli.outcome import ExitCode, text_stream, write_json
from app.cli.progress import Progress

if TYPE_CHECKING:
    from recordings.repair import RepairReport


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "repair",
        help="make episodes whole after a crash",
        description="Make episodes whole that a crash or a bad disk has damaged: they are cut to what their checksums"
        " prove. What is cut is kept beside them. Sound episodes are left alone, and so is one that is being recorded.",
        epilog="exit code 1: an episode could not be repaired\n\n"
        "examples:\n"
        "  understudy data repair                every episode\n"
        "  understudy data repair last\n",
        formatter_class=HelpFormatter,
    )
    add_data(parser)
    add_json(parser, what="the reports")
    add_episode(
        parser, nargs="*", help="ids, parts of ids that are unique, or `last`; every episode when left out"
    )
    parser.add_argument(
        "--progress", action="store_true", help="show progress without a terminal too, line by line"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Repair each; one that cannot be repaired does not keep the others from it."""
    from recordings.errors import RecordingError
    from recordings.repair import repair_episode

    dataset = open_dataset(data_dir(args))
    infos = {info.id: info for info in dataset.episodes()}
    chosen = find_all(args.episode, infos, where=str(dataset.path))
    reports: dict[str, Any] = {}
    refused = 0
    text = text_stream(args.json)
    with Progress("repairing", total=len(chosen), unit="episodes", always=args.progress) as progress:
        for number, episode_id in enumerate(chosen):
            progress.update(number, episode_id)
            try:
                report = repair_episode(infos[episode_id].path)
            except (RecordingError, OSError) as error:  # a disk may refuse one and give the others
                line, reports[episode_id] = f"not repaired: {error}", {"error": str(error)}
                refused += 1
            else:
                line, reports[episode_id] = summary(report), as_json(report)
            progress.clear()
            print(f"{episode_id}  {line}", file=text)
    if not chosen:
        print(f"no episodes in {dataset.path}", file=text)
    if args.json is not None:
        write_json(args.json, reports)
    return ExitCode.PROBLEMS if refused else ExitCode.OK


def summary(report: RepairReport) -> str:
    """What a repair did, in one line and one more for each thing found."""
    if not report.changed:
        return "whole, left as it is"
    cut = f"{table.duration(report.cut_seconds)} cut" if report.cut_seconds else "nothing cut"
    head = f"repaired, {cut}, {report.counts.ticks} rows and {sum(report.counts.frames.values())} frames kept"
    return "\n    ".join((head, *report.damage))


def as_json(report: RepairReport) -> dict[str, Any]:
    """A report as plain values."""
    return {
        "changed": report.changed,
        "damage": list(report.damage),
        "cut_seconds": report.cut_seconds,
        "kept_aside": [str(path) for path in report.kept_aside],
    }
