"""`understudy labels import`: files of other programs as a reviewer's labels."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.dataset_argument import add_dataset
from app.cli.episodes import find
from app.cli.labels.options import dataset_of
from app.cli.outcome import CommandError, ExitCode, UsageError

if TYPE_CHECKING:
    from recordings import Dataset
    from recordings.labels import LabelStore, Tier

ENDINGS = ("eaf", "vtt", "csv", "tsv", "json")


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "import",
        help="take labels in from ELAN, WebVTT, CSV or JSON",
        description="Take the labels of files in among a reviewer's own; each file is one step, which the reviewer can"
        " undo. A label of the file takes the place of the one that it was exported from; subtasks of the file cut"
        " others that they lie over. A file with an error is not taken in at all.",
    )
    add_dataset(parser)
    parser.add_argument("files", metavar="FILE", nargs="*", type=Path, help=".eaf, .vtt, .csv or .json")
    parser.add_argument("--reviewer", required=True, metavar="NAME", help="among whose labels")
    parser.add_argument(
        "--episode", metavar="ID", help="of which episode (default: as the file says, or as its name does)"
    )
    parser.add_argument(
        "--tier",
        action="append",
        default=[],
        metavar="THEIRS=OURS",
        help="what a tier of the files is: subtask, utterance, intervention or note; may be repeated",
    )
    parser.add_argument(
        "--replace", action="store_true", help="take away what the file lacks, in the tiers that it has"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Take each file in; those after one with an error too."""
    from recordings.errors import RecordingError

    if args.dataset is not None and looks_like_labels(args.dataset):
        args.files, args.dataset = [args.dataset, *args.files], None
    if not args.files:
        raise UsageError("FILE is missing; name the files to take in, such as ~/elan/*.eaf")
    dataset, store = dataset_of(args)
    tiers = dict(tier_pair(text) for text in args.tier)
    problems = 0
    for path in args.files:
        try:
            take_in(dataset, store, path, args, tiers)
        except (CommandError, RecordingError, OSError) as error:
            problems += 1
            reason = str(error.strerror or error) if isinstance(error, OSError) else str(error)
            print(f"not taken in: {reason if str(path) in reason else f'{path}: {reason}'}")
    return ExitCode.PROBLEMS if problems else ExitCode.OK


def looks_like_labels(path: Path) -> bool:
    """Whether a first argument is a file to take in, and not the dataset: by its name, or because it is a file."""
    named = path.suffix.lower().removeprefix(".") in ENDINGS
    return path.expanduser().is_file() or (named and not path.expanduser().is_dir())


def take_in(
    dataset: Dataset, store: LabelStore, path: Path, args: argparse.Namespace, tiers: dict[str, Tier]
) -> None:
    """Take one file in as one step, and say what came of it.

    Raises:
        CommandError: when nothing says which episode it is of.
        FileNotUnderstood: when something in it makes no sense.
        LabelsInUse: when a window has the labels open.
    """
    from recordings.labels import formats

    data = path.expanduser().read_bytes()
    ids = [info.id for info in dataset.episodes()]
    asked = args.episode or formats.episode_named(data, str(path), ids)
    if not asked:
        raise CommandError(
            f"{path}: neither the file nor its name says which episode it is of; add --episode ID"
        )
    episode_id = find(asked, ids, where=str(dataset.path))
    clock = formats.EpisodeClock.of(dataset.episode(episode_id))
    existing = store.read(args.reviewer, episode_id)
    imported = formats.read(data, clock, str(path), existing=existing, tiers=tiers)
    with store.edit(args.reviewer, episode_id) as editor:
        changes, losses = formats.changes(editor.labels, imported, replace=args.replace)
        editor.apply(changes, f"import {path.name}")
    new = sum(change.before is None for change in changes)
    gone = sum(change.after is None for change in changes)
    print(
        f"{path}: {len(imported.labels)} labels of {episode_id} by {args.reviewer}: {new} new,"
        f" {len(changes) - new - gone} changed, {gone} taken away"
    )
    for loss in (*imported.losses, *losses):
        print(f"  {loss}")


def tier_pair(text: str) -> tuple[str, Tier]:
    """What `--tier THEIRS=OURS` says.

    Raises:
        UsageError: when it says no tier of ours.
    """
    from recordings.labels import Tier

    theirs, equals, ours = text.rpartition("=")
    try:
        return theirs, Tier(ours.strip().casefold() if equals else "")
    except ValueError:
        raise UsageError(
            f"--tier {text!r} names no tier of ours; say it as in --tier 'Speech=utterance', with one of"
            f" {', '.join(Tier)}"
        ) from None
