"""`understudy data`: look after recordings."""

from __future__ import annotations

import argparse
from typing import Any

from app.cli.data import export, info, ls, repair, restore, trash, verify
from app.cli.options import HelpFormatter


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command and those under it."""
    parser = commands.add_parser(
        "data",
        help="list, check, repair, trash and export recordings",
        description="Look after recordings. Nothing here changes an episode's data, except `repair` when asked.",
        epilog="examples:\n"
        "  understudy data ls\n"
        "  understudy data info last\n"
        "  understudy data verify --data /mnt/robot\n"
        "  understudy data repair\n"
        "  understudy data trash last && understudy data restore last\n"
        "  understudy data export lerobot ~/plates-lerobot\n",
        formatter_class=HelpFormatter,
    )
    under = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (ls, info, verify, repair, trash, restore, export):
        command.add_parser(under)
