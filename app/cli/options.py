"""Options that several commands share, so that they mean and read the same everywhere."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from app.cli.outcome import UsageError

DEFAULT_PROFILE = "sim-kitchen"


class HelpFormatter(argparse.HelpFormatter):
    """Wraps a command's description, and leaves the lines of its examples as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)


def add_data(parser: argparse.ArgumentParser, *, default: object = argparse.SUPPRESS) -> None:
    """Add `--data`; suppressed defaults leave one that was given before the command's name standing."""
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        default=default,
        help="folder of recordings (default: $UNDERSTUDY_DATA, or ~/understudy)",
    )


def add_profile(parser: argparse.ArgumentParser, *, default: object = argparse.SUPPRESS) -> None:
    """Add `--profile`."""
    parser.add_argument(
        "--profile",
        metavar="NAME|FILE",
        default=default,
        help=f"the robot: a shipped profile or a TOML file (default: {DEFAULT_PROFILE}, simulated)",
    )


def add_session(parser: argparse.ArgumentParser) -> None:
    """Add the options of every command that runs a session without a window."""
    parser.add_argument(
        "--operator", default=argparse.SUPPRESS, metavar="NAME", help="who drives; kept with every episode"
    )
    parser.add_argument(
        "--progress", action="store_true", help="show progress without a terminal too, line by line"
    )


def add_json(parser: argparse.ArgumentParser, *, what: str) -> None:
    """Add `--json FILE`."""
    parser.add_argument("--json", type=Path, metavar="FILE", help=f"write {what} as JSON; `-` is stdout")


def add_episode(
    parser: argparse.ArgumentParser, *, nargs: str | None = None, help: str | None = None
) -> None:
    """Add EPISODE: an id, the end or the beginning of one, or `last`."""
    parser.add_argument(
        "episode",
        metavar="EPISODE",
        nargs=nargs,
        help=help or "an id, a part of one that is unique, or `last`",
    )


def data_dir(args: argparse.Namespace) -> Path:
    """The folder of recordings that was asked for."""
    from app.runtime import default_data_dir  # brings the data plane with it

    given: Path | None = args.data
    return default_data_dir() if given is None else given.expanduser()


def profile(args: argparse.Namespace) -> str:
    """The profile that was asked for."""
    given: str | None = args.profile
    return given or DEFAULT_PROFILE


def positive_seconds(text: str) -> float:
    """Parse a duration for argparse.

    Raises:
        argparse.ArgumentTypeError: when it is not a positive number.
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds


def at_least_one(text: str) -> int:
    """Parse a positive integer for argparse.

    Raises:
        argparse.ArgumentTypeError: when it is none.
    """
    return _integer(text, least=1)


def at_least_none(text: str) -> int:
    """Parse an integer from 0 on for argparse.

    Raises:
        argparse.ArgumentTypeError: when it is none.
    """
    return _integer(text, least=0)


def _integer(text: str, *, least: int) -> int:
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"{text!r} is not an integer from {least} on")
    return int(text)


def require(given: str | None, option: str, *, example: str) -> str:
    """The value of an option that must not be empty.

    Raises:
        UsageError: when it is missing or empty.
    """
    if not given or not given.strip():
        raise UsageError(f"{option} is empty; say it, as in {option} {example!r}")
    return given.strip()
