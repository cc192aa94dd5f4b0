"""Chunks as flow matching teaches them: what is to be said, where on the line from noise, and what counts."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from policy.model import flow


@dataclass(frozen=True)
class FlowTargets:
    """Chunks with their noise and times, drawn beforehand: the loss itself draws nothing.

    Attributes:
        actions_BTA: Normalised and padded to the model's width, float32.
        noise_BTA: Standard normal, float32.
        time: [B], or [B, T] with a time of its own for each step.
        counts_BTA: bool; which steps and dimensions are in the loss.
    """

    actions_BTA: Tensor
    noise_BTA: Tensor
    time: Tensor
    counts_BTA: Tensor

    def __post_init__(self) -> None:
        """Refuse parts that do not fit each other.

        Raises:
            ValueError: A shape or type is wrong; the message names it.
        """
        batch, horizon, width = chunk_shape(self.actions_BTA)
        if self.noise_BTA.shape != self.actions_BTA.shape:
            message = (
                f"noise of shape {tuple(self.noise_BTA.shape)} for actions of {tuple(self.actions_BTA.shape)}"
            )
            raise ValueError(message)
        if self.time.shape not in ((batch,), (batch, horizon)):
            message = (
                f"times must be [{batch}] or [{batch}, {horizon}], not of shape {tuple(self.time.shape)}"
            )
            raise ValueError(message)
        for name in ("actions_BTA", "noise_BTA", "time"):
            dtype = getattr(self, name).dtype
            if dtype != torch.float32:
                raise ValueError(f"{name} must be float32, not {dtype}")
        check_mask("mask of what counts", self.counts_BTA, (batch, horizon, width))


def draw_targets(
    actions_BTA: Tensor,
    *,
    step_mask_BT: Tensor,
    dim_mask_BA: Tensor | None = None,
    max_committed: int = 0,
    generator: torch.Generator | None = None,
) -> FlowTargets:
    """Draw noise and times for chunks.

    Args:
        actions_BTA: Normalised and padded to the model's width, float32. What stands in padded steps and dimensions
            is seen by the model, mixed with noise as the rest is, and should be zeros or repeated steps.
        step_mask_BT: bool; False on steps past the end of the episode, and on all steps of a sample without actions.
        dim_mask_BA: bool; False on the padding of the robot's own dimensions. None counts all, as openpi does.
        max_committed: Training-time real-time chunking: a random number of leading steps, 0 to this, are given to the
            model as they are (time 0) and left out of the loss, so that at inference a chunk can go on from steps that
            will already have run. Source: Black et al., "Training-time action conditioning for efficient real-time
            chunking", 2025.
        generator: Of the random numbers.

    Raises:
        ValueError: Shapes that do not fit, or more committed steps than leave one to learn.
    """
    batch, horizon, width = chunk_shape(actions_BTA)
    check_mask("step mask", step_mask_BT, (batch, horizon))
    counts_BTA = step_mask_BT[:, :, None].expand(-1, -1, width)
    if dim_mask_BA is not None:
        check_mask("dimension mask", dim_mask_BA, (batch, width))
        counts_BTA = counts_BTA & dim_mask_BA[:, None]
    if not 0 <= max_committed < horizon:
        message = f"at most {max_committed} committed steps of {horizon}; allowed are 0 to {horizon - 1}"
        raise ValueError(message)
    device = actions_BTA.device
    noise_BTA = torch.randn(actions_BTA.shape, generator=generator, device=device)
    time = flow.sample_time(batch, generator=generator, device=device)
    if max_committed:
        committed_B = torch.randint(0, max_committed + 1, (batch,), generator=generator, device=device)
        is_committed_BT = torch.arange(horizon, device=device) < committed_B[:, None]
        time = time[:, None].expand(-1, horizon).masked_fill(is_committed_BT, 0.0)
        counts_BTA = counts_BTA & ~is_committed_BT[:, :, None]
    return FlowTargets(actions_BTA, noise_BTA, time, counts_BTA)


def chunk_shape(actions_BTA: Tensor) -> tuple[int, int, int]:
    """Batch, steps, dimensions.

    Raises:
        ValueError: There are other axes.
    """
    if actions_BTA.ndim != 3:
        message = f"actions must be [batch, steps, dimensions], not of shape {tuple(actions_BTA.shape)}"
        raise ValueError(message)
    batch, horizon, width = actions_BTA.shape
    return batch, horizon, width


def check_mask(name: str, mask: Tensor, shape: tuple[int, ...]) -> None:
    """Hold a mask to its shape and type.

    Raises:
        ValueError: It has another.
    """
    if mask.dtype != torch.bool or mask.shape != shape:
        message = f"the {name} must be bool of shape {shape}, not {mask.dtype} of {tuple(mask.shape)}"
        raise ValueError(message)
