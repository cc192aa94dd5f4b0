"""`understudy bench start`: from the command to a window, and to a robot that answers and four live cameras."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from app.bench.figures import Figures, add_json_argument

PROJECT = Path(__file__).resolve().parents[2]
START_MAY_TAKE_S = 120.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="starts; the median counts (5)")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Start again and again, and report; 1 when a bound was missed."""
    through_make = (PROJECT / "Makefile").exists() and shutil.which("make") is not None
    starts = [one_start(through_make=through_make) for _ in range(args.runs)]
    figures = Figures()
    figures.add("started_through", "make run" if through_make else "understudy")
    figures.add("window_s", statistics.median(start[0] for start in starts), at_most=4)
    figures.add("window_s_worst", max(start[0] for start in starts))
    figures.add("ready_s", statistics.median(start[1] for start in starts), at_most=10)
    figures.add("ready_s_worst", max(start[1] for start in starts))
    return figures.report(args.json)


def one_start(*, through_make: bool) -> tuple[float, float]:
    """Seconds from the command to the window, and to the robot and every camera.

    Raises:
        RuntimeError: when the app ended without either.
    """
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as scratch:
        report = Path(scratch) / "start.json"
        arguments = ["--data", str(Path(scratch) / "dataset"), "--report-start", str(report)]
        if through_make:
            command = ["make", "--silent", "-C", str(PROJECT), "run", f"ARGS={' '.join(arguments)}"]
        else:
            command = [sys.executable, "-m", "app.cli.main", *arguments]
        environment = os.environ | {"QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
        environment["XDG_CONFIG_HOME"] = scratch
        began = time.monotonic()
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=START_MAY_TAKE_S, check=False
        )
        if not report.exists():
            raise RuntimeError(
                f"the app ended with code {done.returncode} before it was ready: {done.stderr}"
            )
        times = json.loads(report.read_text())
    return times["window_s"] - began, times["ready_s"] - began
