"""What a checkpoint is, for people and programs: from its headers and small files, without reading a weight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from policy.checkpoints.infer_config import Known
from policy.checkpoints.keys import EMBED_TOKENS, LM_HEAD, PARTS, part_of
from policy.checkpoints.kinds import kind_of
from policy.checkpoints.survey import Layout, Survey, survey
from policy.checkpoints.weights import Weights
from policy.transforms.norm_stats import NormStats

DEGENERATE_RANGE = 1e-3
"""A dimension whose 1st and 99th percentile are closer, in its own units, hardly moved: what lies outside of them is
blown up a thousandfold and more."""


@dataclass(frozen=True)
class VectorInfo:
    """Statistics of one vector.

    Attributes:
        width: How many numbers.
        has_quantiles: Whether 1st and 99th percentiles are there.
        degenerate: Dimensions that hardly moved.
    """

    width: int
    has_quantiles: bool
    degenerate: tuple[int, ...]


@dataclass(frozen=True)
class CheckpointInfo:
    """What was found.

    Attributes:
        path: The folder, or the file.
        layout: Who wrote it.
        kind: Kind of the model; None where it cannot be told.
        sizes: Of the model, nested as in its configuration; what nobody said is None.
        unknown: What the files don't say of the sizes, one line each.
        parameters: Numbers by part; the tied embedding once.
        dtypes: Numbers by dtype.
        files: How many hold the weights.
        bytes: Of the tensors.
        normalization: How statistics are used.
        stats: Asset id, then `state` and `actions`, to their statistics.
        tokenizer: The text tokenizer's file in the folder.
        fast: The FAST tokenizer's folder.
        abilities: What the policy can be asked for, and what not, one line each.
        manifest: What this software wrote of it, as plain values.
        lerobot: What was read of LeRobot's configuration, as plain values.
        problems: Why it cannot be loaded.
    """

    path: str
    layout: Layout
    kind: str | None = None
    sizes: Mapping[str, Any] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    parameters: Mapping[str, int] = field(default_factory=dict)
    dtypes: Mapping[str, int] = field(default_factory=dict)
    files: int = 0
    bytes: int = 0
    normalization: str | None = None
    stats: Mapping[str, Mapping[str, VectorInfo]] = field(default_factory=dict)
    tokenizer: str | None = None
    fast: str | None = None
    abilities: tuple[str, ...] = ()
    manifest: Mapping[str, Any] | None = None
    lerobot: Mapping[str, Any] | None = None
    problems: tuple[str, ...] = ()

    @property
    def parameter_count(self) -> int:
        """Of all parts."""
        return sum(self.parameters.values())


def describe(path: Path, *, known: Known | None = None, kind: str | None = None) -> CheckpointInfo:
    """Describe a checkpoint of any layout, or a weights file.

    Args:
        path: A folder, a weights file, or the index of several.
        known: What the files don't say.
        kind: The kind of model that it should be; another is a problem.
    """
    found = survey(path, known=known, kind=kind)
    weights, manifest = found.weights, found.manifest
    return CheckpointInfo(
        path=str(path),
        layout=found.layout,
        kind=None if found.config is None else kind_of(found.config).name,
        sizes=_sizes(found),
        unknown=tuple(found.unknown.values()),
        parameters={} if weights is None else _parameters(weights),
        dtypes={} if weights is None else _dtypes(weights),
        files=0 if weights is None else len(weights.files),
        bytes=0 if weights is None else weights.bytes,
        normalization=found.normalization,
        stats={
            asset_id: {name: _vector(vector) for name, vector in stats.items()}
            for asset_id, stats in found.stats.items()
        },
        tokenizer=None if manifest is None else manifest.tokenizer,
        fast=None if manifest is None else manifest.fast,
        abilities=tuple(_abilities(found)),
        manifest=None if manifest is None else msgspec.to_builtins(manifest),
        lerobot=None if found.lerobot is None else _lerobot(found),
        problems=tuple(str(problem) for problem in found.problems),
    )


def _sizes(found: Survey) -> dict[str, Any]:
    """The configuration as plain values."""
    if found.config is None:
        return {}
    sizes = asdict(found.config)
    sizes.pop("kind", None)
    for name in ("action_horizon", "max_prompt_tokens"):
        if name in found.unknown:
            sizes[name] = None
    if "vision_heads" in found.unknown:
        sizes["vision"]["heads"] = None
    if "heads" in found.unknown:
        for tower in ("language", "expert"):
            sizes[tower] |= dict.fromkeys(("heads", "kv_heads", "head_dim"))
    return sizes


def _parameters(weights: Weights) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for name, entry in weights.entries.items():
        if name != EMBED_TOKENS or LM_HEAD not in weights.entries:
            counted[part_of(name)] += entry.numbers
    return {part: counted[part] for part in (*PARTS, *sorted(counted.keys() - set(PARTS))) if counted[part]}


def _dtypes(weights: Weights) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for entry in weights.entries.values():
        counted[entry.dtype] += entry.numbers
    return dict(counted.most_common())


def _vector(stats: NormStats) -> VectorInfo:
    spread = stats.std if stats.q01 is None or stats.q99 is None else stats.q99 - stats.q01
    return VectorInfo(
        width=stats.width,
        has_quantiles=stats.q01 is not None,
        degenerate=tuple(int(index) for index in np.flatnonzero(spread < DEGENERATE_RANGE)),
    )


def _abilities(found: Survey) -> list[str]:
    """What can be asked of the policy, as far as the files tell."""
    if found.config is None:
        return []
    lines = [
        "actions, by FAST tokens" if kind_of(found.config).name == "pi0-fast" else "actions, by flow matching"
    ]
    if not kind_of(found.config).has_text_head:
        lines.append("no subtasks: it has no text head")
    elif found.manifest is None:
        lines.append("subtasks only if its text head was trained to name them; nothing here says so")
    elif found.manifest.prompt_high is None:
        lines.append("no subtasks: its text head was not trained to name them")
    else:
        lines.append("subtasks")
    if found.manifest is not None and found.manifest.rtc_trained:
        lines.append("chunks that continue given first steps (trained for real-time chunking)")
    elif kind_of(found.config).name != "pi0-fast":
        lines.append("real-time chunking by guidance")
    return lines


def _lerobot(found: Survey) -> dict[str, Any]:
    theirs = found.lerobot
    if theirs is None:
        return {}
    return {
        "type": theirs.type,
        "chunk_size": theirs.chunk_size,
        "n_action_steps": theirs.n_action_steps,
        "cameras": list(theirs.cameras),
    }
