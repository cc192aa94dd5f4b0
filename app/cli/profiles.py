"""`understudy profiles`: the robots that come with the app."""

from __future__ import annotations

import argparse
from typing import Any

from app.cli import table
from app.cli.outcome import ExitCode


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "profiles",
        help="list the robots that come with the app",
        description="List the robot profiles that come with the app. Any other is a TOML file, given by its path.",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print one line a profile."""
    from drivers.profile import load_profile, profile_names

    robots = [load_profile(name) for name in profile_names()]
    rows = [(robot.name, str(len(robot.cameras)), robot.description) for robot in robots]
    print(table.columns(("NAME", "CAMERAS", "WHAT IT IS"), rows))
    return ExitCode.OK
