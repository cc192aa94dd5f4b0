"""`understudy data ls`: one line an episode; those that evaluations recorded are told apart from those collected."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.cli import table
from app.cli.episodes import open_dataset
from app.cli.options import add_data, add_json, data_dir
from app.cli.outcome import ExitCode, write_json

if TYPE_CHECKING:
    from recordings import EpisodeInfo

TASK_WIDTH = 40


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "ls",
        help="list episodes",
        description="List episodes, oldest first. Only attributes are read, so that it is quick however much there is.",
    )
    add_data(parser)
    parser.add_argument("--trash", action="store_true", help="list the trash instead")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--collected", action="store_true", help="only episodes to train on: without those of evaluations"
    )
    which.add_argument("--evaluations", action="store_true", help="only episodes that evaluations recorded")
    add_json(parser, what="the list, with every attribute, instead of the table")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the list."""
    dataset = open_dataset(data_dir(args))
    episodes = [
        episode
        for episode in (dataset.trashed() if args.trash else dataset.episodes())
        if not (args.evaluations if not episode.evaluation else args.collected)
    ]
    if args.json:
        write_json(args.json, [as_json(episode) for episode in episodes])
        return ExitCode.OK
    if not episodes:
        kind = " collected" if args.collected else " evaluation" if args.evaluations else ""
        print(f"no{kind} episodes in {'the trash of ' if args.trash else ''}{dataset.path}")
        return ExitCode.OK
    header = ("EPISODE", "STATE", "LENGTH", "SIZE", "OUTCOME", "KIND", "TASK")
    print(table.columns(header, [row(episode) for episode in episodes]))
    return ExitCode.OK


def row(episode: EpisodeInfo) -> tuple[str, ...]:
    """An episode's line of the table."""
    if episode.problem is not None:
        return (episode.id, "unreadable", "", "", "", "", episode.problem)
    return (
        episode.id,
        state_of(episode),
        table.duration(episode.duration_s) if episode.complete else "",
        table.size(episode.bytes_written) if episode.complete else "",
        episode.outcome.value,
        "evaluation" if episode.evaluation else "collected",
        table.clipped(episode.task, TASK_WIDTH),
    )


def state_of(episode: EpisodeInfo) -> str:
    """`complete`, `repaired`, `recording`, `cut` (a crash ended it; repair completes it) or `unreadable`."""
    if episode.problem is not None:
        return "unreadable"
    if not episode.complete:
        return "recording" if episode.recording else "cut"
    return "repaired" if episode.repaired else "complete"


def as_json(episode: EpisodeInfo) -> dict[str, Any]:
    """An episode's entry of the JSON array."""
    import msgspec

    plain: dict[str, Any] = msgspec.to_builtins(episode, enc_hook=str)
    return {**plain, "state": state_of(episode), "evaluation": episode.evaluation}
