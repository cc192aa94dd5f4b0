"""What a model must be built as, from the names and shapes of its tensors and from what they cannot tell.

Weights say every width and depth. They don't say how a width is cut into heads, how long a chunk or a prompt is. The
real sizes' heads are known; anything else must come from the caller, and nothing is guessed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import ParamSpec, TypeVar

from policy.checkpoints.errors import SizesNotInFile
from policy.checkpoints.keys import Shape, read_axes, read_depth, read_kind, read_stem
from policy.presets import GEMMA_2B, GemmaConfig, Pi0Config, VisionConfig

P = ParamSpec("P")
T = TypeVar("T")

OPENPI_HEADS = 8
"""Query heads of every Gemma that openpi's PyTorch code can build, with one key-value head; it is fixed there."""

SIGLIP = VisionConfig()
"""The one image encoder of the real sizes."""


@dataclass(frozen=True)
class Known:
    """What somebody knows of a model whose file does not say it; None is not known.

    Attributes:
        vision_heads: Attention heads of the image encoder; the real one's are known.
        heads: Query heads of both towers; known where there are 8 for each key-value head, as in all of openpi's.
        action_horizon: Steps of a chunk.
        max_prompt_tokens: Longer prompts are cut.
    """

    vision_heads: int | None = None
    heads: int | None = None
    action_horizon: int | None = None
    max_prompt_tokens: int | None = None

    def or_else(self, other: Known) -> Known:
        """What is known here, and where that is nothing, there."""
        return Known(
            **{
                item.name: getattr(self, item.name)
                if getattr(self, item.name) is not None
                else getattr(other, item.name)
                for item in fields(self)
            }
        )


def known_of(config: Pi0Config) -> Known:
    """What a file of this model would not say."""
    return Known(
        vision_heads=config.vision.heads,
        heads=config.language.heads,
        action_horizon=config.action_horizon,
        max_prompt_tokens=config.max_prompt_tokens,
    )


def infer_config(shapes: Mapping[str, Shape], *, source: Path, known: Known | None = None) -> Pi0Config:
    """The configuration of the π0 or π0.5 model that a file holds.

    Args:
        shapes: Name to shape of its tensors, by openpi's names.
        source: The file, for messages.
        known: What the file does not say.

    Raises:
        SizesNotInFile: Something is known to nobody, or what is known does not fit; every such thing is named.
    """
    sizes = read_sizes(shapes, source=source, known=known)
    sizes.check(source)
    return sizes.config


@dataclass(frozen=True)
class Sizes:
    """What a file tells of its model.

    Attributes:
        config: Every width and depth as in the file; what is unknown is 1, and fits nothing but the shapes.
        unknown: What the file does not say and nobody gave: the name in `Known`, to a line about it.
    """

    config: Pi0Config
    unknown: Mapping[str, str]

    def check(self, source: Path) -> None:
        """Refuse sizes that are not complete.

        Raises:
            SizesNotInFile: The message lists what is unknown.
        """
        if self.unknown:
            raise SizesNotInFile(
                f"{source} does not say all that its model must be built as. Give what is missing, or the name of a"
                " configuration that has it, such as pi05_aloha:\n" + "\n".join(self.unknown.values())
            )


def read_sizes(shapes: Mapping[str, Shape], *, source: Path, known: Known | None = None) -> Sizes:
    """As `infer_config`, but what nobody knows is only noted.

    Raises:
        SizesNotInFile: It is another model, a size has no tensor to tell it, or what is known does not fit.
    """
    kind = read_kind(shapes)
    if kind is None:
        raise SizesNotInFile(
            f"{source} is neither π0 nor π0.5: it has no state_proj, no time_mlp_in and no norms of an action expert."
            f" Its tensors are {', '.join(sorted(shapes)[:3])}, …; give a checkpoint of π0 or π0.5"
        )
    reader = _Reader(shapes, known or Known())
    vision, (language, expert) = reader.vision(), reader.towers()
    action_dim, vocab_size = reader.axis("action_dim"), reader.axis("vocabulary")
    horizon = reader.given("action_horizon", "the steps of a chunk")
    prompt = reader.given("max_prompt_tokens", "the longest prompt")
    if vision is not None and language is not None and expert is not None and not reader.problems:
        config = reader.made(
            Pi0Config,
            kind=kind,
            vision=vision,
            language=language,
            expert=expert,
            vocab_size=vocab_size,
            action_dim=action_dim,
            action_horizon=horizon,
            max_prompt_tokens=prompt,
        )
        if config is not None:
            return Sizes(config, MappingProxyType(reader.unknown))
    raise SizesNotInFile(
        f"{source} and what was given make no model; give other sizes, or another file:\n"
        + "\n".join(reader.problems)
    )


