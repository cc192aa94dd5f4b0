"""`understudy data export`: recordings in the formats of others."""

from __future__ import annotations

import argparse
from typing import Any

from app.cli.data.export import lerobot
from app.cli.dataset_argument import DatasetParser
from app.cli.options import HelpFormatter


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command and those under it."""
    parser = commands.add_parser(
        "export",
        help="write recordings in another format",
        description="Write recordings in a format that other software loads. The recordings stay as they are.",
        epilog="example:\n  understudy data export lerobot ~/plates-lerobot\n",
        formatter_class=HelpFormatter,
    )
    under = parser.add_subparsers(
        title="formats", metavar="FORMAT", required=True, parser_class=DatasetParser
    )
    lerobot.add_parser(under)
