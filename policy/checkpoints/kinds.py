"""The kinds of model that a checkpoint can hold: one table, and the one place to add another.

A module of `policy.model` is imported only when a model is built, so that describing a checkpoint needs no torch.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from policy.checkpoints.errors import InvalidManifest
from policy.checkpoints.keys import Shape, pi0_shapes
from policy.presets import Pi0Config, Pi0FastConfig, Pi0SmallConfig

if TYPE_CHECKING:
    from torch import nn

ModelConfig = Pi0Config | Pi0FastConfig | Pi0SmallConfig
"""The configuration of any kind."""


@dataclass(frozen=True)
class ModelKind:
    """One kind of model.

    Attributes:
        name: As a manifest calls it.
        config_type: The frozen dataclass of its sizes.
        model: `module:class` of the model, which is built from the configuration alone.
        shapes: Name to shape of its tensors; None where only the built model knows.
        has_text_head: It has one, which can name the next subtask once trained to.
    """

    name: str
    config_type: type[ModelConfig]
    model: str
    shapes: Callable[[Pi0Config], dict[str, Shape]] | None = None
    has_text_head: bool = True

    def build_on_meta(self, config: ModelConfig) -> nn.Module:
        """A model without memory, to be given weights."""
        import torch

        module, name = self.model.split(":")
        with torch.device("meta"):
            built: nn.Module = getattr(importlib.import_module(module), name)(config)
        return built

    def expected(self, config: ModelConfig) -> dict[str, Shape]:
        """Name to shape of every tensor of a model."""
        if self.shapes is not None and isinstance(config, Pi0Config):
            return self.shapes(config)
        state = self.build_on_meta(config).state_dict()
        return {name: tuple(tensor.shape) for name, tensor in state.items()}


KINDS: Mapping[str, ModelKind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            ModelKind("pi05", Pi0Config, "policy.model.pi0:Pi0", pi0_shapes),
            ModelKind("pi0", Pi0Config, "policy.model.pi0:Pi0", pi0_shapes),
            ModelKind("pi0-fast", Pi0FastConfig, "policy.model.pi0_fast:Pi0Fast"),
            ModelKind("pi0-small", Pi0SmallConfig, "policy.model.pi0_small:Pi0Small", has_text_head=False),
        )
    }
)


def kind_named(name: str) -> ModelKind:
    """The kind of a name.

    Raises:
        InvalidManifest: There is none.
    """
    if name not in KINDS:
        raise InvalidManifest(f"kind {name!r} is unknown; there are {', '.join(KINDS)}")
    return KINDS[name]


def kind_of(config: ModelConfig) -> ModelKind:
    """The kind of model that a configuration describes."""
    if isinstance(config, Pi0Config):
        return KINDS[config.kind]
    return next(kind for kind in KINDS.values() if kind.config_type is type(config))
