"""`understudy labels export`: labels as files of other programs."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.dataset_argument import add_dataset
from app.cli.episodes import find_all
from app.cli.labels.options import BEST, add_reviewer, dataset_of, labels_of
from app.cli.outcome import CommandError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recordings.labels import EpisodeLabels, LabelStore
    from recordings.labels.formats import Loss

NAMES = ("eaf", "vtt", "csv", "json")


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "export",
        help="write labels as ELAN, WebVTT, CSV or JSON",
        description="Write the labels of episodes to a folder, a file for each, and say what the format cannot hold."
        " CSV and JSON hold everything; ELAN and WebVTT count milliseconds from the episode's start.",
        epilog="exit code 1: there are no labels, or some episodes were passed over; each is told with its reason",
    )
    add_dataset(parser)
    parser.add_argument("--format", required=True, choices=NAMES, help="kind of the files")
    parser.add_argument("--to", required=True, type=Path, metavar="FOLDER", help="made where there is none")
    add_reviewer(parser)
    parser.add_argument(
        "--episode", nargs="+", default=[], metavar="ID", help="only these (default: all that have labels)"
    )
    parser.add_argument("--overwrite", action="store_true", help="write over files that are there")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the files, each whole or not at all; 1 when some episodes had to be passed over."""
    from recordings.errors import RecordingError
    from recordings.labels import formats

    dataset, store = dataset_of(args)
    ids = find_all(args.episode, [info.id for info in dataset.episodes()], where=str(dataset.path))
    found, passed_over = labels_by_id(store, args.reviewer, ids, asked_for=bool(args.episode))
    folder: Path = args.to.expanduser()
    targets = {episode_id: folder / f"{episode_id}.{args.format}" for episode_id in found}
    there = [path for path in targets.values() if path.exists()]
    if there and not args.overwrite:
        raise CommandError(f"{there[0]} is there already; choose another folder, or add --overwrite")
    if not found and not passed_over:
        raise CommandError(nothing_there(dataset.path, ids, store, args.reviewer))
    vocabulary = sorted({span.text for _, labels in found.values() for span in labels.subtasks})
    losses: list[Loss] = []
    folder.mkdir(parents=True, exist_ok=True)
    done = 0
    for episode_id, (reviewer, labels) in found.items():
        try:
            clock = formats.EpisodeClock.of(dataset.episode(episode_id))
        except (RecordingError, OSError) as error:
            passed_over.append(f"{episode_id}: {error}")
            continue
        written = formats.write(labels, clock, args.format, reviewer=reviewer, vocabulary=vocabulary)
        write_file(targets[episode_id], written.data)
        done += 1
        losses += written.losses
        print(targets[episode_id])
        for damage in labels.damage:
            print(f"  {damage}")
    for line in (*summed(losses), *passed_over):
        print(line)
    print(f"{done} of {len(ids)} episodes written to {folder}")
    return ExitCode.PROBLEMS if passed_over else ExitCode.OK


def labels_by_id(
    store: LabelStore, reviewer: str, ids: Iterable[str], *, asked_for: bool
) -> tuple[dict[str, tuple[str, EpisodeLabels]], list[str]]:
    """The labels of episodes that have any, with whose; why others are passed over, those without only if asked for."""
    found: dict[str, tuple[str, EpisodeLabels]] = {}
    passed_over: list[str] = []
    for episode_id in ids:
        try:
            one = labels_of(store, reviewer, episode_id)
        except (CommandError, OSError) as error:
            passed_over.append(str(error))
            continue
        if one is not None:
            found[episode_id] = one
        elif asked_for:
            passed_over.append(f"no labels of {episode_id}")
    return found, passed_over


def nothing_there(path: Path, ids: Sequence[str], store: LabelStore, reviewer: str) -> str:
    """Why there is nothing to export, and what to do."""
    if not ids:
        return f"no episodes in {path}; record one first, or name another folder with --data"
    others = [name for name in store.reviewers() if name != reviewer]
    if reviewer != BEST and others:
        return (
            f"{reviewer} has labelled none of the {len(ids)} episodes in {path};"
            f" those who have labelled any are {', '.join(others)}"
        )
    return (
        f"nobody has labelled any of the {len(ids)} episodes in {path};"
        " label on the Review page first, or name another folder with --data"
    )


def write_file(path: Path, data: bytes) -> None:
    """A whole file, or none.

    Raises:
        CommandError: when the disk refuses it.
    """
    from recordings.files import replace_file

    try:
        replace_file(path, data)
    except OSError as error:
        raise CommandError(
            f"cannot write {path}: {error.strerror}; the files before it are whole. Make room, or choose another folder"
        ) from error


def summed(losses: Iterable[Loss]) -> list[str]:
    """Losses of several files together, a line for each kind."""
    counts: Counter[tuple[str, str]] = Counter()
    for loss in losses:
        counts[loss.what, loss.why] += loss.count
    return [f"{count} {what}: {why}" for (what, why), count in counts.items()]
