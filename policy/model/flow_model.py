"""What every model that makes actions by flow matching does: π0, π0.5 and π0-small alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from policy.model import attention, flow
from policy.model.attention import Attend
from policy.model.cache import Prefix
from policy.model.inputs import ModelInputs
from policy.model.lean_attention import lean


class ActionSizes(Protocol):
    """The part of a model's configuration that says how large a chunk is."""

    @property
    def action_dim(self) -> int:
        """Width of state and actions in the model; a robot's are padded to it."""
        ...

    @property
    def action_horizon(self) -> int:
        """Steps of a chunk."""
        ...


@dataclass(frozen=True)
class FlowStep:
    """One Euler step: where it stood and which way it went."""

    time: float
    x_BTA: Tensor
    velocity_BTA: Tensor


class FlowModel(nn.Module):
    """Reads the observation once, then gives the flow's velocity as often as asked.

    A model says how in `prefill` and `velocity`; sampling and training are the same for all. Every one passes
    `tests/policy/model/test_flow_models.py`.

    Attributes:
        config: Sizes.
    """

    config: ActionSizes

    def prefill(self, inputs: ModelInputs, *, attend: Attend = attention.fused) -> Prefix:
        """Read the observation: keys and values for `velocity`."""
        raise NotImplementedError

    def velocity(
        self,
        prefix: Prefix,
        state_BA: Tensor,
        x_BTA: Tensor,
        time: Tensor,
        *,
        attend: Attend = attention.fused,
    ) -> Tensor:
        """The flow's velocity at `x` and `time` ([B], or [B, T] one a step): float32 [B, T, A].

        Raises:
            ValueError: `x` or `time` is not of the model's size, or of the prefix's batch.
        """
        raise NotImplementedError

    @torch.no_grad()
    def sample_actions(
        self,
        inputs: ModelInputs,
        noise_BTA: Tensor,
        *,
        steps: int = flow.STEPS,
        attend: Attend = attention.fused,
        trace: list[FlowStep] | None = None,
    ) -> Tensor:
        """Walk from noise to actions.

        Args:
            inputs: The observation.
            noise_BTA: Standard normal, float32; where the walk starts.
            steps: Euler steps.
            attend: The attention.
            trace: Filled with every step, if given.

        Returns:
            Normalised actions, float32 [B, T, A].
        """
        prefix = self.prefill(inputs, attend=attend)
        x_BTA = noise_BTA
        for time in flow.euler_times(steps):
            time_B = torch.full((len(noise_BTA),), time, device=noise_BTA.device)
            velocity = self.velocity(prefix, inputs.state_BA, x_BTA, time_B, attend=attend)
            if trace is not None:
                trace.append(FlowStep(time, x_BTA, velocity))
            x_BTA = x_BTA - velocity / steps
        return x_BTA

    def flow_error(
        self,
        inputs: ModelInputs,
        actions_BTA: Tensor,
        noise_BTA: Tensor,
        time: Tensor,
        *,
        attend: Attend = lean,
    ) -> Tensor:
        """Squared error of the velocity, float32 [B, T, A], for every step and dimension: masks are the loss's."""
        x_BTA = flow.interpolate(actions_BTA, noise_BTA, time)
        prefix = self.prefill(inputs, attend=attend)
        velocity = self.velocity(prefix, inputs.state_BA, x_BTA, time, attend=attend)
        return (flow.velocity_target(actions_BTA, noise_BTA) - velocity).square()
