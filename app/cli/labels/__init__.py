"""`understudy labels`: look after what reviewers said of episodes."""

from __future__ import annotations

import argparse
from typing import Any

from app.cli.dataset_argument import DatasetParser
from app.cli.labels import agree, export, ls, queue, rename, show, take_in, vocabulary
from app.cli.options import HelpFormatter


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command and those under it."""
    parser = commands.add_parser(
        "labels",
        help="list, show, compare, rename, export and import reviewers' labels",
        description="Look after reviewers' labels of a dataset. Recordings are never changed by it.",
        epilog="examples:\n"
        "  understudy labels ls\n"
        "  understudy labels ls --data /mnt/robot\n"
        "  understudy labels show last\n"
        "  understudy labels show last --reviewer ann\n"
        "  understudy labels queue --reviewer ann\n"
        "  understudy labels agree ann bob\n"
        "  understudy labels export --format eaf --to ~/elan\n"
        "  understudy labels import ~/elan/*.eaf --reviewer ann\n",
        formatter_class=HelpFormatter,
    )
    under = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=DatasetParser
    )
    for command in (ls, show, queue, agree, vocabulary, rename, export, take_in):
        command.add_parser(under)
