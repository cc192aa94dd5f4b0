"""Flow matching: a straight line from noise to actions, its velocity learned, walked in ten Euler steps.

Time here is openpi's: t = 1 is noise and t = 0 is data, x(t) = t·noise + (1 − t)·actions, velocity = noise − actions.
The papers count the other way (τ = 1 − t).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

STEPS = 10
MIN_PERIOD, MAX_PERIOD = 4e-3, 4.0
"""Of the time embedding, in units of flow time."""


def interpolate(actions_BTA: Tensor, noise_BTA: Tensor, time: Tensor) -> Tensor:
    """The point x(t) on the line; `time` is [B], or [B, T] with a time of its own for each step."""
    t = expand_time(time)
    return t * noise_BTA + (1 - t) * actions_BTA


def check_chunk(x_BTA: Tensor, time: Tensor, shape: tuple[int, int, int]) -> None:
    """Hold noisy actions and their times to the batch, steps and dimensions that a model takes.

    Raises:
        ValueError: They have others; a time of another batch would otherwise be spread over this one.
    """
    if x_BTA.shape != shape or time.shape not in (shape[:1], shape[:2]):
        message = (
            f"noisy actions of shape {list(x_BTA.shape)} at times of shape {list(time.shape)}; here they are"
            f" {list(shape)} at {list(shape[:1])} or {list(shape[:2])}"
        )
        raise ValueError(message)


def velocity_target(actions_BTA: Tensor, noise_BTA: Tensor) -> Tensor:
    """What the model is to say anywhere on the line."""
    return noise_BTA - actions_BTA


def expand_time(time: Tensor) -> Tensor:
    """[B] or [B, T] as [B, 1 or T, 1]."""
    return time[:, None, None] if time.ndim == 1 else time[:, :, None]


def sample_time(
    batch: int, *, generator: torch.Generator | None = None, device: torch.device | None = None
) -> Tensor:
    """Training times, float32 [B]: 0.999·Beta(1.5, 1) + 0.001, which favours noise.

    A Beta(a, 1) variable is a uniform one to the power 1/a.
    """
    uniform = torch.rand(batch, generator=generator, device=device)
    return 0.999 * uniform ** (1 / 1.5) + 0.001


def euler_times(steps: int = STEPS) -> list[float]:
    """The times at which the velocity is asked for, from 1 down.

    They are added up in float32, as openpi does: 1.0, 0.9, 0.79999995, …; 1 − k/steps would be off by up to 7e-8.

    Raises:
        ValueError: There is no step to take.
    """
    if steps < 1:
        message = f"{steps} denoising steps; at least 1 is needed (openpi uses {STEPS})"
        raise ValueError(message)
    dt = torch.tensor(-1.0 / steps, dtype=torch.float32)
    time = torch.tensor(1.0, dtype=torch.float32)
    times = []
    while time >= -dt / 2:
        times.append(time.item())
        time = time + dt
    return times


def embed_time(time: Tensor, width: int) -> Tensor:
    """Sine and cosine of flow time at `width`/2 periods from 0.004 to 4: [..., width], sines first.

    Computed in float64: the shortest period turns 250 times over the unit interval. The result is float64 too; callers
    round it to their dtype.

    Raises:
        ValueError: The width is odd.
    """
    if width % 2:
        raise ValueError(f"flow time is told in pairs of sine and cosine; a width of {width} is odd")
    fraction = torch.linspace(0.0, 1.0, width // 2, dtype=torch.float64, device=time.device)
    period = MIN_PERIOD * (MAX_PERIOD / MIN_PERIOD) ** fraction
    angle = time.to(torch.float64)[..., None] * (2 * math.pi / period)
    return torch.cat((angle.sin(), angle.cos()), dim=-1)
