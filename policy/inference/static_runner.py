"""A pass with its inputs in fixed buffers: what a CUDA graph replays, and the same without one."""

from __future__ import annotations

import torch
from torch import Tensor

from policy.inference.action_pass import ActionPass
from policy.inference.pass_batch import PassBatch


class StaticRunner:
    """Copies each batch to where the pass reads it, and runs it.

    Args:
        action_pass: Whose `techniques` are `capturable`.
        example: A batch of its shape; values do not matter.
        device: Where the buffers lie.
    """

    def __init__(self, action_pass: ActionPass, example: PassBatch, *, device: torch.device) -> None:
        self._pass = action_pass
        self._batch = PassBatch(
            **{
                name: torch.empty_like(tensor, device=device).copy_(tensor)
                for name, tensor in example.tensors()
            }
        )

    def __call__(self, batch: PassBatch) -> tuple[Tensor, Tensor]:
        """Actions and image tokens, in tensors of their own.

        Raises:
            ValueError: A tensor has another shape or dtype than the example's.
        """
        self._load(batch)
        actions, images = self._run()
        return actions.clone(), images.clone()

    def _run(self) -> tuple[Tensor, Tensor]:
        return self._pass(self._batch)

    def _load(self, batch: PassBatch) -> None:
        for name, tensor in batch.tensors():
            buffer: Tensor = getattr(self._batch, name)
            if tensor.shape != buffer.shape or tensor.dtype != buffer.dtype:
                message = (
                    f"{name} is {tensor.dtype} {list(tensor.shape)}, its buffer {buffer.dtype} {list(buffer.shape)};"
                    " a batch of another shape needs a runner of its own"
                )
                raise ValueError(message)
            buffer.copy_(tensor, non_blocking=True)
