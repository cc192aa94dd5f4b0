"""One line of the episode list: what the attributes say, or why they cannot be read."""

from __future__ import annotations

from pathlib import Path

import msgspec

from recordings import attributes as episode_attributes
from recordings.attributes import Counts
from recordings.errors import NotAnEpisode
from recordings.journal import is_locked
from recordings.spec import Environment, Outcome

EVALUATION_TAG = "evaluation:"
"""How the tag of an episode begins that an evaluation recorded: it measures a policy and demonstrates nothing."""

DISTURBED_TAG = "dart"
"""The tag of an episode in which noise was added to what was sent: what was meant, and is to be imitated, is what was
requested. After DART (Laskey et al. 2017), disturbances for augmenting robot trajectories."""


class EpisodeInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a list shows of an episode, from its attributes alone.

    Attributes:
        id: Its id.
        path: Its folder.
        problem: Why its attributes cannot be read; every field below then has its empty value.
        complete: Closed or repaired; otherwise it is being recorded, or a crash has cut it and repair completes it.
        recording: Somebody is writing it now.
        duration_s: Known once complete, else 0.
        counts: Known once complete, else empty.
        repaired: Some of it was cut by a repair.
    """

    id: str
    path: Path
    problem: str | None = None
    task: str = ""
    environment: Environment = Environment(home="", room="", scene="")
    operator: str = ""
    outcome: Outcome = Outcome.UNSET
    tags: tuple[str, ...] = ()
    notes: str = ""
    robot_profile: str = ""
    robot_profile_hash: str = ""
    started_at: str = ""
    duration_s: float = 0.0
    counts: Counts = Counts()
    bytes_written: int = 0
    complete: bool = False
    recording: bool = False
    repaired: bool = False

    @property
    def evaluation(self) -> str:
        """The evaluation that recorded it; empty for none. Leave these out of what a policy is trained on."""
        return evaluation_of(self.tags)


def evaluation_of(tags: tuple[str, ...]) -> str:
    """The evaluation whose trial an episode with these tags is; empty for none."""
    return next((tag.removeprefix(EVALUATION_TAG) for tag in tags if tag.startswith(EVALUATION_TAG)), "")


def info_of(episode: Path) -> EpisodeInfo:
    """Information about an episode's folder; never raises for what lies in it."""
    try:
        attributes = episode_attributes.read(episode)
    except NotAnEpisode as error:
        return EpisodeInfo(id=episode.name, path=episode, problem=str(error), recording=is_locked(episode))
    return EpisodeInfo(
        id=episode.name,
        path=episode,
        task=attributes.task,
        environment=attributes.environment,
        operator=attributes.operator,
        outcome=attributes.outcome,
        tags=attributes.tags,
        notes=attributes.notes,
        robot_profile=attributes.robot_profile,
        robot_profile_hash=attributes.robot_profile_hash,
        started_at=attributes.started_at,
        duration_s=attributes.duration_s,
        counts=attributes.counts,
        bytes_written=attributes.bytes_written,
        complete=attributes.complete,
        recording=not attributes.complete and is_locked(episode),
        repaired=attributes.repaired is not None,
    )
