"""What checkers may ask of the folder they check: its files, their tensors, and models with its weights."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import load_file
from torch import Tensor

from policy.checkpoints.folder import Checkpoint, build_model, load
from policy.checkpoints.infer_config import known_of
from policy.inference.sampler import Sampler
from policy.model.pi0 import Pi0
from policy.presets import GemmaConfig, Kind, Pi0Config, VisionConfig

DUMMY, ASYM = "dummy", "asym"
GIVEN = Path(__file__).parents[1] / "golden"


class NotInFolder(Exception):
    """A file needs another one that is not there."""


class Vectors:
    """The tensors of one file, and which of them were used: as inputs, or to compare with."""

    def __init__(self, path: Path) -> None:
        self._tensors = load_file(path)
        self._used: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def take(self, name: str) -> Tensor:
        """A tensor, which counts as used from now on.

        Raises:
            NotInFolder: The file has no such tensor.
        """
        if name not in self._tensors:
            raise NotInFolder(f"there is no tensor {name!r} in the file")
        self._used.add(name)
        return self._tensors[name]

    def matching(self, pattern: str) -> Iterator[re.Match[str]]:
        """Names that match from beginning to end."""
        for name in self._tensors:
            if match := re.fullmatch(pattern, name):
                yield match

    def groups(self) -> list[str]:
        """What stands before the first full stop of names."""
        return list(dict.fromkeys(name.partition(".")[0] for name in self._tensors))

    @property
    def unused(self) -> list[str]:
        """Names that nothing has taken."""
        return [name for name in self._tensors if name not in self._used]


@dataclass(frozen=True)
class ModelName:
    """The part of a file's name that says which model it belongs to, such as `pi05_asym`."""

    kind: Kind
    size: str

    @property
    def text(self) -> str:
        """As file names have it."""
        return self.kind if self.size == DUMMY else f"{self.kind}_{self.size}"


MODEL = r"(?P<kind>pi05|pi0)(?:_(?P<size>asym))?"
"""Matches the model's part of a file name; see `model_name`."""


def model_name(match: re.Match[str]) -> ModelName:
    """Of a file name that was matched with `MODEL`."""
    return ModelName(cast("Kind", match["kind"]), match["size"] or DUMMY)


class Folder:
    """A folder of vectors. Models are built once and shared between the files that need them.

    Args:
        root: The folder.
        given: Where a file that another one needs (weights, a vocabulary) is taken from if it is not in the folder.

    Attributes:
        borrowed: Names of what was taken from there, in the order in which it was needed.
    """

    def __init__(self, root: Path, *, given: Path = GIVEN) -> None:
        self.root = root
        self.given = given
        self.borrowed: list[str] = []
        self._models: dict[tuple[ModelName, int], Pi0] = {}
        self._samplers: dict[tuple[ModelName, int], Sampler] = {}

    def files(self) -> list[str]:
        """Every file, relative to the folder, sorted."""
        return sorted(
            path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file()
        )

    def path(self, name: str) -> Path:
        """A file or folder that is there, or is among those given.

        Raises:
            NotInFolder: It is neither.
        """
        path = self.root / name
        if path.exists():
            return path
        if not (self.given / name).exists():
            raise NotInFolder(f"it needs {name}, which is not in {self.root}, nor in {self.given}")
        if name not in self.borrowed:
            self.borrowed.append(name)
        return self.given / name

    def vectors(self, name: str) -> Vectors:
        """The tensors of a file."""
        return Vectors(self.path(name))

    def json(self, name: str) -> Any:
        """The content of a JSON file."""
        return json.loads(self.path(name).read_bytes())

    def checkpoint(self, name: ModelName, *, horizon: int | None = None) -> Checkpoint:
        """`NAME_weights.safetensors`, of which its sizes are read; what it does not say is the README's."""
        known = known_of(config_of(name))
        path = self.path(f"{name.text}_weights.safetensors")
        return load(
            path, known=replace(known, action_horizon=horizon or known.action_horizon), kind=name.kind
        )

    def model(self, name: ModelName, *, horizon: int | None = None) -> Pi0:
        """A model with the weights of `NAME_weights.safetensors`; every one of them, and no other."""
        key = name, horizon or config_of(name).action_horizon
        if key not in self._models:
            self._models[key] = built(self.checkpoint(name, horizon=horizon))
        return self._models[key]

    def sampler(self, name: ModelName, *, horizon: int | None = None) -> Sampler:
        """The fast path, every technique on, with a model of its own: it joins projections in place."""
        key = name, horizon or config_of(name).action_horizon
        if key not in self._samplers:
            self._samplers[key] = Sampler(built(self.checkpoint(name, horizon=horizon)))
        return self._samplers[key]


def built(checkpoint: Checkpoint, *, dtype: torch.dtype = torch.float32) -> Pi0:
    """The model of a checkpoint."""
    return cast("Pi0", build_model(checkpoint, dtype=dtype, check_finite=True))


def config_of(name: ModelName) -> Pi0Config:
    """Sizes of a model: the table "Configurations" in the golden folder's README."""
    if name.size == ASYM:
        return Pi0Config(
            kind=name.kind,
            vision=VisionConfig(width=48, depth=2, mlp_width=80, heads=4),
            language=GemmaConfig(width=72, depth=3, mlp_width=144, heads=8, kv_heads=1, head_dim=16),
            expert=GemmaConfig(width=40, depth=3, mlp_width=96, heads=8, kv_heads=1, head_dim=16),
            vocab_size=512,
            action_horizon=7,
            max_prompt_tokens=24 if name.kind == "pi0" else 60,
        )
    tower = GemmaConfig(width=64, depth=4, mlp_width=128, heads=8, kv_heads=1, head_dim=16)
    return Pi0Config(
        kind=name.kind,
        vision=VisionConfig(width=64, depth=2, mlp_width=112, heads=4),
        language=tower,
        expert=tower,
        vocab_size=512,
        action_horizon=10,
        max_prompt_tokens=48 if name.kind == "pi0" else 200,
    )
