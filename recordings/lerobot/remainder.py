"""What of an episode LeRobot's format has no place for: counted by kind, so that nothing is lost in silence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recordings.episode import Episode
from recordings.labels import EpisodeLabels, Tier
from recordings.lerobot.grid import Grid
from recordings.lerobot.subtasks import Subtasks


def not_held(
    episode: Episode, labels: EpisodeLabels | None, grid: Grid, subtasks: Subtasks, *, utterances: int
) -> dict[str, int]:
    """How much of each kind there is, where there is any; `utterances` is how many of them are not left out."""
    ticks = len(episode.state.time_ns)
    sound = episode.audio
    counted = {
        "state rows between frames": _unused(ticks, grid.state),
        "action rows between frames": _unused(ticks, grid.action),
        "velocity rows": ticks,
        "effort rows": ticks,
        "requested actions": ticks,
        "numbers of policy chunks": int((episode.action.chunk >= 0).sum()),
        "sound samples": len(sound.samples) if sound is not None else 0,
        "simulator states": len(episode.simulation.time_ns) if episode.simulation is not None else 0,
        "events": len(episode.events),
        "subtasks between two rows": subtasks.without_row,
    }
    for name, used in grid.frames.items():
        frames = episode.camera(name)
        counted[f"frames of {name}"] = _unused(int((~frames.missing).sum()), used)
        counted[f"frames of {name} that were lost before a repair"] = int(frames.missing.sum())
        counted[f"frames of {name} that are in it twice"] = len(used) - len(np.unique(used))
    if labels is not None:
        counted["boxes"] = len(labels.boxes)
        for tier in Tier:
            if tier is not Tier.SUBTASK:
                held = utterances if tier is Tier.UTTERANCE else 0
                counted[f"labels of kind {tier.value}"] = len(labels.spans(tier)) - held
        counted["thumbs of subtasks"] = sum(span.thumb != 0 for span in labels.subtasks)
        counted["ratings, flags and comments"] = sum(
            bool(said) for said in (labels.episode.rating, labels.episode.flagged, labels.episode.comment)
        )
    return {kind: count for kind, count in counted.items() if count}


def notes(episode: Episode, labels: EpisodeLabels | None, grid: Grid, *, undecided: bool) -> tuple[str, ...]:
    """What else there is to know of an exported episode."""
    said: list[str] = []
    if undecided:
        said.append("several reviewers have labelled it and none of them counts; `final` labels would decide")
    if labels is not None:
        said += labels.damage
    if (silent := int((~np.isfinite(episode.state.position).all(axis=1)).sum())) > 0:
        said.append(f"{silent} state rows in which a device did not answer were passed over")
    if (repaired := episode.attributes.repaired) is not None:
        said.append(f"was repaired, {repaired.cut_seconds:.3f} s cut")
    if len(grid) == 1:
        said.append("has a single row")
    return tuple(said)


def _unused(count: int, used: NDArray[np.int64]) -> int:
    return count - len(np.unique(used))
