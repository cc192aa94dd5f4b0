"""`understudy` without a command: the window."""

from __future__ import annotations

import argparse

from app.cli.options import data_dir, profile


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that only the window takes."""
    parser.add_argument("--operator", default="", metavar="NAME", help="who drives; kept with every episode")


def run(args: argparse.Namespace) -> int:
    """Open the window; returns when it is closed."""
    from app.gui.main import run as open_window  # Qt
    from app.session import Session

    return open_window(lambda: Session(profile(args), data_dir=data_dir(args), operator=args.operator))
