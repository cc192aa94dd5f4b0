"""Where an edge likes to be put: moments at which something begins or ends."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from recordings.episode import Episode
from recordings.labels.label import SpanLabel, State
from recordings.labels.suggestions.gripper import gripper_events
from recordings.labels.suggestions.pause import motion, velocity_minima
from recordings.labels.suggestions.told import parsed
from recordings.labels.view import EpisodeLabels


@dataclass(frozen=True)
class SnapTargets:
    """Moments to snap to.

    Attributes:
        time_ns: (N,) int64, in order, each once.
        kinds: N times why: `gripper`, `speed`, `utterance`, `intervention`, or the tier of a label's edge. Where one
            moment has several reasons, the first of these.
    """

    time_ns: NDArray[np.int64]
    kinds: tuple[str, ...]


class UtteranceData(msgspec.Struct, frozen=True):
    """What an `utterance` event says of its sound; see docs/voice.md."""

    began_ns: int
    ended_ns: int


def snap_targets(
    episode: Episode, labels: EpisodeLabels | None = None, *, apart_from: str = ""
) -> SnapTargets:
    """What the recording offers, and the edges of labels of all tiers.

    Args:
        episode: The episode.
        labels: As they stand; None for the recording alone, which can be kept, for it does not change.
        apart_from: The id of the label that is being moved.

    Raises:
        DamagedData: Rows or events are not what was written.
    """
    found: dict[int, str] = {}
    for grip in gripper_events(episode):
        found.setdefault(grip.time_ns, "gripper")
    for time_ns in velocity_minima(motion(episode)).tolist():
        found.setdefault(time_ns, "speed")
    for event in episode.events:
        if event.kind == "utterance" and (said := parsed(event.data, UtteranceData)) is not None:
            for time_ns in (said.began_ns, said.ended_ns):
                if time_ns:
                    found.setdefault(time_ns, "utterance")
        elif event.kind == "intervention":
            found.setdefault(event.time_ns, "intervention")
    return with_labels(_ordered(found), labels, apart_from=apart_from)


def with_labels(targets: SnapTargets, labels: EpisodeLabels | None, *, apart_from: str = "") -> SnapTargets:
    """Targets and the edges of labels that count."""
    found = dict(zip(targets.time_ns.tolist(), targets.kinds, strict=True))
    for label in labels.by_id.values() if labels is not None else ():
        if isinstance(label, SpanLabel) and label.state is State.ACCEPTED and label.id != apart_from:
            found.setdefault(label.start_ns, label.tier.value)
            found.setdefault(label.end_ns, label.tier.value)
    return _ordered(found)


def snap(time_ns: int, targets: SnapTargets, within_ns: int) -> int:
    """The target nearest to a moment, the earlier of two; the moment itself where none is that near."""
    at = int(np.searchsorted(targets.time_ns, time_ns))
    near = targets.time_ns[max(0, at - 1) : at + 1].tolist()
    best = min(near, key=lambda target: abs(target - time_ns), default=time_ns)
    return best if abs(best - time_ns) <= within_ns else time_ns


def _ordered(found: dict[int, str]) -> SnapTargets:
    times = sorted(found)
    return SnapTargets(np.array(times, np.int64), tuple(found[time_ns] for time_ns in times))