class _Reader:
    """Reads sizes off shapes, and goes on with 1 where they tell none.

    Attributes:
        unknown: What somebody must give, as in `Sizes`.
        problems: What cannot be.
    """

    def __init__(self, shapes: Mapping[str, Shape], known: Known) -> None:
        self._shapes = shapes
        self._axes = read_axes(shapes)
        self._known = known
        self.unknown: dict[str, str] = {}
        self.problems: list[str] = []

    def axis(self, name: str) -> int:
        """The size of an axis."""
        size = self._axes.get(name, 0)
        if size < 1:
            self.problems.append(f"{name.replace('_', ' ')}: no tensor in the file has it")
        return max(size, 1)

    def given(self, name: str, what: str) -> int:
        """A number that only somebody else can know."""
        value: int | None = getattr(self._known, name)
        if value is None:
            self.unknown[name] = f"{what}: give {name}"
        elif value < 1:
            self.problems.append(f"{what}: {name} must be at least 1, not {value}")
        return max(value or 1, 1)

    def made(self, config: Callable[P, T], *args: P.args, **sizes: P.kwargs) -> T | None:
        """A configuration, or None where it refuses its sizes."""
        try:
            return config(*args, **sizes)
        except ValueError as error:
            self.problems.append(str(error))
            return None

    def vision(self) -> VisionConfig | None:
        """The image encoder."""
        width, mlp_width = self.axis("vision_width"), self.axis("vision_mlp")
        stem = read_stem(self._shapes)
        tokens, patch = self.axis("image_tokens"), self.axis("patch_kernel") << len(stem)
        side = math.isqrt(tokens)
        if side * side != tokens:
            self.problems.append(f"image tokens: {tokens} do not make a square image")
        real = (width, mlp_width) == (SIGLIP.width, SIGLIP.mlp_width)
        heads = SIGLIP.heads
        if self._known.vision_heads is not None or width != SIGLIP.width:
            heads = self.given("vision_heads", f"heads of an image encoder {width} wide")
        return self.made(
            VisionConfig,
            width=width,
            depth=SIGLIP.depth if real else read_depth(self._shapes, "vision"),
            mlp_width=mlp_width,
            heads=heads,
            patch=patch,
            image_size=side * patch,
            stem=stem,
        )

    def towers(self) -> tuple[GemmaConfig | None, GemmaConfig | None]:
        """Language tower and action expert, which agree in all but their widths."""
        width, mlp_width = self.axis("language_width"), self.axis("language_mlp")
        heads, kv_heads, head_dim = self._heads(self.axis("queries"), self.axis("keys"))
        # A real size that lacks a layer at its end lacks it; it is no model of another depth.
        real = (width, mlp_width) == (GEMMA_2B.width, GEMMA_2B.mlp_width)
        found = max(read_depth(self._shapes, "language"), read_depth(self._shapes, "expert"))
        depth = GEMMA_2B.depth if real else found

        def tower(width: int, mlp_width: int) -> GemmaConfig | None:
            return self.made(
                GemmaConfig,
                width=width,
                depth=depth,
                mlp_width=mlp_width,
                heads=heads,
                kv_heads=kv_heads,
                head_dim=head_dim,
            )

        return tower(width, mlp_width), tower(self.axis("expert_width"), self.axis("expert_mlp"))

    def _heads(self, queries: int, keys: int) -> tuple[int, int, int]:
        """Query heads, key-value heads and their width."""
        heads = self._known.heads
        if heads is None:
            if queries == OPENPI_HEADS * keys:
                return OPENPI_HEADS, 1, keys
            self.unknown["heads"] = (
                f"heads of Gemma, as queries are {queries} wide and keys {keys}, not {OPENPI_HEADS} to 1: give heads"
            )
            head_dim = math.gcd(queries, keys)
            return queries // head_dim, keys // head_dim, head_dim
        head_dim = queries // heads if heads > 0 and queries % heads == 0 else 0
        if not head_dim or keys % head_dim:
            self.problems.append(
                f"heads of Gemma: {heads} do not fit queries {queries} wide and keys {keys}: give others"
            )
            return 1, 1, queries
        return heads, keys // head_dim, head_dim
