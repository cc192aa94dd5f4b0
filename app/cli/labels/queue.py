"""`understudy labels queue`: what a reviewer is to look at next."""

from __future__ import annotations

import argparse
from typing import Any

from app.cli import table
from app.cli.dataset_argument import add_dataset
from app.cli.labels.options import dataset_of
from app.cli.options import add_json
from app.cli.outcome import ExitCode, write_json

LEAST_KAPPA = 0.8


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "queue",
        help="list what a reviewer is to look at next",
        description="List episodes that wait for a reviewer, the most pressing first: work that was rejected, what was"
        " flagged, where two who are done agree too little, what is begun, and what is not labelled.",
    )
    add_dataset(parser)
    parser.add_argument("--reviewer", metavar="NAME", required=True, help="who; `final` for whoever decides")
    parser.add_argument(
        "--least-kappa",
        metavar="K",
        type=float,
        default=LEAST_KAPPA,
        help="agreement below which labels count as differing, up to 1 (default: %(default)s)",
    )
    add_json(parser, what="the list instead of the table")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the list."""
    import msgspec

    from recordings.labels.queue import ReviewQueue

    dataset, store = dataset_of(args)
    items = ReviewQueue(dataset, store).read(args.reviewer, least_kappa=args.least_kappa)
    if args.json is not None:
        write_json(args.json, msgspec.to_builtins(items))
    elif not items:
        print(f"nothing waits for {args.reviewer}")
    else:
        print(table.columns(("EPISODE", "WHY"), [(item.episode_id, "; ".join(item.words)) for item in items]))
    return ExitCode.OK
