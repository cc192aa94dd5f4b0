"""What is being collected, and how the operator likes to go from one episode to the next."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Seconds = Annotated[float, Meta(ge=0, le=3600)]


class CollectionPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Frozen; a change replaces it whole, and counts from the next episode on.

    Attributes:
        task: what is shown.
        operator: who drives.
        home, room, scene: where; empty ones are the profile's.
        target: episodes wanted of this task by this operator today; 0 for no number.
        countdown_s: from the start key to the first motion, for hands that must find the leaders.
        limit_s: an episode ends by itself after this; 0 for never.
        reset_s: from one episode to the next, to put the scene in order; 0 for as long as it takes.
        repeat: begin the next episode by itself when the reset is over.
        follow_first: bring a holding robot into teleoperation before recording.
        nudge_after: episodes in one unchanged scene after which to ask for another; 0 for never.
    """

    task: str = ""
    operator: str = ""
    home: str = ""
    room: str = ""
    scene: str = ""
    target: Annotated[int, Meta(ge=0, le=100_000)] = 0
    countdown_s: Seconds = 3.0
    limit_s: Seconds = 0.0
    reset_s: Seconds = 10.0
    repeat: bool = False
    follow_first: bool = True
    nudge_after: Annotated[int, Meta(ge=0, le=100_000)] = 20
