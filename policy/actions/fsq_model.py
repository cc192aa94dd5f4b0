"""The network around finite scalar quantisation: a chunk to a few tokens and back."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor, nn

from policy.actions.fsq import FiniteScalarQuantizer

MAX_CODES = 2**24
"""Far more than any text vocabulary has room for."""


@dataclass(frozen=True)
class FsqConfig:
    """Sizes.

    Attributes:
        horizon: Steps of a chunk, T.
        action_dim: Dimensions of a step, A.
        tokens: Of a chunk, N.
        levels: Of each channel of a token; the vocabulary is their product. These have 1920, about FAST's 2048; the
            paper advises 5 levels or more.
        width: Of the hidden layers.
        depth: Residual blocks of the encoder, and as many of the decoder.
    """

    horizon: int
    action_dim: int
    tokens: int = 32
    levels: tuple[int, ...] = (8, 8, 6, 5)
    width: int = 512
    depth: int = 2

    def __post_init__(self) -> None:
        """Refuse sizes that no network can have.

        Raises:
            ValueError: The message names the size.
        """
        for name in ("horizon", "action_dim", "tokens", "width", "depth"):
            if getattr(self, name) < 1:
                message = f"{name} of an FSQ tokenizer must be at least 1, not {getattr(self, name)}"
                raise ValueError(message)
        if math.prod(self.levels) > MAX_CODES:
            message = (
                f"levels of an FSQ tokenizer make at most {MAX_CODES} codes, not {math.prod(self.levels)}"
            )
            raise ValueError(message)
        if not self.levels or min(self.levels) < 2:
            message = (
                f"levels of an FSQ tokenizer must be at least 2 in at least one channel, not {self.levels}"
            )
            raise ValueError(message)


class FsqAutoencoder(nn.Module):
    """Encoder, quantiser, decoder, each side the mirror of the other.

    A chunk is flat here: what a token says is learned, and may be of any steps and dimensions. A transformer over
    tokens would have to say the same few mixtures of dimensions in each. The path from the actions to the codes is
    linear but for what the blocks add, so training begins with something like principal components.
    """

    def __init__(self, config: FsqConfig) -> None:
        super().__init__()
        self.config = config
        self.quantizer = FiniteScalarQuantizer(config.levels)
        values, channels = config.horizon * config.action_dim, config.tokens * len(config.levels)
        self.encoder = nn.Sequential(
            nn.Linear(values, config.width),
            *(_Block(config.width) for _ in range(config.depth)),
            nn.Linear(config.width, channels),
        )
        self.decoder = nn.Sequential(
            nn.Linear(channels, config.width),
            *(_Block(config.width) for _ in range(config.depth)),
            nn.Linear(config.width, values),
        )

    def encode(self, actions_BTA: Tensor) -> Tensor:
        """Codes of chunks: [B, N, C] in [-1, 1], on their levels."""
        channels = self.encoder(actions_BTA.flatten(1))
        codes: Tensor = self.quantizer(channels.unflatten(1, (self.config.tokens, -1)))
        return codes

    def decode(self, codes_BNC: Tensor) -> Tensor:
        """Chunks of codes: [B, T, A]."""
        actions: Tensor = self.decoder(codes_BNC.flatten(1))
        return actions.unflatten(1, (self.config.horizon, self.config.action_dim))

    def loss(self, actions_BTA: Tensor) -> Tensor:
        """Mean square error of what comes back, to be minimised."""
        return nn.functional.mse_loss(self.decode(self.encode(actions_BTA)), actions_BTA)


class _Block(nn.Module):
    """What a hidden layer adds to what it is given."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, 2 * width)
        self.outer = nn.Linear(2 * width, width)

    def forward(self, values_BW: Tensor) -> Tensor:
        added: Tensor = self.outer(nn.functional.gelu(self.inner(self.norm(values_BW))))
        return values_BW + added
