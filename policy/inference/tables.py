"""What depends on flow time, on positions or on the shape alone: made once a model, read in every pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from policy.model.flow import euler_times
from policy.model.gemma import LayerModulation, Modulations
from policy.model.norms import Modulation
from policy.model.pi0 import Pi0
from policy.model.rope import Rotation, rotation


class StepTable(NamedTuple):
    """What one flow time does to the expert.

    Attributes:
        modulations: π0.5: of every norm, for a batch of one; None for π0.
        mixed_W: π0: what time adds to the action tokens inside the time MLP; None for π0.5.
    """

    modulations: Modulations | None
    mixed_W: Tensor | None


@dataclass(frozen=True)
class FlowTables:
    """Everything that a walk of so many steps needs of time.

    Attributes:
        times: Of the steps, from 1 down.
        steps: One table a step; none where each is to be made when it is needed.
        clean: Of flow time 0: that of steps of the chunk which are settled already; None as above.
    """

    times: tuple[float, ...]
    steps: tuple[StepTable, ...]
    clean: StepTable | None


@torch.no_grad()
def flow_tables(model: Pi0, steps: int) -> FlowTables:
    """Ask the model once for each time that a walk of `steps` steps visits, and for time 0."""
    times = tuple(euler_times(steps))
    return FlowTables(times, tuple(step_table(model, time) for time in times), step_table(model, 0.0))


@torch.no_grad()
def step_table(model: Pi0, time: float) -> StepTable:
    """What flow time `time` does to the expert.

    π0's time MLP starts with a matrix over [action token | time embedding]. It is the sum of a matrix over each half,
    and that over the time embedding is the same for every token.
    """
    time_B = torch.full((1,), time, device=model.action_in_proj.weight.device)
    if model.config.kind == "pi05":
        dtype = model.expert.layers[0].self_attn.o_proj.weight.dtype
        return StepTable(_settled(model.expert.modulations(model.time_condition(time_B)), dtype), None)
    layer, width = model.action_time_mlp_in, model.config.expert.width
    return StepTable(None, model.embed_time(time_B)[0] @ layer.weight[:, width:].T + layer.bias)


def blend(frozen_BT: Tensor, clean: StepTable, step: StepTable) -> StepTable:
    """`clean` for the steps of the chunk that are frozen (bool [B, T]), `step` for the others."""
    frozen_BT1 = frozen_BT[:, :, None]
    if step.modulations is None or clean.modulations is None:
        if step.mixed_W is None or clean.mixed_W is None:
            raise ValueError(
                "a step table holds neither modulations nor a time half; make it with `step_table`"
            )
        return StepTable(None, torch.where(frozen_BT1, clean.mixed_W, step.mixed_W))

    def both(first: Modulation | None, second: Modulation | None) -> Modulation | None:
        if first is None or second is None:
            return None
        return Modulation(*(torch.where(frozen_BT1, a, b) for a, b in zip(first, second, strict=True)))

    layers = [
        LayerModulation(*(both(a, b) for a, b in zip(settled, moving, strict=True)))
        for settled, moving in zip(clean.modulations.layers, step.modulations.layers, strict=True)
    ]
    return StepTable(Modulations(layers, both(clean.modulations.last, step.modulations.last)), None)


def rotary_table(positions: int, *, head_dim: int, dtype: torch.dtype, device: torch.device) -> Rotation:
    """The rotation of positions 0 … `positions` − 1, [1, 1, positions, D/2]."""
    return rotation(torch.arange(positions, device=device)[None], head_dim=head_dim, dtype=dtype)


def _settled(modulations: Modulations, dtype: torch.dtype) -> Modulations:
    """The same in tensors of their own: as they come they are thirds of one product. Gates in the tower's dtype."""

    def own(modulation: Modulation | None) -> Modulation | None:
        if modulation is None:
            return None
        scale, shift, gate = modulation
        return Modulation(scale.contiguous(), shift.contiguous(), gate.to(dtype).contiguous())

    return Modulations(
        [LayerModulation(*(own(each) for each in layer)) for layer in modulations.layers],
        own(modulations.last),
    )
