"""A policy from a folder, or with random weights for timing."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from policy.checkpoints.cast import cast_for_inference
from policy.checkpoints.errors import CheckpointError
from policy.checkpoints.folder import Checkpoint, build_model, load
from policy.checkpoints.infer_config import Known
from policy.checkpoints.manifest import Manifest
from policy.checkpoints.survey import LEROBOT_ASSET
from policy.inference.facts import PolicyFacts
from policy.inference.policy import Pi05Policy
from policy.inference.techniques import FAST, Techniques
from policy.model.norms import AdaRmsNorm
from policy.model.pi0 import Pi0
from policy.presets import HIGH_LEVEL_CAMERAS, LOW_LEVEL_CAMERAS, PRESETS, Pi0Config
from policy.text.fitted import fit_tokenizer
from policy.text.prompts import SUBTASK, PromptFormat, format_named
from policy.text.sentencepieces import WHERE_PALIGEMMAS_IS, SentencePieceTokenizer
from policy.text.tokenizer import TextTokenizer
from policy.transforms.configs import KNOWN_CONFIGS, TrainedConfig, known_config
from policy.transforms.embodiments.named import embodiment_named
from policy.transforms.embodiments.understudy import Understudy
from policy.transforms.norm_stats import NormStats

RATES_HZ = {"aloha": 50.0, "droid": 15.0, "libero": 20.0}
"""Control rates of the robots that openpi knows."""
RANDOM_STATE_DIM = 19
"""Numbers of a robot with two arms, a lift and a base."""


class CannotBeLoaded(CheckpointError):
    """A checkpoint that is whole but cannot be run as it is; the message says what to give."""


def load_policy(
    path: Path | str,
    *,
    config: str | TrainedConfig | None = None,
    tokenizer: TextTokenizer | Path | str | None = None,
    device: torch.device | str = "auto",
    dtype: torch.dtype | None = None,
    techniques: Techniques = FAST,
    known: Known | None = None,
    prompt_high: str | None = None,
    seed: int | None = None,
) -> Pi05Policy:
    """The policy in a folder: openpi's, LeRobot's or this software's.

    Args:
        path: The folder.
        config: What it was trained with, or openpi's name of that; a folder of this software's says it itself.
        tokenizer: The text vocabulary, or its file; a folder of this software's has its own.
        device: `auto` is the GPU where there is one.
        dtype: `torch.float32` or `torch.bfloat16`; bfloat16 on a GPU and float32 on a processor if not given.
        techniques: Which short cuts are taken.
        known: Sizes that the files do not say.
        prompt_high: Form of the high level's prompt, for checkpoints that do not say it.
        seed: Of the noise that chunks start from.

    Raises:
        CheckpointError: It cannot be loaded; the message says why and what to do.
        UnknownConfig: There is no configuration of that name.
        FileNotFoundError: There is no vocabulary.
    """
    path = Path(path)
    trained = known_config(config) if isinstance(config, str) else config
    known = known or Known()
    if trained is not None:
        known = known.or_else(
            Known(action_horizon=trained.action_horizon, max_prompt_tokens=trained.max_prompt_tokens)
        )
    checkpoint = load(path, known=known)
    if not isinstance(checkpoint.config, Pi0Config):
        kind = type(checkpoint.config).__name__.removesuffix("Config")
        raise CannotBeLoaded(f"{path} holds a {kind} model; this policy runs π0 and π0.5")
    if checkpoint.manifest is not None and trained is None:
        facts = _facts_of(path, checkpoint, checkpoint.manifest)
    else:
        trained = trained or _only_config(checkpoint)
        if checkpoint.layout == "lerobot":
            trained = replace(trained, normalization=checkpoint.normalization)
        facts = PolicyFacts(
            name=path.name,
            config=trained,
            rate_hz=RATES_HZ.get(trained.embodiment.name, 50.0),
            execute_steps=max(1, trained.action_horizon // 2),
        )
    if prompt_high is not None:
        facts = replace(facts, prompt_high=_high_form(prompt_high))
    stats = _stats_of(checkpoint, facts.config)
    vocabulary = _vocabulary(checkpoint, tokenizer)
    device = _device(device)
    model = build_model(checkpoint, device=device, dtype=dtype or default_dtype(device))
    if not isinstance(model, Pi0):
        raise CannotBeLoaded(f"{path} builds a {type(model).__name__}; this policy runs π0 and π0.5")
    _fits(vocabulary, model.config, path)
    return Pi05Policy(model, facts, stats, vocabulary, techniques=techniques, seed=seed)


def random_policy(
    preset: str = "pi05-medium",
    *,
    seed: int = 0,
    embodiment: str = "understudy",
    tokenizer: TextTokenizer | None = None,
    device: torch.device | str = "auto",
    dtype: torch.dtype | None = None,
    techniques: Techniques = FAST,
) -> Pi05Policy:
    """A policy that knows nothing, for timing and for trying out what is around it. Its metadata says so.

    Args:
        preset: Sizes, a name of `policy.presets.PRESETS`.
        seed: Of the weights, and of the noise that chunks start from.
        embodiment: `aloha`, `droid`, `libero`, or any other name for a robot of 19 numbers.
        tokenizer: The text vocabulary; a small one where none is given.
        device: As for `load_policy`.
        dtype: As for `load_policy`.
        techniques: As for `load_policy`.

    Raises:
        ValueError: There is no such preset, or it is of another kind than π0 and π0.5.
    """
    sizes = PRESETS.get(preset)
    if not isinstance(sizes, Pi0Config):
        names = ", ".join(name for name, each in PRESETS.items() if isinstance(each, Pi0Config))
        raise ValueError(f"no preset {preset!r} of π0 or π0.5; there are {names}")
    device = _device(device)
    model = random_model(sizes, seed=seed, device=device, dtype=dtype or default_dtype(device))
    robot = embodiment_named(embodiment, dim=RANDOM_STATE_DIM)
    config = TrainedConfig(
        name=f"random {preset}",
        kind=sizes.kind,
        embodiment=robot,
        asset_id="random",
        action_horizon=sizes.action_horizon,
        normalization="quantile",
        discrete_state=sizes.kind == "pi05",
        max_prompt_tokens=sizes.max_prompt_tokens,
        action_dim=sizes.action_dim,
    )
    facts = PolicyFacts(
        name=f"random {preset}",
        config=config,
        rate_hz=RATES_HZ.get(embodiment, 50.0),
        execute_steps=max(1, sizes.action_horizon // 2),
        prompt_high=SUBTASK,
        cameras_high=HIGH_LEVEL_CAMERAS if isinstance(robot, Understudy) else LOW_LEVEL_CAMERAS,
        random_weights=True,
    )
    stats = {"state": _unit_stats(robot.state_dim), "actions": _unit_stats(robot.action_dim)}
    vocabulary = tokenizer or random_vocabulary()
    return Pi05Policy(model, facts, stats, vocabulary, techniques=techniques, seed=seed)


def random_model(
    sizes: Pi0Config, *, seed: int, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
) -> Pi0:
    """A model whose outputs are of ordinary size: each linear layer keeps the variance of its input.

    The layers that make flow time into modulations, which training starts at zero, are not zero here: so that a
    short cut which dropped them would show. Weights are drawn where the model is, so they depend on the device.
    """
    device = torch.device(device)
    with torch.device("meta"):
        model = Pi0(sizes)
    cast_for_inference(model, dtype)
    model.to_empty(device=device)
    model.paligemma.lm_head.weight = model.paligemma.language.embed_tokens.weight
    generator = torch.Generator(device).manual_seed(seed)
    with torch.no_grad():
        for module in model.modules():
            for name, parameter in module.named_parameters(recurse=False):
                if isinstance(module, nn.Linear | nn.Conv2d) and name == "weight":
                    fan_in = math.prod(parameter.shape[1:])
                    parameter.normal_(0.0, fan_in**-0.5, generator=generator)
                elif isinstance(module, nn.Embedding):
                    parameter.normal_(0.0, sizes.language.width**-0.5, generator=generator)
                elif isinstance(module, nn.LayerNorm) and name == "weight":
                    parameter.fill_(1.0)
                else:
                    parameter.zero_()
        for module in model.modules():
            if isinstance(module, AdaRmsNorm):
                module.dense.weight.mul_(0.2)
    return model.eval()


def default_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where there are units for it, float32 on a processor."""
    return torch.bfloat16 if device.type == "cuda" else torch.float32


