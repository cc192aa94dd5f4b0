"""Random numbers by place, not by history: a sample's draws follow from where it stands in training and nothing else.

So a run that was killed goes on with the same numbers, and several processes draw what one would.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class Place:
    """A step of training.

    Attributes:
        seed: Of the recipe.
        stage: Counted from 0.
        step: Within the stage, from 0.
        rank: Number of this process, which has every `world`-th sample of the step, from this one on.
        world: Processes that train together.
    """

    seed: int
    stage: int
    step: int
    rank: int = 0
    world: int = 1

    def seed_of(self, index: int) -> int:
        """The seed of one sample of this process's."""
        among_all = self.rank + index * self.world
        sequence = np.random.SeedSequence([self.seed, self.stage, self.step, among_all])
        return int(sequence.generate_state(1, np.uint32)[0])

    def generator(self, index: int) -> torch.Generator:
        """Where the random numbers of one sample of this process's come from."""
        return torch.Generator().manual_seed(self.seed_of(index))
