"""`understudy labels vocabulary`: what subtasks are called, and what may be the same."""

from __future__ import annotations

import argparse
from typing import Any

from app.cli import table
from app.cli.dataset_argument import add_dataset
from app.cli.labels.options import dataset_of
from app.cli.options import add_json
from app.cli.outcome import ExitCode, write_json

TEXT_WIDTH = 60


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "vocabulary",
        help="list the texts of a dataset's labels",
        description="List the texts that subtasks have, in labels and as they were told while recording, the palette's"
        " first; then those that may be one text in two spellings, with the line that merges them.",
    )
    add_dataset(parser)
    add_objects(parser, "list those of boxes instead")
    add_json(parser, what="the list instead of the table")
    parser.set_defaults(run=run)


def add_objects(parser: argparse.ArgumentParser, help: str) -> None:
    """Add `--objects`."""
    parser.add_argument("--objects", action="store_const", const="objects", default="subtasks", help=help)


def run(args: argparse.Namespace) -> int:
    """Print the list."""
    import msgspec

    from recordings.labels.vocabulary import VocabularyReader

    dataset, store = dataset_of(args)
    vocabulary = VocabularyReader(store, dataset).read(args.objects)
    merges = vocabulary.near_duplicates()
    if args.json is not None:
        texts, near = msgspec.to_builtins(vocabulary.entries), msgspec.to_builtins(merges)
        write_json(args.json, {"texts": texts, "near_duplicates": near})
        return ExitCode.OK
    if not vocabulary.entries:
        print(f"no {args.objects} are named in {dataset.path}")
        return ExitCode.OK
    rows = [
        (
            table.clipped(one.text, TEXT_WIDTH),
            str(one.labelled),
            str(one.recorded),
            "yes" if one.pinned else "",
        )
        for one in vocabulary.entries
    ]
    print(table.columns(("TEXT", "LABELS", "RECORDINGS", "PALETTE"), rows))
    for merge in merges:
        print(f'"{merge.old}" may be "{merge.new}" ({merge.why})')
    if merges:
        print("to merge two: understudy labels rename DATASET OLD NEW")
    return ExitCode.OK