def random_vocabulary() -> TextTokenizer:
    """A small vocabulary, fitted on a few tasks, for models that were never taught any text."""
    return fit_tokenizer(
        ["pick up the cup", "open the drawer", "set the table", "put the plate into the sink", "done"],
        vocab_size=min(sizes.vocab_size for sizes in PRESETS.values() if isinstance(sizes, Pi0Config)),
        locations=True,
    )


def _device(device: torch.device | str) -> torch.device:
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(device)


def _facts_of(path: Path, checkpoint: Checkpoint, manifest: Manifest) -> PolicyFacts:
    """What our own folder says."""
    sizes = checkpoint.config
    if not isinstance(sizes, Pi0Config):
        raise CannotBeLoaded(f"{path} holds no π0 or π0.5")
    low = format_named(manifest.prompt_low)
    dim = len(manifest.vector_names) or checkpoint.stats_of(manifest.asset_id)["state"].width
    return PolicyFacts(
        name=path.name,
        config=TrainedConfig(
            name=path.name,
            kind=sizes.kind,
            embodiment=embodiment_named(manifest.embodiment, dim=dim, slots=manifest.cameras_low),
            asset_id=manifest.asset_id,
            action_horizon=sizes.action_horizon,
            normalization=manifest.normalization,
            discrete_state=low.has_state,
            max_prompt_tokens=sizes.max_prompt_tokens,
            action_dim=sizes.action_dim,
            delta=manifest.delta_mask or None,
            default_prompt=manifest.default_prompt,
            control_mode=manifest.control_mode,
            clip=manifest.clip,
        ),
        rate_hz=manifest.rate_hz,
        execute_steps=manifest.execute_steps,
        prompt_low=low,
        prompt_high=None if manifest.prompt_high is None else format_named(manifest.prompt_high),
        cameras_low=manifest.cameras_low,
        cameras_high=manifest.cameras_high or manifest.cameras_low,
        rtc_trained=manifest.rtc_trained,
    )


