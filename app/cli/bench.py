"""`understudy bench NAME`: measure, and print one line per figure."""

from __future__ import annotations

import argparse
import importlib
from typing import Any

from app.cli.options import HelpFormatter

BENCHES = {
    "drive": ("app.bench.drive", "drive by the scripted operator, window open, recorder on"),
    "cockpit": ("app.bench.cockpit", "the window at its fullest, episode after episode, and take-overs"),
    "record": ("app.bench.record", "the recorder alone, fed by synthetic cameras"),
    "timeline": ("app.bench.timeline", "reviewing half an hour: opening, seeking, playing, panning"),
    "kill": ("app.bench.kill", "kill each process at random moments of a recording; what survives?"),
    "tasks": ("app.bench.tasks", "how often the scripted operator does each of its tasks in the kitchen"),
    "kitchen": (
        "app.bench.kitchen",
        "how often a policy does the kitchen's subtasks when told, and whole tasks alone",
    ),
    "start": ("app.bench.start", "how long until the window, and until four cameras and the robot answer"),
    "autonomy": (
        "app.bench.autonomy",
        "a policy moves the robot, told and alone: gaps, jumps, stops, and the 50 Hz loop beside it",
    ),
    "policy": ("app.bench.policy", "how fast a policy answers, against the plain path"),
    "words": (
        "app.bench.words",
        "how surely spoken words are heard, how seldom one is made up, and how soon",
    ),
    "voice": (
        "app.bench.voice",
        "how surely spoken commands are read, how seldom one is made up, and how soon",
    ),
    "thresholds": (
        "app.bench.word_thresholds",
        "the scores of spoken words and of talk, to choose thresholds by",
    ),
    "training": (
        "app.bench.training",
        "how fast recordings become batches, against a training step, and statistics of many",
    ),
    "fast": ("app.bench.fast", "FAST action tokens: how few, how true, and what random ones become"),
}
"""Name, module and purpose; a module is imported when its bench is asked for."""


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    listed = "\n".join(f"  {name:<10} {purpose}" for name, (_, purpose) in BENCHES.items())
    parser = commands.add_parser(
        "bench",
        help="measure what the app promises",
        description="Measure what the app promises; prints one line per figure.",
        epilog=f"benches:\n{listed}\n\nexamples:\n"
        "  understudy bench drive --seconds 60 --json figures.json\n"
        "  understudy bench drive --help                              a bench's own options\n",
        formatter_class=HelpFormatter,
    )
    parser.add_argument("bench", metavar="NAME", choices=tuple(BENCHES), help=", ".join(BENCHES))
    parser.add_argument(
        "rest", metavar="…", nargs=argparse.REMAINDER, help="options of the bench, see its --help"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a bench and return its exit code: 0 when it ran, 1 when it failed or a figure is out of bounds."""
    module_name, purpose = BENCHES[args.bench]
    module: Any = importlib.import_module(module_name)
    parser = argparse.ArgumentParser(prog=f"understudy bench {args.bench}", description=purpose)
    module.add_arguments(parser)
    code: int = module.run(parser.parse_args(args.rest))
    return code
