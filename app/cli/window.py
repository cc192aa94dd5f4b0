"""`understudy` without a command: the window."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.options import data_dir, profile
from app.cli.outcome import CommandError

if TYPE_CHECKING:
    from app.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that only the window takes."""
    parser.add_argument("--operator", default="", metavar="NAME", help="who drives; kept with every episode")
    # For `understudy bench start`, and of no use to a person.
    parser.add_argument("--report-start", type=Path, help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Open the window; returns when it is closed. A profile that cannot be used is told here, before any window."""
    from drivers.profile import load_profile

    load_profile(profile(args))
    refuse_without_a_screen()
    from app.gui.main import run as open_window  # Qt

    def reopen(wanted: str) -> Session:
        from app.session import Session  # beside the window, which is on screen by then

        return Session(wanted, data_dir=data_dir(args), operator=args.operator)

    def start() -> Session:
        return reopen(profile(args))

    if args.report_start is not None:
        from app.gui.report_start import StartReport

        report = StartReport(args.report_start)
        return open_window(report.watch_session(start), on_window=report.watch_window)
    return open_window(start, reopen=reopen)


def refuse_without_a_screen() -> None:
    """Say that there is no screen, before Qt says it in five lines and aborts.

    Raises:
        CommandError: when no desktop is to be seen from here.
    """
    if not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
        raise CommandError(
            "no screen: neither DISPLAY nor WAYLAND_DISPLAY is set; type it on the desktop, or record without a window:"
            " understudy record --headless --help"
        )
