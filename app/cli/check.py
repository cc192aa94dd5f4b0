"""`understudy check PROFILE`: device by device, what answers, what does not, and what to do."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli import options
from app.cli.outcome import ExitCode, text_stream, write_json
from app.cli.progress import Progress

if TYPE_CHECKING:
    from drivers.check import Finding
    from drivers.profile import RobotProfile


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "check",
        help="tell which devices answer, and what to do about those that do not",
        description="Look at every device of a robot and tell what answers, what does not, and what to do: permissions,"
        " latency timer, ids, baud rates, torque, voltage, temperature. Only reads: nothing moves.",
        epilog="exit code 1: something is in the way of driving\n\n"
        "examples:\n"
        "  understudy check my-robot.toml\n"
        "  understudy check sim-kitchen          the simulated one; its world is started for it\n",
        formatter_class=options.HelpFormatter,
    )
    parser.add_argument("robot", metavar="PROFILE", help="a shipped profile's name, or a TOML file")
    options.add_data(parser)
    options.add_json(parser, what="the findings")
    parser.add_argument(
        "--progress", action="store_true", help="show progress without a terminal too, line by line"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print one line a finding as it is made; 1 when one is in the way of driving."""
    from app.runtime import resolve_port
    from drivers.check import Level, run_check
    from drivers.profile import load_profile

    robot = load_profile(args.robot)
    findings: list[Finding] = []
    text = text_stream(args.json)
    with ports_of(robot, args) as runtime_dir:
        found = run_check(
            robot, resolve_port=partial(resolve_port, runtime_dir), data_dir=options.data_dir(args)
        )
        with Progress("checking", unit="findings", always=args.progress) as progress:
            for finding in found:
                progress.clear()
                print(line_of(finding), file=text, flush=True)
                findings.append(finding)
                progress.update(len(findings))
    levels = Counter(finding.level for finding in findings)
    print(
        f"{robot.name}: {levels[Level.OK]} ok, {levels[Level.WARN]} to know, {levels[Level.FAIL]} in the way",
        file=text,
    )
    if args.json is not None:
        write_json(args.json, [as_json(finding) for finding in findings])
    return ExitCode.PROBLEMS if levels[Level.FAIL] else ExitCode.OK


@contextmanager
def ports_of(robot: RobotProfile, args: argparse.Namespace) -> Iterator[Path]:
    """The directory of a simulated robot's serial lines, with its world behind them; unused for a real robot."""
    if robot.simulation is None:
        yield Path()
        return
    from app.cli.world import running_world

    with running_world(args.robot, data_dir=options.data_dir(args)) as runtime_dir:
        yield runtime_dir


def line_of(finding: Finding) -> str:
    """A finding as one line, and one more for what to do."""
    seen = f": {finding.value}" if finding.value else ""
    remedy = f"\n      {finding.remedy}" if finding.remedy else ""
    return f"{finding.level.value:<4}  {finding.device} {finding.what}{seen}{remedy}"


def as_json(finding: Finding) -> dict[str, str]:
    """A finding as plain values."""
    return {
        "level": finding.level.value,
        "device": finding.device,
        "what": finding.what,
        "value": finding.value,
        "remedy": finding.remedy,
    }
