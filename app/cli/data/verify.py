"""`understudy data verify`: prove that episodes are what they say."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.cli.episodes import find_all, open_dataset
from app.cli.options import HelpFormatter, add_data, add_episode, add_json, data_dir
from app.cli.outcome import ExitCode, text_stream, write_json
from app.cli.progress import Progress

if TYPE_CHECKING:
    from recordings.findings import VerifyReport


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "verify",
        help="prove that episodes are whole",
        description="Check every length, row, frame, index and time of episodes: equal lengths, times that increase,"
        " frames that decode, checksums, gaps, skew between cameras and state. Nothing is changed.",
        epilog="exit code 1: an episode is not what it says\n\n"
        "examples:\n"
        "  understudy data verify                    every episode\n"
        "  understudy data verify last --details     with what was measured\n",
        formatter_class=HelpFormatter,
    )
    add_data(parser)
    add_json(parser, what="the reports")
    add_episode(
        parser, nargs="*", help="ids, parts of ids that are unique, or `last`; every episode when left out"
    )
    parser.add_argument(
        "--details", action="store_true", help="tell measurements too, not only what is wrong"
    )
    parser.add_argument(
        "--progress", action="store_true", help="show progress without a terminal too, line by line"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Verify each; 1 when one has an error."""
    from recordings.verify import verify_episode

    dataset = open_dataset(data_dir(args))
    paths = {info.id: info.path for info in dataset.episodes()}
    chosen = find_all(args.episode, paths, where=str(dataset.path))
    reports: dict[str, VerifyReport] = {}
    text = text_stream(args.json)
    with Progress("verifying", total=len(chosen), unit="episodes", always=args.progress) as progress:
        for number, episode_id in enumerate(chosen):

            def tell(share: float, number: int = number, episode_id: str = episode_id) -> None:
                progress.update(number, f"{episode_id} {100 * share:.0f} %")

            tell(0.0)
            report = reports[episode_id] = verify_episode(paths[episode_id], progress=tell)
            progress.clear()
            print(f"{episode_id}  {summary(report, details=args.details)}", file=text)
    if args.json is not None:
        write_json(args.json, {episode_id: as_json(report) for episode_id, report in reports.items()})
    wrong = sum(not report.ok for report in reports.values())
    print(f"{len(reports) - wrong} of {len(reports)} episodes are what they say", file=text)
    return ExitCode.PROBLEMS if wrong else ExitCode.OK


def summary(report: VerifyReport, *, details: bool) -> str:
    """The verdict, and one line for each thing found."""
    from recordings.findings import Severity

    told = [finding for finding in report.findings if details or finding.severity is not Severity.INFO]
    verdict = (
        "ok" if report.ok else f"{len(report.errors)} {'error' if len(report.errors) == 1 else 'errors'}"
    )
    return "\n    ".join((verdict, *(str(finding) for finding in told)))


def as_json(report: VerifyReport) -> dict[str, Any]:
    """A report as plain values."""
    import msgspec

    return {"ok": report.ok, "findings": msgspec.to_builtins(report.findings)}
