"""`understudy labels rename`: another name for a subtask, in everybody's labels."""

from __future__ import annotations

import argparse
from typing import Any

from app.cli.dataset_argument import add_dataset
from app.cli.labels.options import dataset_of
from app.cli.labels.vocabulary import add_objects
from app.cli.options import HelpFormatter
from app.cli.outcome import CommandError, ExitCode, UsageError


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "rename",
        help="give a text of labels another name, throughout a dataset",
        description="Give every subtask of one text another, in all reviewers' labels. Each journal gets one step,"
        " which its reviewer can undo. What was recorded stays as it was told.",
        epilog="exit code 1: some labels could not be written, such as those open in a window; they are named\n\n"
        "examples:\n"
        '  understudy labels rename "pickup the cup" "pick up the cup"\n',
        formatter_class=HelpFormatter,
    )
    add_dataset(parser)
    parser.add_argument("old", metavar="OLD", help="the text as it is")
    parser.add_argument("new", metavar="NEW", help="the text as it is to be")
    add_objects(parser, "rename an object of boxes instead")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Rename; 1 when some of it was left."""
    from recordings.labels.renaming import rename
    from recordings.labels.vocabulary import VocabularyReader

    dataset, store = dataset_of(args)
    if not args.new.strip():
        raise UsageError("NEW is empty; take labels away in the window instead")
    done = rename(store, {args.old: args.new}, of=args.objects)
    if not done.changed and not done.left:
        near = VocabularyReader(store, dataset).read(args.objects).complete(args.old, at_most=3)
        known = f"; did you mean {' or '.join(repr(text) for text in near)}?" if near else ""
        raise CommandError(f"no label has the text {args.old!r}{known}")
    print(done.words)
    return ExitCode.PROBLEMS if done.left else ExitCode.OK
