"""Weights from files into a model: all of them, or an error; never a mixture with random ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from policy.checkpoints.errors import CorruptWeights, NotFinite, TiedWeightsDiffer
from policy.checkpoints.matching import TIED, compare
from policy.checkpoints.weights import Weights


def load_into(
    model: nn.Module, weights: Weights, *, device: torch.device | str = "cpu", check_finite: bool = False
) -> None:
    """Give a model the weights of a checkpoint; its own dtypes stay.

    A model on the meta device gets tensors on `device`: on the processor, those whose dtype is the file's own stay
    mapped from the file, so that the model takes no memory beyond the pages in use; the file must then not be changed
    in place. Any other model is filled in place. Parameters that share a tensor still do so afterwards.

    Args:
        model: Its `state_dict` has openpi's names.
        weights: What the files hold.
        device: Where a model on the meta device goes.
        check_finite: Refuse NaN and infinite weights; reads every one.

    Raises:
        WrongKeys: A tensor is missing, unexpected or mis-shaped; all are listed, and the model is as it was.
        WrongDtype: A tensor does not hold floating-point numbers of 16 or 32 bits.
        TiedWeightsDiffer: The file holds two different tensors where the model has one.
        NotFinite: With `check_finite`; all tensors concerned are listed.
        CorruptWeights: A file cannot be read.
    """
    state = model.state_dict(keep_vars=True)
    expected = {name: tuple(tensor.shape) for name, tensor in state.items()}
    compare(found=weights.shapes, expected=expected).check(
        weights.path, model=f"the {type(model).__name__} model"
    )
    weights.check_dtypes()
    _check_tied(weights)
    if check_finite:
        _check_finite(weights)
    targets = dict(_targets(state, weights))
    places = _places(model)
    with torch.no_grad():
        for name, tensor in read_tensors(weights):
            target = targets.get(name)
            if target is None:  # the other name of the tied tensor
                continue
            if not target.is_meta:
                target.copy_(tensor)
                continue
            loaded: Tensor = tensor.to(device=device, dtype=target.dtype)
            if isinstance(target, nn.Parameter):
                loaded = nn.Parameter(loaded, requires_grad=target.requires_grad)
            for module, leaf in places[id(target)]:
                setattr(module, leaf, loaded)


def read_tensors(weights: Weights) -> Iterator[tuple[str, Tensor]]:
    """Every tensor, mapped into memory from its file.

    Raises:
        CorruptWeights: A file cannot be read.
    """
    names: dict[str, list[str]] = {}
    for name, entry in weights.entries.items():
        names.setdefault(str(entry.file), []).append(name)
    for path in weights.files:
        with ExitStack() as stack:
            try:
                file = stack.enter_context(safe_open(path, framework="pt"))
            except (SafetensorError, OSError) as error:
                raise CorruptWeights(path, f"cannot be read ({error})") from error
            for name in names[str(path)]:
                yield name, file.get_tensor(weights.entries[name].stored_name)


def _targets(state: dict[str, Tensor], weights: Weights) -> Iterator[tuple[str, Tensor]]:
    """The file's name of every tensor of the model, once."""
    seen: set[int] = set()
    for name, tensor in state.items():
        stored = name if name in weights.entries else next(n for n in TIED if n in weights.entries)
        if id(tensor) not in seen:
            seen.add(id(tensor))
            yield stored, tensor


def _places(model: nn.Module) -> dict[int, list[tuple[nn.Module, str]]]:
    """Where each parameter and buffer hangs: a shared one in several places."""
    places: dict[int, list[tuple[nn.Module, str]]] = {}
    for module in model.modules():
        held = {**module._parameters, **module._buffers}
        for leaf, tensor in held.items():
            if tensor is not None:
                places.setdefault(id(tensor), []).append((module, leaf))
    return places


def _check_tied(weights: Weights) -> None:
    both = [name for name in TIED if name in weights.entries]
    if len(both) < 2:
        return
    tensors = [tensor for name, tensor in read_tensors(_only(weights, both))]
    if not torch.equal(*tensors):
        raise TiedWeightsDiffer(
            f"{weights.path}: {' and '.join(both)} hold different numbers, and the model has one tensor under both"
            " names; delete the wrong one from the file"
        )


def _check_finite(weights: Weights) -> None:
    wrong = [
        f"{name}: {int((~torch.isfinite(tensor)).sum())} of {tensor.numel()}"
        for name, tensor in read_tensors(weights)
        if not torch.isfinite(tensor).all()
    ]
    if wrong:
        raise NotFinite(
            f"{weights.path}: {len(wrong)} tensors hold NaN or infinite weights; use an earlier checkpoint of the"
            " same training:\n" + "\n".join(wrong)
        )


def _only(weights: Weights, names: list[str]) -> Weights:
    return Weights(
        path=weights.path, entries={name: weights.entries[name] for name in names}, metadata=weights.metadata
    )
