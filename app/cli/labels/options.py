"""What the commands on labels have in common: the dataset, whose labels, and of which episodes."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from app.cli.dataset_argument import dataset_dir
from app.cli.episodes import open_dataset
from app.cli.outcome import CommandError

if TYPE_CHECKING:
    from recordings import Dataset
    from recordings.labels import EpisodeLabels, LabelStore

BEST = "best"


def add_reviewer(parser: argparse.ArgumentParser) -> None:
    """Add `--reviewer` for commands that read."""
    parser.add_argument(
        "--reviewer",
        metavar="NAME",
        default=BEST,
        help="whose labels (default: best: the final ones, else those of the one reviewer who is furthest)",
    )


def dataset_of(args: argparse.Namespace) -> tuple[Dataset, LabelStore]:
    """The dataset that was asked for, and its labels.

    Raises:
        CommandError: when there is none.
        UsageError: when two are named.
        NotADataset: when the folder holds something else.
    """
    from recordings.labels import LabelStore

    dataset = open_dataset(dataset_dir(args))
    return dataset, LabelStore(dataset.path)


def labels_of(store: LabelStore, reviewer: str, episode_id: str) -> tuple[str, EpisodeLabels] | None:
    """Labels of an episode and whose they are, None where there are none.

    Raises:
        CommandError: when the best ones are asked for, and nobody has decided which those are.
        ReviewerNameRefused: when no folder may have this name.
    """
    if reviewer != BEST:
        labels = store.read(reviewer, episode_id)
        return (reviewer, labels) if not labels.untouched else None
    found = store.whose_best(episode_id)
    if found is None and (names := reviewers_of(store, episode_id)):
        raise CommandError(
            f"nobody has decided whose labels of {episode_id} count, those of {' or '.join(names)};"
            " name one with --reviewer, or accept one's work"
        )
    return found


def reviewers_of(store: LabelStore, episode_id: str) -> list[str]:
    """Those who have labels of an episode, by name."""
    return [name for name in store.reviewers() if not store.read(name, episode_id).untouched]
