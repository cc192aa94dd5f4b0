"""What every model that makes actions by flow matching does: π0, π0.5 and π0-small alike."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from torch import Tensor

from policy.model import attention, flow
from policy.model.attention import Attend
from policy.model.inputs import ModelInputs
from policy.model.pi0 import Prefix


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


@runtime_checkable
class FlowModel(Protocol):
    """Reads the observation once, then gives the flow's velocity as often as asked.

    Every implementation passes `tests/policy/model/test_flow_models.py`.
    """

    @property
    def config(self) -> ActionSizes:
        """Sizes."""
        ...

    def prefill(self, inputs: ModelInputs, *, attend: Attend = attention.fused) -> Prefix:
        """Read the observation: keys and values for `velocity`."""
        ...

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
        ...

    def sample_actions(
        self,
        inputs: ModelInputs,
        noise_BTA: Tensor,
        *,
        steps: int = flow.STEPS,
        attend: Attend = attention.fused,
    ) -> Tensor:
        """Walk from noise to normalised actions, float32 [B, T, A]."""
        ...

    def flow_error(
        self,
        inputs: ModelInputs,
        actions_BTA: Tensor,
        noise_BTA: Tensor,
        time: Tensor,
        *,
        attend: Attend = attention.eager,
    ) -> Tensor:
        """Squared error of the velocity, float32 [B, T, A], for every step and dimension."""
        ...
