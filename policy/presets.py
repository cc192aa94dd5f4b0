"""Sizes of the models: what a checkpoint must be built as. Figures of the real sizes are openpi's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Kind = Literal["pi0", "pi05"]

BASE, LEFT_WRIST, RIGHT_WRIST, BACK = "base_0_rgb", "left_wrist_0_rgb", "right_wrist_0_rgb", "back_0_rgb"
LOW_LEVEL_CAMERAS = (BASE, LEFT_WRIST, RIGHT_WRIST)
HIGH_LEVEL_CAMERAS = (BASE, BACK, LEFT_WRIST, RIGHT_WRIST)


@dataclass(frozen=True)
class VisionConfig:
    """A SigLIP image encoder: patches, learned positions, pre-norm layers.

    Attributes:
        width: Of a token.
        depth: Layers.
        mlp_width: Of the hidden layer of each MLP.
        heads: Attention heads; `width` is a multiple of it.
        patch: Side of a patch in pixels.
        image_size: Side of the square image in pixels.
        stem: Channels of convolutions that halve the image before it is cut into patches, which stay `patch` pixels of
            the image wide; SigLIP has none. Small encoders learn sooner with some (Xiao et al. 2021).
    """

    width: int = 1152
    depth: int = 27
    mlp_width: int = 4304
    heads: int = 16
    patch: int = 14
    image_size: int = 224
    stem: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse heads, patches and a stem that do not fit.

        Raises:
            ValueError: The width is no multiple of the heads, an image is smaller than a patch, or the stem halves more
                often than image and patch can be.
        """
        if self.width % self.heads:
            message = f"the image encoder's width {self.width} is no multiple of its {self.heads} heads"
            raise ValueError(message)
        if self.image_size < self.patch:
            message = f"images of {self.image_size} pixels are smaller than the image encoder's patches of {self.patch}"
            raise ValueError(message)
        halvings = 2 ** len(self.stem)
        if self.patch % halvings or (self.stem and self.image_size % self.patch):
            message = (
                f"a stem of {len(self.stem)} convolutions needs patches of a multiple of {halvings} pixels that fill"
                f" the image, not {self.patch} in {self.image_size}"
            )
            raise ValueError(message)

    @property
    def tokens(self) -> int:
        """Tokens of one image."""
        return (self.image_size // self.patch) ** 2


@dataclass(frozen=True)
class GemmaConfig:
    """One tower: a Gemma transformer.

    Two towers that attend together agree in everything but `width` and `mlp_width`.

    Attributes:
        width: Of a token.
        depth: Layers.
        mlp_width: Of the gated MLP.
        heads: Query heads.
        kv_heads: Key-value heads, each shared by `heads / kv_heads` query heads.
        head_dim: Width of a head; even.
    """

    width: int
    depth: int
    mlp_width: int
    heads: int = 8
    kv_heads: int = 1
    head_dim: int = 256

    def __post_init__(self) -> None:
        """Refuse heads that cannot be shared or turned.

        Raises:
            ValueError: The query heads are no multiple of the key-value heads, or a head's width is odd.
        """
        if self.heads % self.kv_heads:
            message = (
                f"a tower's {self.heads} query heads are no multiple of its {self.kv_heads} key-value heads"
            )
            raise ValueError(message)
        if self.head_dim % 2:
            message = (
                f"a head's width must be even, for rotary positions turn pairs of it, not {self.head_dim}"
            )
            raise ValueError(message)


GEMMA_2B = GemmaConfig(width=2048, depth=18, mlp_width=16384)
GEMMA_300M = GemmaConfig(width=1024, depth=18, mlp_width=4096)


@dataclass(frozen=True)
class Pi0Config:
    """π0 or π0.5: an image encoder, a language tower and an action expert that attends to it.

    Attributes:
        kind: `pi0` has a state token and mixes time into the action tokens; `pi05` has its state in the prompt and
            time in the expert's norms (adaRMS).
        vision: The image encoder.
        language: The language tower.
        expert: The action expert.
        vocab_size: Of the text tokens.
        action_dim: Width of state and actions in the model; a robot's are padded to it.
        action_horizon: Steps of a chunk.
        max_prompt_tokens: Longer prompts are cut.
    """

    kind: Kind
    vision: VisionConfig = field(default_factory=VisionConfig)
    language: GemmaConfig = GEMMA_2B
    expert: GemmaConfig = GEMMA_300M
    vocab_size: int = 257_152
    action_dim: int = 32
    action_horizon: int = 50
    max_prompt_tokens: int = 200

    def __post_init__(self) -> None:
        """Refuse towers that cannot attend together.

        Raises:
            ValueError: A size that does not fit; the message names both values.
        """
        for name in ("depth", "heads", "kv_heads", "head_dim"):
            language, expert = getattr(self.language, name), getattr(self.expert, name)
            if language != expert:
                message = (
                    f"language tower and action expert must agree in {name}, not {language} and {expert}"
                )
                raise ValueError(message)


PI05 = Pi0Config(kind="pi05")
PI0 = Pi0Config(kind="pi0", max_prompt_tokens=48)

PI05_MEDIUM = Pi0Config(
    kind="pi05",
    vision=VisionConfig(width=192, depth=10, mlp_width=768, heads=3),
    language=GemmaConfig(width=384, depth=10, mlp_width=1536, heads=8, head_dim=48),
    expert=GemmaConfig(width=192, depth=10, mlp_width=768, heads=8, head_dim=48),
    vocab_size=32_768,
)
"""The full size's proportions and its number of tokens, in about a second a chunk on one core of a laptop: for benches,
and for trying things out. Attention weighs more in it than in the full size, for that grows with tokens, not width."""

PI05_SMALL = Pi0Config(
    kind="pi05",
    vision=VisionConfig(width=128, depth=4, mlp_width=384, heads=4, patch=14, image_size=112),
    language=GemmaConfig(width=160, depth=4, mlp_width=480, heads=4, head_dim=40),
    expert=GemmaConfig(width=128, depth=4, mlp_width=384, heads=4, head_dim=40),
    vocab_size=2048,
    max_prompt_tokens=96,
)
"""Trains on a laptop's processor."""

PI05_KITCHEN = Pi0Config(
    kind="pi05",
    vision=VisionConfig(
        width=128, depth=2, mlp_width=384, heads=4, patch=16, image_size=96, stem=(24, 48, 96)
    ),
    language=GemmaConfig(width=160, depth=4, mlp_width=480, heads=4, head_dim=40),
    expert=GemmaConfig(width=128, depth=4, mlp_width=384, heads=4, head_dim=40),
    vocab_size=2560,
    max_prompt_tokens=96,
)
"""The shipped kitchen policy's. Of its tokens 1024 are locations, 256 bytes, 257 numbers of the state, 133 special or
left alone; 890 are for text and for actions as FAST tokens."""


@dataclass(frozen=True)
class Pi0FastConfig:
    """π0-FAST: an image encoder and a language tower that writes actions as FAST tokens.

    Attributes:
        vision: The image encoder.
        language: The language tower.
        vocab_size: Of the text tokens; FAST tokens take the place of the rarest of them.
        action_dim: Width of state and actions in the model.
        action_horizon: Steps of a chunk.
        max_prompt_tokens: Longer prompts are cut.
        max_action_tokens: Decoding ends after so many tokens at the latest.
    """

    vision: VisionConfig = field(default_factory=VisionConfig)
    language: GemmaConfig = GEMMA_2B
    vocab_size: int = 257_152
    action_dim: int = 32
    action_horizon: int = 32
    max_prompt_tokens: int = 250
    max_action_tokens: int = 256


@dataclass(frozen=True)
class TransformerConfig:
    """An ordinary transformer.

    Attributes:
        width: Of a token.
        depth: Layers.
        mlp_width: Of the hidden layer of each MLP.
        heads: Attention heads; `width` is a multiple of it.
    """

    width: int
    depth: int
    mlp_width: int
    heads: int

    def __post_init__(self) -> None:
        """Refuse heads that do not fit.

        Raises:
            ValueError: The width is no multiple of the heads.
        """
        if self.width % self.heads:
            message = f"a transformer's width {self.width} is no multiple of its {self.heads} heads"
            raise ValueError(message)


@dataclass(frozen=True)
class TextEncoderConfig(TransformerConfig):
    """DistilBERT, by default in its published size.

    Attributes:
        vocab_size: Of its own text tokens.
        max_tokens: It has positions for so many.
    """

    width: int = 768
    depth: int = 6
    mlp_width: int = 3072
    heads: int = 12
    vocab_size: int = 30_522
    max_tokens: int = 512


@dataclass(frozen=True)
class Pi0SmallConfig:
    """π0-small: no vision-language model.

    The paper gives the parts and the total of 470 M parameters; the sizes of image encoders, observation transformer
    and expert are chosen to meet it.

    Attributes:
        vision: Of each camera's image encoder.
        text: The text encoder.
        observation: The transformer over image tokens, text tokens and state.
        expert: The DiT action expert.
        cameras: Image encoders, one for each place in `ModelInputs.images_BNCYX`.
        action_dim: Width of state and actions in the model; a robot's are padded to it.
        action_horizon: Steps of a chunk.
        max_prompt_tokens: Longer prompts are cut.
    """

    vision: VisionConfig = field(
        default_factory=lambda: VisionConfig(width=384, depth=12, mlp_width=1536, heads=6, patch=16)
    )
    text: TextEncoderConfig = field(default_factory=TextEncoderConfig)
    observation: TransformerConfig = field(
        default_factory=lambda: TransformerConfig(width=768, depth=11, mlp_width=3072, heads=12)
    )
    expert: TransformerConfig = field(
        default_factory=lambda: TransformerConfig(width=1024, depth=10, mlp_width=4096, heads=16)
    )
    cameras: int = 3
    action_dim: int = 32
    action_horizon: int = 50
    max_prompt_tokens: int = 48

    def __post_init__(self) -> None:
        """Refuse prompts longer than the text encoder can read.

        Raises:
            ValueError: It has too few positions.
        """
        if self.max_prompt_tokens > self.text.max_tokens:
            message = (
                f"prompts of {self.max_prompt_tokens} tokens; the text encoder reads {self.text.max_tokens}"
            )
            raise ValueError(message)


PI0_FAST = Pi0FastConfig()
PI0_SMALL = Pi0SmallConfig()

PRESETS: Mapping[str, Pi0Config] = MappingProxyType(
    {
        "pi05": PI05,
        "pi0": PI0,
        "pi05-medium": PI05_MEDIUM,
        "pi05-small": PI05_SMALL,
        "pi05-kitchen": PI05_KITCHEN,
    }
)
"""By the names that commands take."""

BASELINES: Mapping[str, Pi0FastConfig | Pi0SmallConfig] = MappingProxyType(
    {"pi0-fast": PI0_FAST, "pi0-small": PI0_SMALL}
)
"""What the papers compare with; small ones of these kinds are the tests'."""
