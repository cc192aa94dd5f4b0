"""Which samples make which batch: said by the recipe, the seed and the number of the step, and by nothing else.

A group's share of the batches is weight · n^0.43, normalised: groups of a task and robot with many samples count more,
but not in proportion (π0 paper). Within a batch groups have their shares to within one sample. Each group goes through
all of its samples in a shuffled order before any comes again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from policy.training.recipe import Recipe
from policy.training.samples import Group, SampleSource

EXPONENT = 0.43
"""Of a group's number of samples, as in the π0 paper."""

_STEPS_AT_ONCE = 4096


@dataclass(frozen=True)
class Ref:
    """A sample.

    Attributes:
        source: Index into the sources.
        group: Index into the source's groups.
        index: Of the sample in its group.
    """

    source: int
    group: int
    index: int


def shares_of(groups: Sequence[Sequence[Group]], weights: Sequence[float]) -> list[list[float]]:
    """The share of each group of each source in the batches; they add up to 1.

    Args:
        groups: Of each source.
        weights: Of each source.
    """
    raw = [
        [weight * group.count**EXPONENT for group in its] for its, weight in zip(groups, weights, strict=True)
    ]
    total = sum(map(sum, raw))
    return [[share / total for share in its] for its in raw]


class Mixture:
    """The order of samples of one stage.

    Args:
        groups: Of each source.
        weights: Of each source.
        batch: Samples in a step.
        seed: Of the recipe.
        stage: Number of the stage.

    Raises:
        ValueError: There is nothing to draw from.
    """

    def __init__(
        self,
        groups: Sequence[Sequence[Group]],
        weights: Sequence[float],
        *,
        batch: int,
        seed: int,
        stage: int,
    ) -> None:
        self._places = [(source, at) for source, its in enumerate(groups) for at in range(len(its))]
        if not self._places:
            raise ValueError("there is nothing to draw from: no group has a sample")
        self._counts = [group.count for its in groups for group in its]
        shares = np.array([share for its in shares_of(groups, weights) for share in its])
        self._edges = np.concatenate([[0.0], np.cumsum(shares)[:-1], [1.0]]) * batch
        self._batch = batch
        self._seed = (seed, stage)
        self._orders: dict[int, tuple[int, NDArray[np.int64]]] = {}

    @classmethod
    def of(cls, recipe: Recipe, stage: int, sources: Sequence[SampleSource]) -> Self:
        """The order of a recipe's stage.

        Args:
            recipe: Says weights, batch and seed.
            stage: Number of the stage.
            sources: As `open_sources` gives them for this stage.
        """
        chosen = recipe.stages[stage]
        return cls(
            [source.groups for source in sources],
            [data.weight for data in recipe.data_of(chosen)],
            batch=chosen.batch,
            seed=recipe.seed,
            stage=stage,
        )

    def steps(self, start: int) -> Iterator[list[Ref]]:
        """The samples of each step from `start` on, without end; within a step they are shuffled."""
        drawn = self._drawn_before(start)
        step = start
        while True:
            block, within = divmod(step, _STEPS_AT_ONCE)
            for counts in self._draws(block)[within:]:
                yield self._refs(step, drawn, counts)
                drawn = drawn + counts
                step += 1

    def _refs(self, step: int, drawn: NDArray[np.int64], counts: NDArray[np.int64]) -> list[Ref]:
        refs = []
        for at in np.flatnonzero(counts).tolist():
            source, group = self._places[at]
            first = int(drawn[at])
            refs += [
                Ref(source, group, self._nth(at, number)) for number in range(first, first + int(counts[at]))
            ]
        order = np.random.default_rng((*self._seed, 2, step)).permutation(len(refs))
        return [refs[at] for at in order]

    def _nth(self, at: int, number: int) -> int:
        """The sample that a group gives as its so-manieth."""
        turn, within = divmod(number, self._counts[at])
        held = self._orders.get(at)
        if held is None or held[0] != turn:
            order = np.random.default_rng((*self._seed, 3, at, turn)).permutation(self._counts[at])
            held = self._orders[at] = (turn, order)
        return int(held[1][within])

    def _draws(self, block: int) -> NDArray[np.int64]:
        """[steps, groups], how many samples each step of a block takes of each group.

        Points at equal distances, the first at random, are laid over the shares: no group is more than one sample off.
        """
        offset = np.random.default_rng((*self._seed, 1, block)).random(_STEPS_AT_ONCE)
        before = np.ceil(self._edges - offset[:, None])
        before[:, 0], before[:, -1] = 0, self._batch
        return np.diff(before).astype(np.int64)

    def _drawn_before(self, step: int) -> NDArray[np.int64]:
        """[groups], how many samples all steps before this one took of each group."""
        blocks, within = divmod(step, _STEPS_AT_ONCE)
        drawn = np.zeros(len(self._places), np.int64)
        for block in range(blocks):
            drawn += self._draws(block).sum(axis=0)
        if within:
            drawn += self._draws(blocks)[:within].sum(axis=0)
        return drawn
