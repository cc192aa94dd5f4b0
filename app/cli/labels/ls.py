"""`understudy labels ls`: one line an episode, one column a reviewer."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.cli import table
from app.cli.dataset_argument import add_dataset
from app.cli.labels.options import dataset_of
from app.cli.options import add_json
from app.cli.outcome import ExitCode, write_json

if TYPE_CHECKING:
    from recordings.labels import EpisodeLabels

TASK_WIDTH = 40


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "ls",
        help="list episodes, and who has labelled them how far",
        description="List episodes, oldest first, and for each reviewer the number of subtasks and where the work"
        " stands. Labels whose episode is in the trash or gone are listed too.",
    )
    add_dataset(parser)
    add_json(parser, what="the list instead of the table")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the list."""
    dataset, store = dataset_of(args)
    reviewers = store.reviewers()
    tasks = {info.id: info.task for info in dataset.episodes()}
    trashed = {info.id for info in dataset.trashed()}
    labelled = {name: frozenset(store.episodes(name)) for name in reviewers}
    entries = []
    for episode_id in sorted(frozenset(tasks).union(*labelled.values())):
        where = "dataset" if episode_id in tasks else "trash" if episode_id in trashed else "gone"
        found = {name: store.read(name, episode_id) for name in reviewers if episode_id in labelled[name]}
        entries.append(
            {
                "episode": episode_id,
                "where": where,
                "task": tasks.get(episode_id, ""),
                "reviewers": {name: standing(labels) for name, labels in found.items()},
            }
        )
    if args.json:
        write_json(args.json, entries)
    elif not entries:
        print(f"no episodes in {dataset.path}")
    else:
        print(table.columns(("EPISODE", *reviewers, "TASK"), [row(entry, reviewers) for entry in entries]))
    return ExitCode.OK


def standing(labels: EpisodeLabels) -> dict[str, Any]:
    """How much a reviewer has done of an episode, and where it stands."""
    return {
        "subtasks": len(labels.subtasks),
        "boxes": len(labels.boxes),
        "progress": labels.episode.progress.value,
        "damage": list(labels.damage),
    }


def row(entry: dict[str, Any], reviewers: list[str]) -> tuple[str, ...]:
    """An episode's line of the table."""
    task = {
        "dataset": table.clipped(entry["task"], TASK_WIDTH),
        "trash": "(in the trash)",
        "gone": "(no such episode)",
    }
    return (
        entry["episode"],
        *(cell(entry["reviewers"].get(name)) for name in reviewers),
        task[entry["where"]],
    )


def cell(standing: dict[str, Any] | None) -> str:
    """`7 done`, `7 open, damaged`, or nothing."""
    if standing is None:
        return ""
    damaged = ", damaged" if standing["damage"] else ""
    return f"{standing['subtasks']} {standing['progress']}{damaged}"
