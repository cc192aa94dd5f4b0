"""`understudy`: finds the command that was asked for, runs it, and says in one line why it could not."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import sys
import traceback
from collections.abc import Callable, Sequence

from app.cli import (
    bench,
    check,
    data,
    demos,
    evaluate,
    labels,
    norm_stats,
    policy,
    profiles,
    questions,
    record,
    replay,
    rollouts,
    serve,
    train,
    window,
)
from app.cli.options import HelpFormatter, add_data, add_profile
from app.cli.outcome import CommandError, ExitCode, UsageError

EPILOG = """\
examples:
  understudy                                     open the window on the simulated robot
  understudy --profile my-robot.toml             open it on another robot
  understudy check my-robot.toml                 which devices answer, which do not, and what to do
  understudy record --headless --task "clear the plate" --script "put the plate in the sink"
  understudy data ls                             every recorded episode
  understudy data verify last                    prove that the last one is whole
  understudy labels ls                           who has labelled which episode, and how far
  understudy questions --scenes 2000 --into web  pictures of the kitchen, with questions, to learn from
  understudy train kitchen.toml                  train a policy from recordings
  understudy serve ~/checkpoints/kitchen         let programs ask a policy over the network
  understudy demos --episodes 3000 --into ~/demos  demonstrations by the scripted operator, to learn from
  understudy rollouts dagger --into ~/dagger     a policy let loose, and how to go on from there
  understudy evaluate --task "open the drawer" --variant hierarchical --variant implicit --seeds 20
  understudy bench drive --seconds 60            drive and record for a minute, print one line per figure

`understudy COMMAND --help` shows a command's own options and examples.

exit codes:
  0    done, and nothing is wrong
  1    it failed, or it found problems
  2    the command line was not understood
  130  interrupted
"""

OURS = ("app.", "drivers.", "recordings.", "policy.")
"""Errors of our own modules are written for people; any other is a mistake in the program."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code."""
    debug = False
    try:
        try:
            args = build_parser().parse_args(argv)
            debug = args.debug
            run: Callable[[argparse.Namespace], int] = args.run
            return run(args)
        finally:
            sys.stdout.flush()  # so that a reader that has gone is noticed here, not at the interpreter's end
    except KeyboardInterrupt:
        print("understudy: interrupted", file=sys.stderr)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (`| head`); keep the interpreter from saying so once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.PROBLEMS
    except Exception as error:  # noqa: BLE001 - the last place to turn an error into a line for the person who typed
        if debug:
            traceback.print_exc()
        print(f"understudy: {explained(error)}", file=sys.stderr)
        return ExitCode.USAGE if isinstance(error, UsageError) else ExitCode.PROBLEMS


def explained(error: Exception) -> str:
    """An error as one line: what, the value seen, what to do."""
    if isinstance(error, CommandError) or type(error).__module__.startswith(OURS):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.strerror or error}{': ' + str(error.filename) if error.filename else ''}"
    return f"unexpected {type(error).__name__}: {error}; `understudy --debug …` shows where; please report it"


def build_parser() -> argparse.ArgumentParser:
    """The whole command line. Nothing slow is imported for it."""
    parser = argparse.ArgumentParser(
        prog="understudy",
        description="Lead a household robot, tell it, then let it go alone. Without a command, the window opens.",
        epilog=EPILOG,
        formatter_class=HelpFormatter,
    )
    parser.add_argument(
        "--version", action="version", version=f"understudy {importlib.metadata.version('understudy')}"
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    add_profile(parser, default=None)
    add_data(parser, default=None)
    window.add_arguments(parser)
    parser.set_defaults(run=window.run)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in (
        record,
        replay,
        check,
        profiles,
        data,
        labels,
        demos,
        rollouts,
        questions,
        norm_stats,
        policy,
        train,
        serve,
        evaluate,
        bench,
    ):
        command.add_parser(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
