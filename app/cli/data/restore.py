"""`understudy data restore`: take episodes back out of the trash."""

from __future__ import annotations

import argparse
from typing import Any

from app.cli.episodes import find_all, open_dataset
from app.cli.options import add_data, add_episode, data_dir
from app.cli.outcome import ExitCode


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "restore",
        help="take episodes back out of the trash",
        description="Take episodes back out of the trash. `understudy data ls --trash` lists what is there.",
    )
    add_data(parser)
    add_episode(parser, nargs="+")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Move each back."""
    dataset = open_dataset(data_dir(args))
    ids = [episode.id for episode in dataset.trashed()]
    for episode_id in find_all(args.episode, ids, where=f"the trash of {dataset.path}"):
        dataset.restore(episode_id)
        print(f"{episode_id} is back")
    return ExitCode.OK
