"""From noise to actions by any `FlowModel`, going on from a chunk in progress where there is one.

`policy.inference.action_pass` does the same faster, for π0 and π0.5 only.
"""

from __future__ import annotations

import torch
from torch import Tensor

from policy.inference import rtc
from policy.inference.rtc import Continuation
from policy.model import attention, flow
from policy.model.attention import Attend
from policy.model.flow_model import FlowModel
from policy.model.inputs import ModelInputs


@torch.no_grad()
def walk(
    model: FlowModel,
    inputs: ModelInputs,
    noise_BTA: Tensor,
    *,
    steps: int = flow.STEPS,
    continuation: Continuation | None = None,
    attend: Attend = attention.fused,
) -> Tensor:
    """Walk from noise to actions.

    Args:
        model: In evaluation mode.
        inputs: The observation, on the model's device.
        noise_BTA: Standard normal, float32; where the walk starts.
        steps: Euler steps.
        continuation: What the chunk goes on from, if anything; see `policy.inference.rtc`.
        attend: The attention.

    Returns:
        Normalised actions, float32 [B, T, A]. Without `continuation`, what `FlowModel.sample_actions` gives.

    Raises:
        ValueError: The plan to go on from is not of the noise's shape.
    """
    if continuation is None:
        return model.sample_actions(inputs, noise_BTA, steps=steps, attend=attend)
    plan_BTA = continuation.actions_BTA.to(noise_BTA.device)
    if plan_BTA.shape != noise_BTA.shape:
        message = (
            f"the plan of the chunk in progress is {list(plan_BTA.shape)}, and the noise {list(noise_BTA.shape)};"
            " they are of one shape"
        )
        raise ValueError(message)
    weights_BT1 = continuation.weights_T.to(noise_BTA.device).expand(noise_BTA.shape[:2])[:, :, None]
    frozen_BT1 = weights_BT1 > 0 if continuation.way == "trained" else torch.zeros_like(weights_BT1) > 0
    prefix = model.prefill(inputs, attend=attend)
    x_BTA = noise_BTA
    for time in flow.euler_times(steps):
        x_BTA = torch.where(frozen_BT1, plan_BTA, x_BTA)
        times_BT = torch.where(frozen_BT1[:, :, 0], 0.0, time)
        velocity_BTA = model.velocity(prefix, inputs.state_BA, x_BTA, times_BT, attend=attend)
        if continuation.way == "guided":
            velocity_BTA = rtc.guided(velocity_BTA, x_BTA, time, plan_BTA, weights_BT1)
        x_BTA = x_BTA - velocity_BTA / steps
    return torch.where(frozen_BT1, plan_BTA, x_BTA)
