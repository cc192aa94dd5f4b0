"""Weights to train from scratch with: every part's output of ordinary size, flow and text as unsure as they should be.

| Weights | Drawn from | Why |
|---|---|---|
| linear, convolution | normal, cut at two deviations, variance 1 / inputs | the output varies as much as the input |
| of these, what a layer adds to its tokens | divided by √(all such of its tower) | the sum is small at any depth |
| convolutions of a stem | variance 2 / inputs | a GELU halves what it lets through |
| embeddings | normal, deviation 0.5 / √width | size 0.5 once scaled by √width; and so are the tied head's scores |
| norms | as the identity | |
| biases, modulations by flow time, last projection to actions | zero | layers start as the identity, velocities at 0 |

So the first loss of text is near ln V, and that of flow is the variance of noise − actions: a first loss far from these
says that something is wrong before any training.

Sources: the variance after He et al. 2015 with fan-in and gain 1, and the cut as in JAX's `lecun_normal`, which openpi
uses; residual branches after Radford et al. 2019 (GPT-2); zeros after Peebles and Xie 2023 (AdaLN-Zero) and openpi's
adaRMS.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from policy.model.dit import Dit, DitLayer
from policy.model.gemma import Gemma, GemmaLayer
from policy.model.norms import AdaRmsNorm
from policy.model.observation import EncoderLayer, ObservationEncoder
from policy.model.pi0 import Pi0
from policy.model.siglip import Siglip, SiglipLayer

CUT = 2.0
"""Deviations at which the normal distribution is cut."""
CUT_DEVIATION = 0.87962566103423978
"""Deviation of a standard normal variable that is cut at ±2."""
EMBEDDING = 0.5
"""Of 1 / √width. At the whole of it the tied head mostly repeats the token it has just read: the first loss of text is
1.5 ln V. At half it is within 3 % of ln V in the small and medium presets."""
AWAKE_MODULATION = 0.2
"""Of the ordinary deviation, for modulations that are not to start at zero."""


@torch.no_grad()
def initialise(model: nn.Module, *, generator: torch.Generator | None = None, zeros: bool = True) -> None:
    """Draw all weights of a model anew, in place; tied ones stay tied.

    Args:
        model: One of `policy.model`, with memory (not on the meta device). Each weight keeps its dtype and device.
        generator: On the model's device; the same seed gives the same weights there.
        zeros: Start at zero, and divide, as above. Without, all parts are drawn at their size, so that every weight has
            an effect that shows: for models of random weights that are to be timed or compared.
    """
    at_zero = {id(linear) for linear in modulations(model)} | {
        id(linear) for linear in last_projections(model)
    }
    drawn: set[int] = set()
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if id(parameter) in drawn:
                continue
            drawn.add(id(parameter))
            if zeros and id(module) in at_zero:
                parameter.zero_()
            else:
                _draw(module, name, parameter, generator)
    for encoder in model.modules():
        if isinstance(encoder, Siglip):
            for convolution in encoder.embeddings.stem:
                convolution.weight.mul_(math.sqrt(2.0))
    if zeros:
        for linear, branches in residual_outputs(model):
            linear.weight.div_(math.sqrt(branches))
    else:
        for linear in modulations(model):
            linear.weight.mul_(AWAKE_MODULATION)


def modulations(model: nn.Module) -> Iterator[nn.Linear]:
    """Layers that make flow time into what it does to norms and residuals."""
    for module in model.modules():
        if isinstance(module, AdaRmsNorm):
            yield module.dense
        elif isinstance(module, DitLayer):
            yield module.modulation
        elif isinstance(module, Dit):
            yield module.last_modulation


def last_projections(model: nn.Module) -> Iterator[nn.Linear]:
    """Layers that say the velocity."""
    for module in model.modules():
        if isinstance(module, Dit):
            yield module.action_out
        elif isinstance(module, Pi0):
            yield module.action_out_proj


def residual_outputs(model: nn.Module) -> Iterator[tuple[nn.Linear, int]]:
    """Layers whose result is added to a tower's tokens, each with how many such there are in its tower.

    DistilBERT's are not among them: it normalises each sum.
    """
    for tower in model.modules():
        if not isinstance(tower, Gemma | Siglip | ObservationEncoder | Dit):
            continue
        layers = tower.encoder.layers if isinstance(tower, Siglip) else tower.layers
        outputs = [linear for layer in layers for linear in _added(layer)]
        yield from ((linear, len(outputs)) for linear in outputs)


def _added(layer: nn.Module) -> list[nn.Linear]:
    if isinstance(layer, GemmaLayer):
        return [layer.self_attn.o_proj, layer.mlp.down_proj]
    if isinstance(layer, SiglipLayer):
        return [layer.self_attn.out_proj, layer.mlp.fc2]
    if isinstance(layer, EncoderLayer):
        return [layer.attention.out_proj, layer.mlp.fc2]
    if isinstance(layer, DitLayer):
        return [layer.self_attention.out_proj, layer.cross_attention.out_proj, layer.mlp.fc2]
    raise TypeError(f"no rule for what a {type(layer).__name__} adds to its tokens; add one here")


def _draw(module: nn.Module, name: str, parameter: Tensor, generator: torch.Generator | None) -> None:
    """Fill a parameter that is not to be zero, or set it as the rules above say."""
    if isinstance(module, nn.Embedding):
        # In float32 whatever the weight's own dtype: bfloat16 is too coarse for the tails.
        values = torch.empty_like(parameter, dtype=torch.float32)
        values.normal_(0.0, EMBEDDING * parameter.shape[1] ** -0.5, generator=generator)
        parameter.copy_(values)
    elif isinstance(module, nn.Linear | nn.Conv2d) and name == "weight":
        deviation = math.prod(parameter.shape[1:]) ** -0.5
        values = cut_normal(tuple(parameter.shape), device=parameter.device, generator=generator)
        parameter.copy_(values * (deviation / CUT_DEVIATION))
    elif isinstance(module, nn.LayerNorm) and name == "weight":
        parameter.fill_(1.0)
    else:
        parameter.zero_()  # biases; and RmsNorm's weights, to which it adds one


def cut_normal(
    shape: tuple[int, ...], *, device: torch.device | str = "cpu", generator: torch.Generator | None = None
) -> Tensor:
    """Standard normal numbers of which those beyond `CUT` are drawn again; float32.

    Ten times faster than `nn.init.trunc_normal_` of torch 2.13 on a processor.
    """
    values = torch.empty(shape, device=device).normal_(generator=generator)
    flat = values.view(-1)
    beyond = (flat.abs() > CUT).nonzero()[:, 0]
    while len(beyond):
        again = torch.empty(len(beyond), device=device).normal_(generator=generator)
        flat[beyond] = again
        beyond = beyond[again.abs() > CUT]
    return values
