"""Several processes that train one model, as `torchrun` starts them; and the threads of one.

Every process has every weight and a part of each batch, and gradients are averaged (DDP): the result is that of one
process, up to rounding.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from policy.inference.runtime import device_named


@dataclass(frozen=True)
class Group:
    """The processes that train together, seen from one of them.

    Attributes:
        rank: Number of this process.
        world: How many there are.
    """

    rank: int = 0
    world: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes and speaks for all."""
        return self.rank == 0

    def share(self, batch: int) -> int:
        """Samples of each process in a batch.

        Raises:
            ValueError: They cannot have the same number.
        """
        if batch % self.world:
            raise ValueError(
                f"a batch of {batch} cannot be shared by {self.world} processes; make it a multiple in the recipe"
            )
        return batch // self.world

    def wrapped(self, loss: nn.Module) -> nn.Module:
        """A module whose gradients are the mean over all processes."""
        if self.world == 1:
            return loss
        # Which weights a batch reaches depends on which levels are in it.
        return DistributedDataParallel(loss, find_unused_parameters=True)

    def mean(self, values: Tensor) -> Tensor:
        """The mean over all processes."""
        if self.world == 1:
            return values
        total = values.clone()
        dist.all_reduce(total)
        return total / self.world

    def any(self, said: bool) -> bool:
        """Whether any process says so; all must ask."""
        if self.world == 1:
            return said
        votes = torch.tensor([float(said)])
        dist.all_reduce(votes)
        return votes.item() > 0

    def gathered(self, texts: tuple[str, ...]) -> tuple[str, ...]:
        """What every process says, one after the other; all must ask."""
        if self.world == 1:
            return texts
        found: list[tuple[str, ...]] = [()] * self.world
        dist.all_gather_object(found, texts)
        return tuple(text for own in found for text in own)

    def wait(self) -> None:
        """Until all are here."""
        if self.world > 1:
            dist.barrier()


@contextmanager
def joined_group(*, device: str = "cpu") -> Iterator[Group]:
    """The processes that `torchrun` started with this one; this one alone where it did not.

    Args:
        device: As of `device_named`; with GPUs, each process of a machine has the one of its own number.
    """
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield Group()
        return
    if device_named(device).type == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        backend = "cpu:gloo,cuda:nccl"  # votes lie on the processor
    else:
        backend = "gloo"
    dist.init_process_group(backend)
    try:
        yield Group(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()


def use_threads(count: int | None) -> None:
    """Compute with so many threads; None leaves it at one a core."""
    if count is not None:
        torch.set_num_threads(count)
