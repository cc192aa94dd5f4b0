"""Projections that read the same input, in one matrix product, without a second copy of their weights.

The joint weight is one tensor; the separate layers keep their parameters, under their names in `state_dict`, as views
into it. Loading new weights into the separate layers therefore changes the joint one too.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from policy.model.gemma import GemmaAttention, GemmaMlp
from policy.model.siglip import SiglipAttention


def fuse(model: nn.Module) -> None:
    """Join query, key and value projections, and gate and up projections, throughout a model. Again is no harm.

    Call it once the weights have their dtype and device: moving or casting the model afterwards parts the views from
    the joint tensors (`is_fused` then says no, and `fuse` joins them again).
    """
    for module in model.modules():
        if isinstance(module, GemmaAttention):
            module.fused_qkv = joined([module.q_proj.weight, module.k_proj.weight, module.v_proj.weight])
        elif isinstance(module, GemmaMlp):
            module.fused_gate_up = joined([module.gate_proj.weight, module.up_proj.weight])
        elif isinstance(module, SiglipAttention):
            layers = (module.q_proj, module.k_proj, module.v_proj)
            module.fused_qkv = (
                joined([layer.weight for layer in layers]),
                joined([layer.bias for layer in layers]),
            )


def part(model: nn.Module) -> None:
    """Compute separately again; the weights stay where they are."""
    for module in model.modules():
        if isinstance(module, GemmaAttention | SiglipAttention):
            module.fused_qkv = None
        elif isinstance(module, GemmaMlp):
            module.fused_gate_up = None


def is_fused(model: nn.Module) -> bool:
    """Whether every projection that can be is computed jointly, from the weights that the separate layers hold."""
    return all(joint is not None and _holds(joint, weights) for joint, weights in _projections(model))


def joined(weights: Sequence[Tensor]) -> Tensor:
    """One tensor of all of them, along the first axis, of which each becomes a view.

    Nothing is copied where they are such views already.

    Raises:
        ValueError: They differ in dtype or device.
    """
    first = weights[0]
    if any((weight.dtype, weight.device) != (first.dtype, first.device) for weight in weights):
        kinds = ", ".join(f"{weight.dtype} on {weight.device}" for weight in weights)
        message = (
            f"projections to be joined must have one dtype and device, not {kinds}; cast the model as a whole"
        )
        raise ValueError(message)
    rows = sum(len(weight) for weight in weights)
    adjacent = (
        first.detach().as_strided((rows, *first.shape[1:]), first.stride(), first.storage_offset())
        if (_has_room(first, rows))
        else None
    )
    if adjacent is not None and _holds(adjacent, weights):
        return adjacent
    with torch.no_grad():
        joint = torch.cat([weight.detach() for weight in weights])
        start = 0
        for weight in weights:
            weight.data = joint[start : start + len(weight)]
            start += len(weight)
    return joint


def _projections(model: nn.Module) -> list[tuple[Tensor | None, list[Tensor]]]:
    found: list[tuple[Tensor | None, list[Tensor]]] = []
    for module in model.modules():
        if isinstance(module, GemmaAttention):
            weights = [module.q_proj.weight, module.k_proj.weight, module.v_proj.weight]
            found.append((module.fused_qkv, weights))
        elif isinstance(module, GemmaMlp):
            found.append((module.fused_gate_up, [module.gate_proj.weight, module.up_proj.weight]))
        elif isinstance(module, SiglipAttention):
            layers = (module.q_proj, module.k_proj, module.v_proj)
            weight, bias = module.fused_qkv if module.fused_qkv is not None else (None, None)
            found += [(weight, [layer.weight for layer in layers]), (bias, [layer.bias for layer in layers])]
    return found


def _has_room(first: Tensor, rows: int) -> bool:
    row = first[0].numel() if first.ndim > 1 else 1
    held = first.untyped_storage().nbytes() // first.element_size()
    return first.is_contiguous() and first.storage_offset() + rows * row <= held


def _holds(joint: Tensor, weights: Sequence[Tensor]) -> bool:
    """Whether `weights` are the parts of `joint`, in order."""
    start = 0
    for weight in weights:
        there = joint[start : start + len(weight)]
        if (
            there.data_ptr() != weight.data_ptr()
            or there.shape != weight.shape
            or there.dtype != weight.dtype
        ):
            return False
        start += len(weight)
    return start == len(joint)
