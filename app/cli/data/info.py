"""`understudy data info`: what a dataset, or one episode, holds."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from app.cli import table
from app.cli.data.ls import as_json, state_of
from app.cli.episodes import find, open_dataset
from app.cli.options import add_data, add_episode, add_json, data_dir
from app.cli.outcome import ExitCode, write_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from recordings import Dataset, Environment, Episode, EpisodeInfo


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "info",
        help="describe the dataset, or one episode",
        description="Describe the dataset: how much of what, where recorded. Or one episode: its streams and rates.",
    )
    add_data(parser)
    add_json(parser, what="the attributes, instead of the text,")
    add_episode(
        parser, nargs="?", help="an id, a part of one that is unique, or `last`; the dataset when left out"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the description."""
    dataset = open_dataset(data_dir(args))
    infos = dataset.episodes()
    if args.episode is None:
        facts = dataset_facts(dataset, infos)
        plain: Any = facts
    else:
        episode_id = find(args.episode, [info.id for info in infos], where=str(dataset.path))
        episode = dataset.episode(episode_id)
        facts = episode_facts(episode)
        plain = as_json(episode.info)
    if args.json:
        write_json(args.json, plain)
    else:
        width = max(len(name) for name in facts)
        print("\n".join(f"{name:<{width}}  {value}" for name, value in facts.items()))
    return ExitCode.OK


def dataset_facts(dataset: Dataset, infos: list[EpisodeInfo]) -> dict[str, str]:
    """What a dataset holds, by the name of each fact."""
    complete = [info for info in infos if info.complete]
    return {
        "dataset": str(dataset.path),
        "episodes": counted(state_of(info) for info in infos),
        "in the trash": str(len(dataset.trashed())),
        "length": table.duration(sum(info.duration_s for info in complete)),
        "size": table.size(sum(info.bytes_written for info in complete)),
        "outcomes": counted(info.outcome.value for info in complete),
        "environments": counted(place(info.environment) for info in complete),
        "robots": counted(info.robot_profile for info in complete),
        "tasks": counted(info.task for info in complete),
    }


def episode_facts(episode: Episode) -> dict[str, str]:
    """What one episode holds, by the name of each fact; times are the measured ones."""
    attributes = episode.attributes
    facts = {
        "episode": f"{attributes.id} ({state_of(episode.info)})",
        "task": attributes.task,
        "started": attributes.started_at,
        "outcome": attributes.outcome.value,
        "place": place(attributes.environment),
        "operator": attributes.operator or "unknown",
        "robot": f"{attributes.robot_profile} ({attributes.robot_profile_hash[:12]})",
        "software": attributes.software_version,
        "tags": ", ".join(attributes.tags) or "none",
        "notes": attributes.notes or "none",
        "state": f"{len(attributes.vector_names)} numbers, {paced(episode.state.time_ns)}",
        "action": f"{len(attributes.vector_names)} numbers, {paced(episode.action.time_ns)}",
    }
    for camera in attributes.cameras:
        frames = episode.camera(camera.name)
        lost = f", {int(frames.missing.sum())} lost" if frames.missing.any() else ""
        facts[f"camera {camera.name}"] = (
            f"{camera.width_px}x{camera.height_px}, {paced(frames.time_ns)}{lost}"
        )
    if (sound := episode.audio) is not None:
        facts["sound"] = f"{table.duration(sound.duration_s)}, {paced(sound.time_ns, of='blocks')}"
    facts["events"] = counted(event.kind for event in episode.events)
    if episode.damage is not None:
        facts["left out"] = "; ".join(episode.damage.reasons)
    if attributes.repaired is not None:
        facts["repaired"] = (
            f"{attributes.repaired.cut_seconds:.3f} s cut: {'; '.join(attributes.repaired.damage)}"
        )
    return facts


def place(environment: Environment) -> str:
    """`home / room / scene`, as far as they are known."""
    return (
        " / ".join(part for part in (environment.home, environment.room, environment.scene) if part)
        or "unknown"
    )


def counted(values: Iterable[str]) -> str:
    """How often each value occurs, the most frequent first: `12 success, 3 failure`."""
    return (
        ", ".join(f"{count} {value or 'unknown'}" for value, count in Counter(values).most_common()) or "none"
    )


def paced(time_ns: NDArray[np.int64], *, of: str = "rows") -> str:
    """How many rows, how many a second and the longest pause between two: `3000 rows, 50.0 Hz, pause up to 21 ms`."""
    if len(time_ns) < 2:
        return f"{len(time_ns)} {of}"
    gaps_s = (time_ns[1:] - time_ns[:-1]) / 1e9
    return f"{len(time_ns)} {of}, {1 / gaps_s.mean():.1f} Hz, pause up to {gaps_s.max() * 1e3:.0f} ms"
