"""The tensors of π0 and π0.5 by openpi's names: one table, read forwards (sizes to shapes) and backwards.

An axis is named for the size it must have; `read_axes` lets every tensor of a file vote for each of them, so that one
mis-shaped tensor is told apart from a model of another size.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from policy.presets import Pi0Config, VisionConfig

Shape = tuple[int, ...]
Tower = Literal["vision", "language", "expert"]

LM_HEAD = "paligemma_with_expert.paligemma.lm_head.weight"
EMBED_TOKENS = "paligemma_with_expert.paligemma.model.language_model.embed_tokens.weight"
"""One tensor under two names; `save_model` of safetensors keeps the first of them alone."""

_P = "paligemma_with_expert.paligemma.model."
_VISION = _P + "vision_tower.vision_model."
_LANGUAGE = _P + "language_model."
_EXPERT = "paligemma_with_expert.gemma_expert.model."
EXPERT_LM_HEAD = "paligemma_with_expert.gemma_expert.lm_head.weight"

_STEM = _VISION + "embeddings.stem."
_STEM_KERNEL = 3
_COLORS = 3

_LAYERS: dict[Tower, str] = {
    "vision": _VISION + "encoder.layers.",
    "language": _LANGUAGE + "layers.",
    "expert": _EXPERT + "layers.",
}


@dataclass(frozen=True)
class Row:
    """A tensor, or one tensor of every layer of a tower.

    Attributes:
        name: Of the tensor; within the layer where `tower` is given.
        axes: The size that each axis must have.
        tower: Whose layers have it.
        kind: The only kind of model that has it; None: all.
    """

    name: str
    axes: tuple[str, ...]
    tower: Tower | None = None
    kind: Literal["pi0", "pi05"] | None = None

    def names(self, depth: Mapping[str, int]) -> Iterator[str]:
        """Full names, one a layer."""
        if self.tower is None:
            yield self.name
            return
        for layer in range(depth[self.tower]):
            yield f"{_LAYERS[self.tower]}{layer}.{self.name}"


def _linear(name: str, out: str, into: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(f"{name}.weight", (out, into)), (f"{name}.bias", (out,))]


def _vision_rows() -> Iterator[Row]:
    width, mlp = "vision_width", "vision_mlp"
    yield Row(
        _VISION + "embeddings.patch_embedding.weight", (width, "channels", "patch_kernel", "patch_kernel")
    )
    yield Row(_VISION + "embeddings.patch_embedding.bias", (width,))
    yield Row(_VISION + "embeddings.position_embedding.weight", ("image_tokens", width))
    layer: list[tuple[str, tuple[str, ...]]] = [
        (f"layer_norm{n}.{part}", (width,)) for n in (1, 2) for part in ("weight", "bias")
    ]
    for projection in ("q", "k", "v", "out"):
        layer += _linear(f"self_attn.{projection}_proj", width, width)
    layer += _linear("mlp.fc1", mlp, width) + _linear("mlp.fc2", width, mlp)
    yield from (Row(name, axes, "vision") for name, axes in layer)
    yield Row(_VISION + "post_layernorm.weight", (width,))
    yield Row(_VISION + "post_layernorm.bias", (width,))
    for name, axes in _linear(_P + "multi_modal_projector.linear", "language_width", width):
        yield Row(name, axes)


def _gemma_rows(tower: Literal["language", "expert"]) -> Iterator[Row]:
    width, mlp = f"{tower}_width", f"{tower}_mlp"
    yield Row("self_attn.q_proj.weight", ("queries", width), tower)
    yield Row("self_attn.k_proj.weight", ("keys", width), tower)
    yield Row("self_attn.v_proj.weight", ("keys", width), tower)
    yield Row("self_attn.o_proj.weight", (width, "queries"), tower)
    yield Row("mlp.gate_proj.weight", (mlp, width), tower)
    yield Row("mlp.up_proj.weight", (mlp, width), tower)
    yield Row("mlp.down_proj.weight", (width, mlp), tower)
    if tower == "language":
        yield Row("input_layernorm.weight", (width,), tower)
        yield Row("post_attention_layernorm.weight", (width,), tower)
        return
    for norm in ("input_layernorm", "post_attention_layernorm"):
        yield Row(f"{norm}.weight", (width,), tower, "pi0")
        for name, axes in _linear(f"{norm}.dense", "modulation", width):
            yield Row(name, axes, tower, "pi05")


def _head_rows() -> Iterator[Row]:
    width = "expert_width"
    for name, axes in _linear("action_in_proj", width, "action_dim"):
        yield Row(name, axes)
    for name, axes in _linear("action_out_proj", "action_dim", width):
        yield Row(name, axes)
    for name, axes in (
        *_linear("state_proj", width, "action_dim"),
        *_linear("action_time_mlp_in", width, "action_and_time"),
        *_linear("action_time_mlp_out", width, width),
    ):
        yield Row(name, axes, kind="pi0")
    for name, axes in (*_linear("time_mlp_in", width, width), *_linear("time_mlp_out", width, width)):
        yield Row(name, axes, kind="pi05")


_HEADS = tuple(_head_rows())

ROWS: tuple[Row, ...] = (
    *_vision_rows(),
    Row(EMBED_TOKENS, ("vocabulary", "language_width")),
    *_gemma_rows("language"),
    Row(_LANGUAGE + "norm.weight", ("language_width",)),
    Row(LM_HEAD, ("vocabulary", "language_width")),
    *_gemma_rows("expert"),
    Row(_EXPERT + "norm.weight", ("expert_width",), kind="pi0"),
    Row(_EXPERT + "norm.dense.weight", ("modulation", "expert_width"), kind="pi05"),
    Row(_EXPERT + "norm.dense.bias", ("modulation",), kind="pi05"),
    Row(EXPERT_LM_HEAD, ("vocabulary", "expert_width")),
    *_HEADS,
)
"""Every tensor of both kinds."""


def pi0_shapes(config: Pi0Config) -> dict[str, Shape]:
    """Name to shape of every tensor of a model, the tied one under both of its names."""
    vision, language, expert = config.vision, config.language, config.expert
    sizes = {
        "vision_width": vision.width,
        "vision_mlp": vision.mlp_width,
        "channels": (_COLORS, *vision.stem)[-1],
        "patch_kernel": vision.patch >> len(vision.stem),
        "image_tokens": vision.tokens,
        "language_width": language.width,
        "language_mlp": language.mlp_width,
        "queries": language.heads * language.head_dim,
        "keys": language.kv_heads * language.head_dim,
        "vocabulary": config.vocab_size,
        "expert_width": expert.width,
        "expert_mlp": expert.mlp_width,
        "modulation": 3 * expert.width,
        "action_and_time": 2 * expert.width,
        "action_dim": config.action_dim,
    }
    depth = {"vision": vision.depth, "language": language.depth, "expert": expert.depth}
    return _stem_shapes(vision) | {
        name: tuple(sizes[axis] for axis in row.axes)
        for row in ROWS
        if row.kind in (None, config.kind)
        for name in row.names(depth)
    }


def _stem_shapes(vision: VisionConfig) -> dict[str, Shape]:
    """The convolutions before the patches; openpi's models have none."""
    shapes: dict[str, Shape] = {}
    for number, (into, out) in enumerate(itertools.pairwise((_COLORS, *vision.stem))):
        shapes[f"{_STEM}{number}.weight"] = (out, into, _STEM_KERNEL, _STEM_KERNEL)
        shapes[f"{_STEM}{number}.bias"] = (out,)
    return shapes


