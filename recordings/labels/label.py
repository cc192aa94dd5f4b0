"""What a reviewer says of an episode: spans of time, boxes in a camera's pictures, and a judgement of the whole.

Every time is a capture time of the episode (monotonic, ns), never one of playback. A label is a frozen value with an id
that it keeps for life; to change it is to put another value in its place.
"""

from __future__ import annotations

import secrets
from bisect import bisect_right
from enum import StrEnum
from itertools import pairwise
from typing import Annotated

import msgspec
from msgspec import Meta

from recordings.spec import Outcome

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Stars = Annotated[int, Meta(ge=1, le=5)]


class Tier(StrEnum):
    """What a span is about. Spans of `SUBTASK` never overlap; those of the others may."""

    SUBTASK = "subtask"
    UTTERANCE = "utterance"
    INTERVENTION = "intervention"
    NOTE = "note"


class State(StrEnum):
    """Where a label stands. A rejected suggestion is kept, so that it is not made again."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Progress(StrEnum):
    """Where a reviewer's work on an episode stands."""

    OPEN = "open"
    DONE = "done"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Seen(StrEnum):
    """How an object is to be seen in a camera's picture from a key frame on."""

    VISIBLE = "visible"
    OCCLUDED = "occluded"
    OUT = "out"


class Origin(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a label came from.

    Attributes:
        by: `human`, the kind of a suggestion (`spoken`, `gripper`, `pause`, `predicted`, `earlier`), `reviewer` for one
            taken over from another reviewer, or the format that it was imported from (`eaf`, `vtt`, ...).
        source: Which one: the number of an utterance, an episode's id, a reviewer, a file's name.
        confidence: Of a suggestion, 0 to 1.
        edited: A person has changed it since.

    Raises:
        ValueError: The confidence is not from 0 to 1.
    """

    by: str = "human"
    source: str = ""
    confidence: Share | None = None
    edited: bool = False

    def __post_init__(self) -> None:
        if self.confidence is not None and not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"a confidence is from 0 to 1; got {self.confidence}")


class SpanLabel(msgspec.Struct, frozen=True, tag="span", omit_defaults=True):
    """A text from one moment to another.

    Attributes:
        id: Its own, for life.
        tier: What it is about.
        start_ns: Its first moment.
        end_ns: The first moment that is not its own; after `start_ns`.
        text: What is done, said or noted.
        state: Where it stands.
        origin: Where it came from.
        thumb: 1 or -1 where an expert judged how it was carried out, else 0.

    Raises:
        ValueError: It ends before it begins, or the thumb is none of the three.
    """

    id: str
    tier: Tier
    start_ns: int
    end_ns: int
    text: str = ""
    state: State = State.ACCEPTED
    origin: Origin = Origin()
    thumb: Annotated[int, Meta(ge=-1, le=1)] = 0

    def __post_init__(self) -> None:
        if self.end_ns <= self.start_ns:
            raise ValueError(
                f"a span ends after it begins; got {self.start_ns} to {self.end_ns} ns for {self.text!r}"
            )
        if self.thumb not in (-1, 0, 1):
            raise ValueError(f"a thumb is 1, -1 or 0 for none; got {self.thumb}")

    @property
    def duration_ns(self) -> int:
        """From start to end."""
        return self.end_ns - self.start_ns

    def holds(self, time_ns: int) -> bool:
        """Whether a moment is its own."""
        return self.start_ns <= time_ns < self.end_ns

    def overlap_ns(self, start_ns: int, end_ns: int) -> int:
        """How much of it lies between two moments."""
        return max(0, min(self.end_ns, end_ns) - max(self.start_ns, start_ns))


class BoxKey(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where an object is in one stored frame; as shares of the picture, x to the right and y down.

    Attributes:
        time_ns: The frame's capture time.
        left, top, right, bottom: Its edges, 0 to 1.
        seen: How it is to be seen from here to the next key.

    Raises:
        ValueError: The box has no area, or reaches out of the picture.
    """

    time_ns: int
    left: Share
    top: Share
    right: Share
    bottom: Share
    seen: Seen = Seen.VISIBLE

    def __post_init__(self) -> None:
        # So put that a NaN is refused too: it would be written as null, and not be read again.
        if not (0.0 <= self.left < self.right <= 1.0 and 0.0 <= self.top < self.bottom <= 1.0):
            raise ValueError(
                "a box has its left before its right and its top above its bottom, all from 0 to 1; got"
                f" {self.left}, {self.top}, {self.right}, {self.bottom}"
            )


class BoxLabel(msgspec.Struct, frozen=True, tag="box", omit_defaults=True):
    """An object in one camera's pictures, from its first key frame to its last, in straight lines between them.

    Attributes:
        id: Its own, for life.
        camera: Whose pictures.
        text: What the object is.
        keys: At least one, in order of time.
        state: Where it stands.
        origin: Where it came from.

    Raises:
        ValueError: There are no keys, or they are not in order.
    """

    id: str
    camera: str
    text: str
    keys: tuple[BoxKey, ...]
    state: State = State.ACCEPTED
    origin: Origin = Origin()

    def __post_init__(self) -> None:
        times = [key.time_ns for key in self.keys]
        if not times:
            raise ValueError(f"the box {self.text!r} needs at least one key frame")
        if any(later <= earlier for earlier, later in pairwise(times)):
            raise ValueError(f"the key frames of the box {self.text!r} must be in order of time, each once")

    @property
    def start_ns(self) -> int:
        """Its first key frame."""
        return self.keys[0].time_ns

    @property
    def end_ns(self) -> int:
        """Its last key frame."""
        return self.keys[-1].time_ns

    def at(self, time_ns: int) -> BoxKey | None:
        """Where it is at a moment; None before its first key, after its last, and while it is out of view."""
        if not self.start_ns <= time_ns <= self.end_ns:
            return None
        after = bisect_right(self.keys, time_ns, key=lambda key: key.time_ns)
        before = self.keys[after - 1]
        if before.seen is Seen.OUT:
            return None
        if before.time_ns == time_ns or after == len(self.keys):
            return before
        then = self.keys[after]
        share = (time_ns - before.time_ns) / (then.time_ns - before.time_ns)

        def between(one: float, other: float) -> float:
            return one + share * (other - one)

        return BoxKey(
            time_ns,
            between(before.left, then.left),
            between(before.top, then.top),
            between(before.right, then.right),
            between(before.bottom, then.bottom),
            before.seen,
        )


class EpisodeLabel(msgspec.Struct, frozen=True, tag="episode", omit_defaults=True):
    """A reviewer's judgement of the whole episode; there is at most one, and its id is `episode`.

    Attributes:
        id: `episode`.
        outcome: As the reviewer sees it; `UNSET` leaves it to the operator's.
        rating: One to five stars, or None.
        flagged: Somebody should look at it again.
        progress: Where the reviewer's work stands.
        comment: Why.

    Raises:
        ValueError: The rating is none from one to five.
    """

    id: str = "episode"
    outcome: Outcome = Outcome.UNSET
    rating: Stars | None = None
    flagged: bool = False
    progress: Progress = Progress.OPEN
    comment: str = ""

    def __post_init__(self) -> None:
        if self.rating not in (None, 1, 2, 3, 4, 5):
            raise ValueError(f"a rating is one to five stars, or None; got {self.rating}")


Label = SpanLabel | BoxLabel | EpisodeLabel


def new_id() -> str:
    """An id that no other label has: 12 hexadecimal digits."""
    return secrets.token_hex(6)
