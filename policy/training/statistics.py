"""Statistics that normalise a robot's states and actions, streamed over any number of episodes.

Episodes are taken in blocks of a fixed number, in order, and what the blocks found is merged in order: one process,
several, or a cluster give the same numbers to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from policy.training.data.index import Mapper
from policy.training.data.reader import SampleReader
from policy.training.data.windows import Moments, imitated
from policy.transforms.deltas import DeltaMask
from policy.transforms.norm_stats import NormStats
from policy.transforms.running_stats import RunningStats
from recordings import Episode

BLOCK = 32
"""Episodes that one task reads. The bins of a histogram move when new extremes are seen, so fewer tasks are finer."""

MOST_STEPS = 1 << 18
"""Vectors that one process holds at once: 40 MiB of 18 numbers."""

MIN_RANGE = 0.05
"""Least q99 - q01 in any unit: a lift that never moved must not turn its noise into the largest number of all."""


@dataclass(frozen=True)
class Counted:
    """What was seen of one robot.

    Attributes:
        state: Of states at which samples begin.
        actions: Of every step of every chunk that is to be imitated, relative as in the model.
        episodes: How many.
    """

    state: RunningStats = field(default_factory=RunningStats)
    actions: RunningStats = field(default_factory=RunningStats)
    episodes: int = 0

    def with_more(self, other: Counted) -> Counted:
        """Both together; this one is used up."""
        self.state.merge(other.state)
        self.actions.merge(other.actions)
        return Counted(self.state, self.actions, self.episodes + other.episodes)

    def statistics(self) -> dict[str, NormStats]:
        """Of `state` and `actions`; raises `NormStatsError` where fewer than two vectors were seen."""
        return {
            "state": self.state.statistics(min_range=MIN_RANGE),
            "actions": self.actions.statistics(min_range=MIN_RANGE),
        }


@dataclass(frozen=True)
class Block:
    """Some episodes of one robot, as they travel to where they are counted.

    Attributes:
        robot: Its name.
        mask: Which actions become relative.
        horizon: Steps of a chunk.
        imitate: Whether chunks are learned at all.
        episodes: Folder and moments of each.
    """

    robot: str
    mask: DeltaMask
    horizon: int
    imitate: bool
    episodes: tuple[tuple[Path, Moments], ...]


def count(block: Block) -> tuple[str, Counted]:
    """What a block's episodes hold: the function that runs wherever `mapper` lets it.

    Raises:
        DamagedData: Rows cannot be read any more.
        NormStatsError: A number is absurd.
    """
    counted = Counted(episodes=len(block.episodes))
    for states, steps in _gathered(block):
        counted.state.update(states)
        counted.actions.update(steps)
    return block.robot, counted


def statistics_of(
    readers: Iterable[SampleReader], *, horizon: int, mapper: Mapper = map
) -> Mapping[str, Counted]:
    """Count everything that recipes' recordings hold, by the name of the robot.

    Args:
        readers: Of the recordings.
        horizon: Steps of a chunk.
        mapper: Where blocks are counted: here, unless another is given.

    Raises:
        DamagedData: Rows cannot be read any more.
        NormStatsError: A number is absurd.
    """
    blocks = [block for reader in readers for block in _blocks(reader, horizon)]
    found: dict[str, Counted] = {}
    for robot, counted in mapper(count, blocks):
        found[robot] = found.get(robot, Counted()).with_more(counted)
    return found


def relative_chunks(
    reader: SampleReader, robot: str, *, horizon: int, most: int, seed: int
) -> NDArray[np.float64]:
    """Some of a robot's whole chunks, drawn at random: what an action tokenizer is fitted on.

    Args:
        reader: Of recordings.
        robot: Its name.
        horizon: T.
        most: How many at most.
        seed: Of the draw.

    Returns:
        [B, T, D], relative as in the model, not normalised; of chunks that end early there are none.
    """
    whole: list[tuple[int, int]] = []
    for number, moments in enumerate(reader.index.moments):
        if moments.robot.name == robot and "low" in reader.index.data.levels:
            fitting = moments.low & (moments.end - moments.row >= horizon)
            whole += [(number, row) for row in moments.row[fitting].tolist()]
    width = len(reader.robots[robot].names) if robot in reader.robots else 0
    if not whole:
        return np.empty((0, horizon, width))
    drawn = np.random.default_rng(seed).permutation(len(whole))[:most]
    offset = np.where(reader.robots[robot].delta_mask, 1.0, 0.0)
    chunks = np.empty((len(drawn), horizon, width))
    by_episode: dict[int, list[tuple[int, int]]] = {}
    for at, choice in enumerate(drawn.tolist()):
        number, row = whole[choice]
        by_episode.setdefault(number, []).append((at, row))
    for number, places in by_episode.items():
        episode = Episode(reader.index.paths[number])
        position, actions = episode.rows("state")["position"], episode.rows("action")[imitated(episode)]
        for at, row in places:
            chunks[at] = actions[row : row + horizon] - offset * position[row]
    return chunks


def _blocks(reader: SampleReader, horizon: int) -> Iterator[Block]:
    index = reader.index
    for name, robot in index.robots.items():
        its = [
            (path, moments)
            for path, moments in zip(index.paths, index.moments, strict=True)
            if moments.robot.name == name
        ]
        for first in range(0, len(its), BLOCK):
            yield Block(
                name, robot.delta_mask, horizon, "low" in index.data.levels, tuple(its[first : first + BLOCK])
            )


def _gathered(block: Block) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """[N, D] states and [M, D] relative steps, many episodes at once where they are short, long ones in parts."""
    states: list[NDArray[np.float64]] = []
    steps: list[NDArray[np.float64]] = []
    for path, moments in block.episodes:
        episode = Episode(path)
        position, actions = episode.rows("state")["position"], episode.rows("action")[imitated(episode)]
        at_once = max(1, MOST_STEPS // block.horizon)
        for first in range(0, len(moments), at_once):
            part = slice(first, first + at_once)
            rows, ends = moments.row[part].astype(np.int64), moments.end[part]
            low = moments.low[part] if block.imitate else np.zeros(len(rows), np.bool_)
            states.append(position[rows].astype(np.float64))
            steps.append(_relative_steps(position, actions, rows[low], ends[low], block))
            if sum(map(len, steps)) + sum(map(len, states)) >= MOST_STEPS:
                yield np.concatenate(states), np.concatenate(steps)
                states, steps = [], []
    if states:
        yield np.concatenate(states), np.concatenate(steps)


def _relative_steps(
    position: NDArray[np.float32],
    actions: NDArray[np.float32],
    rows: NDArray[np.int64],
    ends: NDArray[np.int32],
    block: Block,
) -> NDArray[np.float64]:
    """[M, D], every valid step of the chunks that begin at these rows."""
    lengths = np.minimum(ends - rows, block.horizon)
    starts = np.repeat(rows, lengths)
    steps = np.arange(len(starts)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    offset = np.where(block.mask, position[starts].astype(np.float64), 0.0)
    return actions[starts + steps] - offset
