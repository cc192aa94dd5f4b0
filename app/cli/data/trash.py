"""`understudy data trash`: set episodes aside; `restore` brings them back."""

from __future__ import annotations

import argparse
from typing import Any

from app.cli.episodes import find_all, open_dataset
from app.cli.options import add_data, add_episode, data_dir
from app.cli.outcome import ExitCode


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "trash",
        help="move episodes to the trash",
        description="Move episodes to the dataset's trash. Nothing is deleted; `understudy data restore` undoes it.",
    )
    add_data(parser)
    add_episode(parser, nargs="+")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Move each; every name is understood before the first is moved."""
    dataset = open_dataset(data_dir(args))
    ids = [episode.id for episode in dataset.episodes()]
    for episode_id in find_all(args.episode, ids, where=str(dataset.path)):
        dataset.trash(episode_id)
        print(f"{episode_id} is in the trash; undo: understudy data restore {episode_id}")
    return ExitCode.OK
