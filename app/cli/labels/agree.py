"""`understudy labels agree`: how far two reviewers say the same."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.cli import table
from app.cli.dataset_argument import add_dataset
from app.cli.episodes import find_all
from app.cli.labels.options import dataset_of
from app.cli.options import HelpFormatter, add_json
from app.cli.outcome import CommandError, ExitCode, text_stream, write_json

if TYPE_CHECKING:
    from recordings.labels.agreement import Agreement

CONFUSIONS = 5
TEXT_WIDTH = 32


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "agree",
        help="compare two reviewers' subtasks",
        description="Compare two reviewers' accepted subtasks, episode by episode and all together: Cohen's kappa over"
        " frames with gaps as a class, overlap and F1 of segments, and how far apart edges are. What differs most is"
        " named. Episodes that one of them has no subtasks of are left out and counted.",
        epilog="examples:\n"
        "  understudy labels agree ann bob\n"
        "  understudy labels agree ann final --episode last --json -\n",
        formatter_class=HelpFormatter,
    )
    add_dataset(parser)
    parser.add_argument("a", metavar="A", help="a reviewer")
    parser.add_argument("b", metavar="B", help="another")
    parser.add_argument(
        "--episode",
        metavar="ID",
        nargs="+",
        default=[],
        help="ids, parts of ids that are unique, or `last` (default: every episode that either has labelled)",
    )
    add_json(parser, what="all figures")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Compare."""
    from recordings.labels.agreement import pooled

    dataset, store = dataset_of(args)
    labelled = {name: set(store.episodes(name)) for name in (args.a, args.b)}
    for name, ids in labelled.items():
        if not ids:
            raise CommandError(
                f"{name} has labelled nothing in {dataset.path};"
                f" those who have are {', '.join(store.reviewers()) or 'nobody'}"
            )
    chosen = (
        find_all(args.episode, [info.id for info in dataset.episodes()], where=str(dataset.path))
        if args.episode
        else sorted(set.union(*labelled.values()))
    )
    found = {episode_id: _compared(args, episode_id) for episode_id in chosen}
    together = pooled(found.values())
    text = text_stream(args.json)
    compared = {episode_id: one for episode_id, one in found.items() if not one.unlabelled}
    rows = [row(episode_id, one) for episode_id, one in compared.items()]
    if len(rows) > 1:
        rows.append(row("together", together))
    if rows:
        header = ("EPISODE", "KAPPA", "SAME", "IOU", "F1", "EDGES APART", f"ONLY {args.a}", f"ONLY {args.b}")
        print(table.columns(header, rows), file=text)
        for line in differences(together, args.a, args.b):
            print(line, file=text)
    if left_out := len(found) - len(compared):
        print(f"{left_out} of {len(found)} episodes left out: only one of them has subtasks there", file=text)
    if args.json is not None:
        write_json(
            args.json,
            {
                "a": args.a,
                "b": args.b,
                "together": as_json(together),
                "episodes": {episode_id: as_json(one) for episode_id, one in found.items()},
            },
        )
    return ExitCode.OK


def _compared(args: argparse.Namespace, episode_id: str) -> Agreement:
    """Over the episode's own times where it can be read, else over those that the labels span."""
    from recordings.errors import RecordingError
    from recordings.labels.agreement import agreement
    from recordings.labels.suggestions import grid

    dataset, store = dataset_of(args)
    try:
        frames_ns = grid(dataset.episode(episode_id))
    except RecordingError:
        frames_ns = None
    return agreement(store.read(args.a, episode_id), store.read(args.b, episode_id), frames_ns)


def row(name: str, found: Agreement) -> tuple[str, ...]:
    """A line of the table."""
    only_a, only_b = found.unmatched_edges
    return (
        name,
        number(found.kappa),
        "-" if found.same is None else f"{100 * found.same:.0f} %",
        number(found.mean_iou),
        number(found.f1),
        "-"
        if found.edge_median_ms is None
        else f"{found.edge_median_ms:.0f}, p95 {found.edge_p95_ms:.0f} ms",
        str(only_a),
        str(only_b),
    )


def number(value: float | None) -> str:
    """To two places; a dash for none."""
    return "-" if value is None else f"{value:.2f}"


def differences(found: Agreement, a: str, b: str) -> list[str]:
    """What one calls otherwise than the other, the most frequent first."""
    differing = [one for one in found.confusions if one[0] != one[1]][:CONFUSIONS]
    return [
        f"{100 * frames / found.frames:.0f} % of frames: {said(in_a)} by {a}, {said(in_b)} by {b}"
        for in_a, in_b, frames in differing
    ]


def said(text: str | None) -> str:
    """A text in quotes, or that there is none."""
    return "nothing" if text is None else f'"{table.clipped(text, TEXT_WIDTH)}"'


def as_json(found: Agreement) -> dict[str, Any]:
    """All figures as plain values."""
    return {
        "frames": found.frames,
        "kappa": found.kappa,
        "same": found.same,
        "mean_iou": found.mean_iou,
        "f1": found.f1,
        "segments": list(found.segments),
        "edges": list(found.edges),
        "edge_median_ms": found.edge_median_ms,
        "edge_p95_ms": found.edge_p95_ms,
        "unmatched_edges": list(found.unmatched_edges),
        "confusions": [list(one) for one in found.confusions],
        "words": found.words,
    }
