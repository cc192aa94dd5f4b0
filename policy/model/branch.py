"""A name in a checkpoint's keys."""

from __future__ import annotations

from typing import Any

from torch import nn


class Branch(nn.Module):
    """Holds submodules under the names that a checkpoint's keys need, and computes nothing."""

    def __init__(self, **children: nn.Module) -> None:
        super().__init__()
        for name, child in children.items():
            self.add_module(name, child)

    def __getattr__(self, name: str) -> Any:
        """A submodule; its type is known where it was put in."""
        return super().__getattr__(name)
