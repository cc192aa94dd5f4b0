"""`understudy labels show`: one reviewer's labels of one episode."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from app.cli import table
from app.cli.dataset_argument import add_dataset
from app.cli.episodes import find
from app.cli.labels.options import BEST, add_reviewer, dataset_of, labels_of
from app.cli.options import add_episode, add_json
from app.cli.outcome import CommandError, ExitCode, write_json

if TYPE_CHECKING:
    from recordings import Episode
    from recordings.labels import EpisodeLabels, Origin

TEXT_WIDTH = 60


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "show",
        help="print the labels of an episode",
        description="Print the labels of an episode, in order of time; times are seconds from the episode's start.",
    )
    add_dataset(parser)
    add_episode(parser)
    add_reviewer(parser)
    add_json(parser, what="every label, with capture times in ns, instead of the table")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the labels."""
    import msgspec

    dataset, store = dataset_of(args)
    episode_id = find(args.episode, [info.id for info in dataset.episodes()], where=str(dataset.path))
    found = labels_of(store, args.reviewer, episode_id)
    if found is None:
        whose = "" if args.reviewer == BEST else f" by {args.reviewer}"
        raise CommandError(f"no labels of {episode_id}{whose}; `understudy labels ls` lists what there is")
    _, labels = found
    for damage in labels.damage:
        print(damage, file=sys.stderr)
    if args.json:
        write_json(args.json, msgspec.to_builtins(list(labels.by_id.values())))
        return ExitCode.OK
    rows = sorted(lines(labels, start_of(dataset.episode(episode_id))), key=lambda line: line[0])
    header = ("TIER", "START", "END", "TEXT", "STATE", "FROM")
    print(table.columns(header, [row for _, row in rows]))
    print(judgement(labels))
    return ExitCode.OK


def start_of(episode: Episode) -> int:
    """Capture time of the first row, 0 where there is none."""
    time_ns = episode.rows("state")["time_ns"]
    return int(time_ns[0]) if len(time_ns) else 0


def lines(labels: EpisodeLabels, start_ns: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    """When each label begins, and its line of the table."""
    from recordings.labels import EpisodeLabel, SpanLabel

    for label in labels.by_id.values():
        if isinstance(label, EpisodeLabel):
            continue
        if isinstance(label, SpanLabel):
            tier, text = label.tier.value, label.text
            thumb = {0: "", 1: ", thumb up", -1: ", thumb down"}[label.thumb]
        else:
            tier, text = "box", f"{label.text} ({label.camera}, {len(label.keys)} key frames)"
            thumb = ""
        yield (
            label.start_ns,
            (
                tier,
                f"{(label.start_ns - start_ns) / 1e9:.3f}",
                f"{(label.end_ns - start_ns) / 1e9:.3f}",
                table.clipped(text, TEXT_WIDTH),
                label.state.value + thumb,
                origin(label.origin),
            ),
        )


def origin(origin: Origin) -> str:
    """`human`, or `spoken 7 (0.92), edited`."""
    sure = f" ({origin.confidence:.2f})" if origin.confidence is not None else ""
    return f"{origin.by} {origin.source}".rstrip() + sure + (", edited" if origin.edited else "")


def judgement(labels: EpisodeLabels) -> str:
    """What was said of the whole episode, in a line."""
    episode = labels.episode
    stars = f", {episode.rating} of 5 stars" if episode.rating is not None else ""
    flag = ", flagged" if episode.flagged else ""
    comment = f": {' '.join(episode.comment.split())}" if episode.comment else ""
    return f"work {episode.progress.value}, outcome {episode.outcome.value}{stars}{flag}{comment}"
