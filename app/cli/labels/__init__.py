"""`understudy labels`: look at what reviewers said of episodes."""

from __future__ import annotations

import argparse
from typing import Any

from app.cli.labels import ls, show
from app.cli.options import HelpFormatter


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command and those under it."""
    parser = commands.add_parser(
        "labels",
        help="list and show reviewers' labels",
        description="Look at reviewers' labels of a dataset. Recordings are never changed by it.",
        epilog="examples:\n"
        "  understudy labels ls ~/understudy\n"
        "  understudy labels show ~/understudy last\n"
        "  understudy labels show ~/understudy last --reviewer ann\n",
        formatter_class=HelpFormatter,
    )
    under = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (ls, show):
        command.add_parser(under)
