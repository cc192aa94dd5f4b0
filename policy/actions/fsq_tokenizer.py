"""FSQ as an action tokenizer: the learned alternative to FAST, with a fixed number of tokens a chunk."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from policy.actions.fsq_model import FsqAutoencoder, FsqConfig
from policy.actions.tokenizer import MalformedTokens, checked_chunk, checked_chunks, checked_ids

CONFIG, WEIGHTS = "fsq.json", "fsq.safetensors"
FARTHEST = 10.0
"""Actions beyond it, five times the range of normalised ones, are brought to it: the network never saw such."""


class FsqTokenizer:
    """Chunks to N tokens and back.

    Attributes:
        model: The network. It is not trained by encoding and decoding.
    """

    def __init__(self, model: FsqAutoencoder) -> None:
        self.model = model.eval()

    @property
    def vocab_size(self) -> int:
        """Ids are below this."""
        return self.model.quantizer.codes

    @property
    def horizon(self) -> int:
        """Steps of a chunk, T."""
        return self.model.config.horizon

    @property
    def action_dim(self) -> int:
        """Dimensions of a step, A."""
        return self.model.config.action_dim

    @property
    def tokens(self) -> int:
        """Ids of a chunk, N, always."""
        return self.model.config.tokens

    @classmethod
    def fit(
        cls,
        chunks_BTA: ArrayLike,
        *,
        config: FsqConfig | None = None,
        steps: int = 2000,
        batch_size: int = 64,
        learning_rate: float = 1e-3,
        seed: int = 0,
    ) -> FsqTokenizer:
        """Train a network on chunks, on the processor.

        Args:
            chunks_BTA: [B, T, A], normalised to about [-1, 1].
            config: Sizes; None for the defaults.
            steps: Of the optimiser.
            batch_size: Chunks of a step, drawn with replacement.
            learning_rate: At its peak; it rises over the first twentieth of the steps and falls to 0 as a cosine.
            seed: Of the weights and of what is drawn; PyTorch's own state stays as it was.

        Raises:
            ValueError: Chunks with NaN or infinities, or of another shape than `config` says.
        """
        chunks = checked_chunks(chunks_BTA)
        config = config or FsqConfig(horizon=chunks.shape[1], action_dim=chunks.shape[2])
        if chunks.shape[1:] != (config.horizon, config.action_dim):
            message = (
                f"chunks of {chunks.shape[1]} × {chunks.shape[2]} do not fit a tokenizer for "
                f"{config.horizon} × {config.action_dim}"
            )
            raise ValueError(message)
        if steps < 1 or batch_size < 1:
            message = f"training takes at least one step and one chunk, not {steps} and {batch_size}"
            raise ValueError(message)
        data_BTA = torch.from_numpy(_bounded(chunks))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = FsqAutoencoder(config).train()
            optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
            schedule = torch.optim.lr_scheduler.OneCycleLR(
                optimizer, learning_rate, total_steps=steps + 1, pct_start=0.05, cycle_momentum=False
            )
            for _ in range(steps):
                drawn = torch.randint(len(data_BTA), (batch_size,))
                optimizer.zero_grad()
                model.loss(data_BTA[drawn]).backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                schedule.step()
        return cls(model)

    @classmethod
    def load(cls, folder: Path | str) -> FsqTokenizer:
        """Load what `save` wrote.

        Raises:
            FileNotFoundError: A file is missing.
            ValueError: A file is damaged, or the two do not fit together; the message names it.
        """
        config_path, weights_path = Path(folder) / CONFIG, Path(folder) / WEIGHTS
        for path in (config_path, weights_path):
            if not path.is_file():
                message = f"{path} is missing; an FSQ tokenizer is a folder with {CONFIG} and {WEIGHTS}"
                raise FileNotFoundError(message)
        config = _read_config(config_path)
        try:
            weights = load_file(weights_path)
        except SafetensorError as error:
            message = f"{weights_path} is damaged: {error}"
            raise ValueError(message) from error
        with torch.device("meta"):  # takes no memory, whatever sizes a damaged file names
            wanted = FsqAutoencoder(config).state_dict()
        _check_weights(weights, wanted, weights_path)
        model = FsqAutoencoder(config)
        model.load_state_dict(weights)
        return cls(model)

    def save(self, folder: Path | str) -> None:
        """Write `fsq.json` and `fsq.safetensors` into a folder, which is made where it is not there."""
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        config = json.dumps(dataclasses.asdict(self.model.config), indent=2)
        (path / CONFIG).write_text(config + "\n", encoding="utf-8")
        save_file(
            {name: value.contiguous() for name, value in self.model.state_dict().items()}, path / WEIGHTS
        )

    @torch.inference_mode()
    def encode(self, actions_TA: ArrayLike) -> list[int]:
        """Ids of one chunk: N of them.

        Args:
            actions_TA: [T, A], normalised to about [-1, 1]; values beyond ±10 are brought there.

        Raises:
            ValueError: Another shape, no numbers, NaN or infinities.
        """
        chunk = checked_chunk(actions_TA, horizon=self.horizon, action_dim=self.action_dim)
        ids: list[int] = self.model.quantizer.ids(self.model.encode(self._tensor(_bounded(chunk))[None]))[
            0
        ].tolist()
        return ids

    @torch.inference_mode()
    def decode(self, ids: Sequence[int] | NDArray[np.integer]) -> NDArray[np.float64]:
        """The chunk that ids spell: [T, A], finite, always. Any N ids spell one.

        Raises:
            MalformedTokens: Another number of ids, or one outside the vocabulary.
        """
        found = checked_ids(ids, vocab_size=self.vocab_size)
        if len(found) != self.tokens:
            message = f"a chunk has {self.tokens} tokens, not {len(found)}"
            raise MalformedTokens(message)
        codes_NC = self.model.quantizer.codes_of(self._tensor(found))
        actions_TA = self.model.decode(codes_NC[None])[0]
        return actions_TA.double().cpu().numpy()

    def _tensor(self, array: NDArray[np.float32] | NDArray[np.int64]) -> Tensor:
        return torch.from_numpy(array).to(self.model.quantizer.levels_C.device)


def _bounded(chunks: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.clip(chunks, -FARTHEST, FARTHEST).astype(np.float32)


def _read_config(path: Path) -> FsqConfig:
    fields = {field.name for field in dataclasses.fields(FsqConfig)}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # UnicodeDecodeError and JSONDecodeError are
        message = f"{path} is no JSON: {error}"
        raise ValueError(message) from error
    if not isinstance(content, dict) or content.keys() != fields:
        found = sorted(content) if isinstance(content, dict) else type(content).__name__
        message = f"{path} must hold an object with the keys {', '.join(sorted(fields))}, not {found}"
        raise ValueError(message)
    levels = content["levels"]
    sizes = {name: value for name, value in content.items() if name != "levels"}
    whole = isinstance(levels, list) and all(type(value) is int for value in [*levels, *sizes.values()])
    if not whole:
        message = f"{path}: sizes must be whole numbers, and levels a list of them, not {content}"
        raise ValueError(message)
    try:
        return FsqConfig(**sizes, levels=tuple(levels))
    except ValueError as error:
        message = f"{path}: {error}"
        raise ValueError(message) from error


def _check_weights(found: dict[str, Tensor], wanted: dict[str, Tensor], path: Path) -> None:
    problems = [f"{name} is missing" for name in sorted(wanted.keys() - found.keys())]
    problems += [f"{name} is unexpected" for name in sorted(found.keys() - wanted.keys())]
    for name in sorted(wanted.keys() & found.keys()):
        if found[name].shape != wanted[name].shape:
            problems.append(f"{name} is {list(found[name].shape)} and not {list(wanted[name].shape)}")
        elif not found[name].isfinite().all():
            problems.append(f"{name} has values that are not finite")
    if problems:
        message = f"{path} does not fit its {CONFIG}: {'; '.join(problems)}"
        raise ValueError(message)
