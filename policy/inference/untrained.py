"""Policies of random weights, for timing and for trying out what is around a policy."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from policy.actions.fast import FastTokenizer
from policy.checkpoints.cast import cast_for_inference
from policy.checkpoints.kinds import ModelConfig, kind_of
from policy.inference.assemble import LocalPolicy, assemble
from policy.inference.facts import RATES_HZ, PolicyFacts
from policy.inference.runtime import default_dtype, device_named
from policy.inference.techniques import FAST, Techniques
from policy.model.initialise import initialise
from policy.model.pi0 import Pi0
from policy.model.pi0_fast import Pi0Fast
from policy.presets import (
    BASELINES,
    HIGH_LEVEL_CAMERAS,
    LOW_LEVEL_CAMERAS,
    PRESETS,
    Pi0Config,
    Pi0FastConfig,
    Pi0SmallConfig,
)
from policy.text.fitted import fit_tokenizer
from policy.text.prompts import SUBTASK
from policy.text.sentencepieces import SentencePieceTokenizer
from policy.text.tokenizer import TextTokenizer
from policy.transforms.configs import ModelKind, TrainedConfig
from policy.transforms.embodiments.named import embodiment_named
from policy.transforms.embodiments.understudy import Understudy
from policy.transforms.norm_stats import NormStats

STATE_DIM = 18
"""Numbers of a robot with two arms, a lift and a base."""
FAST_TOKENS, FAST_CHUNKS = 512, 64
"""Of the action tokenizer that stands in: what it is fitted to spell, and on how many chunks."""
FAST_SCALE = 10.0
"""As of the published vocabulary."""
LARGEST_VOCABULARY = 2048
"""Of the vocabulary that stands in: what its few texts do not fill would be spare."""
TEXTS = ("pick up the cup", "open the drawer", "set the table", "put the plate into the sink", "done")
"""What the vocabulary that stands in is fitted on."""


def random_policy(
    preset: str | ModelConfig = "pi05-medium",
    *,
    seed: int = 0,
    embodiment: str = "understudy",
    tokenizer: TextTokenizer | None = None,
    device: torch.device | str = "auto",
    dtype: torch.dtype | None = None,
    techniques: Techniques = FAST,
) -> LocalPolicy:
    """A policy that knows nothing. Its metadata says so.

    Args:
        preset: Sizes, or the name of some in `policy.presets`: in `PRESETS` or `BASELINES`.
        seed: Of the weights, and of the noise that chunks start from.
        embodiment: `aloha`, `droid`, `libero`, or any other name for a robot of 18 numbers.
        tokenizer: The text vocabulary; a small one where none is given, in which each bin of the state is one token.
        device: As for `load_policy`.
        dtype: As for `load_policy`.
        techniques: As for `load_policy`.

    Raises:
        ValueError: There is no such preset.
    """
    name, sizes = preset_named(preset) if isinstance(preset, str) else (kind_of(preset).name, preset)
    kind = cast("ModelKind", kind_of(sizes).name)
    robot = embodiment_named(embodiment, dim=STATE_DIM, fast=kind == "pi0-fast")
    if isinstance(sizes, Pi0FastConfig):  # it pads nothing, and the width is in none of its weights
        sizes = replace(sizes, action_dim=robot.action_dim)
    facts = PolicyFacts(
        name=f"random {name}",
        config=TrainedConfig(
            name=f"random {name}",
            kind=kind,
            embodiment=robot,
            asset_id="random",
            action_horizon=sizes.action_horizon,
            normalization="quantile",
            discrete_state=kind in ("pi05", "pi0-fast"),
            max_prompt_tokens=sizes.max_prompt_tokens,
            action_dim=sizes.action_dim,
        ),
        rate_hz=RATES_HZ.get(embodiment, 50.0),
        execute_steps=max(1, sizes.action_horizon // 2),
        prompt_high=SUBTASK if isinstance(sizes, Pi0Config) else None,
        cameras_high=HIGH_LEVEL_CAMERAS if isinstance(robot, Understudy) else LOW_LEVEL_CAMERAS,
        random_weights=True,
    )
    stats = {"state": _unit_stats(robot.state_dim), "actions": _unit_stats(robot.action_dim)}
    device = device_named(device)
    model = random_model(sizes, seed=seed, device=device, dtype=dtype or default_dtype(device))
    fast = random_fast(sizes.action_horizon, robot.action_dim) if isinstance(model, Pi0Fast) else None
    vocabulary = tokenizer or random_vocabulary(sizes, fast_tokens=0 if fast is None else fast.vocab_size)
    return assemble(model, facts, stats, vocabulary, fast=fast, techniques=techniques, seed=seed)


def preset_named(name: str) -> tuple[str, ModelConfig]:
    """The name, and the sizes that it stands for.

    Raises:
        ValueError: There are none.
    """
    sizes = PRESETS.get(name) or BASELINES.get(name)
    if sizes is None:
        raise ValueError(f"no preset {name!r}; there are {', '.join([*PRESETS, *BASELINES])}")
    return name, sizes


def random_model(
    sizes: ModelConfig, *, seed: int, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
) -> nn.Module:
    """A model whose outputs are of ordinary size, and in which every weight has an effect.

    Also the layers that training starts at zero, so that a short cut which dropped them would show. Weights are drawn
    where the model is, so they depend on the device.
    """
    device = torch.device(device)
    model = kind_of(sizes).build_on_meta(sizes)
    cast_for_inference(model, dtype)
    model.to_empty(device=device)
    if isinstance(model, Pi0 | Pi0Fast):  # `to_empty` parts them
        model.paligemma.lm_head.weight = model.paligemma.language.embed_tokens.weight
    initialise(model, generator=torch.Generator(device).manual_seed(seed), zeros=False)
    return model.eval()


def random_vocabulary(sizes: ModelConfig, *, fast_tokens: int = 0) -> SentencePieceTokenizer:
    """A vocabulary for a model that was never taught any text, as one fitted on recordings would be.

    Args:
        sizes: Of the model; π0-FAST's vocabulary is exactly as large as it says, for its actions are at the end.
        fast_tokens: Room for so many action tokens.
    """
    most = sizes.text.vocab_size if isinstance(sizes, Pi0SmallConfig) else sizes.vocab_size
    return fit_tokenizer(
        TEXTS,
        vocab_size=most if fast_tokens else min(most, LARGEST_VOCABULARY),
        locations=isinstance(sizes, Pi0Config),
        fast_tokens=fast_tokens,
    )


def random_fast(horizon: int, action_dim: int) -> FastTokenizer:
    """An action tokenizer fitted on smooth motions: two slow waves for each dimension."""
    rng = np.random.default_rng(0)
    size = (FAST_CHUNKS, 2, 1, action_dim)
    turns = rng.uniform(0.1, 1.5, size) * np.linspace(0, 2 * np.pi, horizon)[:, None]
    waves: NDArray[np.float64] = rng.uniform(0.1, 0.5, size) * np.sin(turns + rng.uniform(0, 2 * np.pi, size))
    return FastTokenizer.fit(waves.sum(axis=1), scale=FAST_SCALE, vocab_size=FAST_TOKENS)


def _unit_stats(dim: int) -> NormStats:
    one = np.ones(dim)
    return NormStats(mean=0 * one, std=one, q01=-one, q99=one)
