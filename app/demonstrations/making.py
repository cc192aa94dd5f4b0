"""Makes one demonstration: performed, recorded, judged; and tells which a dataset has already."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from app.demonstrations.performing import Performance
from app.demonstrations.pictures import Pictures
from app.demonstrations.plan import Demonstration
from app.demonstrations.recording import OLDEST_TICKS, RunWriter
from app.demonstrations.starts import NoStart, Start
from drivers.profile import RobotProfile
from drivers.sim.kitchen.lighting import AS_BUILT, draw_look
from drivers.sim.world import WorldError
from recordings import Dataset, EpisodeInfo, Outcome

OPERATOR: Final = "scripted operator"
SEED_TAG: Final = "seed:"
TAG: Final = "demonstration"


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one demonstration.

    Attributes:
        shown: what it was to show.
        episode_id: where it was written; empty where no kitchen was found in which it could begin.
        succeeded: whether the world ended as it was to.
        gave_up: why the operator gave up, why nothing was begun, or how the physics came apart; empty for none of it.
        simulated_s: how long it lasts.
        computed_s: how long it took.
        size_bytes: of its rows and frames.
    """

    shown: Demonstration
    episode_id: str
    succeeded: bool
    gave_up: str
    simulated_s: float
    computed_s: float
    size_bytes: int


def made_already(dataset: Dataset) -> dict[int, EpisodeInfo]:
    """The whole demonstrations of a dataset, trash included, by their seed."""
    episodes = [*dataset.episodes(), *dataset.trashed()]
    return {seed: info for info in episodes if info.complete and (seed := _seed_of(info)) is not None}


def clear_away(dataset: Dataset) -> int:
    """Put demonstrations that were cut off in the trash; how many.

    Raises:
        EpisodeInUse: One is being written; somebody else demonstrates into the same dataset.
    """
    broken = [info for info in dataset.episodes() if not info.complete and _seed_of(info) is not None]
    for info in broken:
        dataset.trash(info.id)
    return len(broken)


def make(
    profile: RobotProfile,
    dataset: Dataset,
    pictures: Pictures,
    shown: Demonstration,
    *,
    start: Start | None = None,
    tags: Sequence[str] | None = None,
) -> Made:
    """Perform and record one demonstration.

    Args:
        profile: of the simulated robot.
        dataset: where it is written.
        pictures: the cameras.
        shown: what it is to show.
        start: where it begins; None for where its seed says.
        tags: to find it by; None for its own.

    Raises:
        DiskFull: there is no room for it.
    """
    began = time.perf_counter()
    try:
        performance = Performance(profile, shown, start=start)
    except NoStart as error:
        return Made(
            shown=shown,
            episode_id="",
            succeeded=False,
            gave_up=str(error),
            simulated_s=0.0,
            computed_s=time.perf_counter() - began,
            size_bytes=0,
        )
    rng = np.random.default_rng([shown.seed, 17])
    look = AS_BUILT if shown.plain_look else draw_look(rng)
    pictures.dress(look)
    writer = RunWriter(
        dataset,
        performance.robot,
        pictures,
        task=shown.task,
        operator=OPERATOR,
        tags=shown.tags if tags is None else tags,
        phase_ticks=int(rng.integers(1, OLDEST_TICKS + 1)),
    )
    writer.note("demonstration", f"begins {shown.kind}", msgspec.to_builtins(shown))
    writer.note("look", "as built" if shown.plain_look else "another light", msgspec.to_builtins(look))
    came_apart = ""
    try:
        for turn in performance.turns():
            writer.see()
            performance.follow(turn)
            writer.keep(turn.subtask)
    except WorldError as error:
        # The same seed would come to this again: it is one that failed, and no reason to end the others.
        came_apart = str(error)
    gave_up = came_apart or performance.gave_up
    succeeded = not gave_up and performance.succeeded
    if gave_up:
        writer.note("gave_up", gave_up)
    writer.close(Outcome.SUCCESS if succeeded else Outcome.FAILURE)
    return Made(
        shown=shown,
        episode_id=writer.episode_id,
        succeeded=succeeded,
        gave_up=gave_up,
        simulated_s=writer.duration_s,
        computed_s=time.perf_counter() - began,
        size_bytes=writer.bytes_written,
    )


def _seed_of(info: EpisodeInfo) -> int | None:
    """The seed of a demonstration; None for any other episode."""
    if TAG not in info.tags:
        return None
    seeds = [tag.removeprefix(SEED_TAG) for tag in info.tags if tag.startswith(SEED_TAG)]
    return int(seeds[0]) if len(seeds) == 1 and seeds[0].isdecimal() else None