def read_stem(shapes: Mapping[str, Shape]) -> tuple[int, ...]:
    """Channels of the convolutions before the patches in a file, as their biases have them; empty without any."""
    channels: list[int] = []
    while len(shape := shapes.get(f"{_STEM}{len(channels)}.bias", ())) == 1:
        channels.append(shape[0])
    return tuple(channels)


def read_axes(shapes: Mapping[str, Shape]) -> dict[str, int]:
    """The size of each axis as most tensors of a file have it; axes that no tensor has are left out."""
    votes: dict[str, Counter[int]] = {}
    for row, shape in _rows_of(shapes):
        if len(row.axes) == len(shape):
            for axis, length in zip(row.axes, shape, strict=True):
                votes.setdefault(axis, Counter())[length] += 1
    return {axis: counted.most_common(1)[0][0] for axis, counted in votes.items()}


def read_kind(shapes: Mapping[str, Shape]) -> Literal["pi0", "pi05"] | None:
    """The kind of model as most of the tensors that only one kind has tell it; None without any such."""
    votes = Counter(row.kind for row, _ in _rows_of(shapes) if row.kind is not None)
    return votes.most_common(1)[0][0] if votes else None


def read_depth(shapes: Mapping[str, Shape], tower: Tower) -> int:
    """Layers of a tower in a file: the highest number seen, and one; 0 without any.

    A number beyond the count of all tensors is no layer's.
    """
    layer = re.compile(re.escape(_LAYERS[tower]) + r"(\d{1,9})\.")
    numbers = (int(match[1]) for name in shapes if (match := layer.match(name)))
    return max((number + 1 for number in numbers if number < len(shapes)), default=0)


PARTS = (
    "vision tower",
    "projector",
    "embedding",
    "language model",
    "action expert",
    "expert lm_head (unused)",
    "heads",
)
"""What `part_of` says, in the order in which an observation meets them."""


def part_of(name: str) -> str:
    """The part of the model that a tensor belongs to, as a person would call it; other models' by their first name."""
    if name in (LM_HEAD, EMBED_TOKENS):
        return "embedding"
    if name == EXPERT_LM_HEAD:
        return "expert lm_head (unused)"
    for prefix, part in (
        (_VISION, "vision tower"),
        (_P + "multi_modal_projector.", "projector"),
        (_LANGUAGE, "language model"),
        (_EXPERT, "action expert"),
    ):
        if name.startswith(prefix):
            return part
    return "heads" if any(name == row.name for row in _HEADS) else name.split(".")[0]


def _rows_of(shapes: Mapping[str, Shape]) -> Iterator[tuple[Row, Shape]]:
    """The row of the table of every tensor that has one."""
    layer = re.compile("|".join(f"({re.escape(prefix)}\\d+\\.)" for prefix in _LAYERS.values()))
    towers = tuple(_LAYERS)
    rows = {(row.tower, row.name): row for row in ROWS}
    for name, shape in shapes.items():
        match = layer.match(name)
        tower = None if match is None or match.lastindex is None else towers[match.lastindex - 1]
        row = rows.get((tower, name if match is None else name[match.end() :]))
        if row is not None:
            yield row, shape
