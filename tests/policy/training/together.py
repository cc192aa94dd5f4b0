"""A process of several that train the toy's model together: `python -m tests.policy.training.together RUN`."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from policy.training import sizes
from policy.training.parallel import joined_group
from policy.training.run import Options, train
from tests.policy.training import synthetic
from tests.policy.training.synthetic import Toy


def main(run: Path) -> None:
    torch.set_num_threads(1)
    sizes.PRESETS = {"tiny": synthetic.TINY}  # type: ignore[attr-defined]
    recipe = synthetic.recipe()
    with joined_group() as group:
        toy = Toy(rank=group.rank, world=group.world)
        train(recipe, "toy", run, data=lambda form: toy, options=Options(device="cpu", group=group))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
