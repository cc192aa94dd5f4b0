"""What a collection wants done: small frozen orders, carried out by whoever steps it."""

from __future__ import annotations

from dataclasses import dataclass

from app.collection.plan import CollectionPlan


@dataclass(frozen=True, slots=True)
class Follow:
    """Bring the robot into teleoperation, through the gate."""


@dataclass(frozen=True, slots=True)
class Start:
    """Begin an episode; answered by `Collector.started` or `Collector.not_started`."""

    plan: CollectionPlan


@dataclass(frozen=True, slots=True)
class End:
    """Close the running episode as `success`, `failure`, `unset` or `discard`.

    Answered by `Collector.closed` or `Collector.not_closed`.
    """

    episode_id: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Rate:
    """Change how a finished episode was judged."""

    episode_id: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Trash:
    """Put a finished episode into the trash."""

    episode_id: str


@dataclass(frozen=True, slots=True)
class Restore:
    """Take an episode out of the trash."""

    episode_id: str


@dataclass(frozen=True, slots=True)
class Say:
    """Words to speak and to flash."""

    words: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """A line that tells why something was not done."""

    why: str


Order = Follow | Start | End | Rate | Trash | Restore | Say | Refuse