def _only_config(checkpoint: Checkpoint) -> TrainedConfig:
    """The one configuration that this checkpoint can be of."""
    kind = checkpoint.config.kind if isinstance(checkpoint.config, Pi0Config) else ""
    fitting = [
        config
        for config in KNOWN_CONFIGS.values()
        if config.kind == kind and config.asset_id in checkpoint.stats
    ]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(config.name for config in fitting or KNOWN_CONFIGS.values())
    raise CannotBeLoaded(
        f"{checkpoint.path} does not say what robot it is for; give `config`, one of {names}, or one of your own"
    )


def _stats_of(checkpoint: Checkpoint, config: TrainedConfig) -> dict[str, NormStats]:
    if config.asset_id not in checkpoint.stats and LEROBOT_ASSET in checkpoint.stats:
        return checkpoint.stats_of(LEROBOT_ASSET)
    return checkpoint.stats_of(config.asset_id)


def _vocabulary(checkpoint: Checkpoint, given: TextTokenizer | Path | str | None) -> TextTokenizer:
    if given is None:
        given = checkpoint.tokenizer
    if given is None:
        raise FileNotFoundError(
            f"{checkpoint.path} has no text vocabulary of its own; give `tokenizer`. {WHERE_PALIGEMMAS_IS}"
        )
    return SentencePieceTokenizer(given) if isinstance(given, Path | str) else given


def _fits(vocabulary: TextTokenizer, config: Pi0Config, path: Path) -> None:
    if vocabulary.vocab_size > config.vocab_size:
        raise CannotBeLoaded(
            f"the text vocabulary has {vocabulary.vocab_size} tokens and the model in {path} {config.vocab_size}; they"
            f" are not each other's. {WHERE_PALIGEMMAS_IS}"
        )


def _high_form(name: str) -> PromptFormat:
    form = format_named(name)
    if form.level != "high":
        raise ValueError(
            f"prompt format {name!r} is one of the low level; choose one that asks for a subtask"
        )
    return form


def _unit_stats(dim: int) -> NormStats:
    one = np.ones(dim)
    return NormStats(mean=0 * one, std=one, q01=-one, q99=one)
