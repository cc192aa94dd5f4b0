"""A policy from a folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import torch

from policy.actions.fast import FastTokenizer
from policy.checkpoints.errors import CheckpointError
from policy.checkpoints.folder import Checkpoint, build_model, load
from policy.checkpoints.infer_config import Known
from policy.checkpoints.kinds import kind_of
from policy.checkpoints.manifest import Manifest
from policy.checkpoints.survey import LEROBOT_ASSET
from policy.inference.assemble import LocalPolicy, assemble
from policy.inference.facts import RATES_HZ, PolicyFacts
from policy.inference.runtime import default_dtype, device_named
from policy.inference.techniques import FAST, Techniques
from policy.presets import Pi0Config, Pi0FastConfig, Pi0SmallConfig
from policy.text.prompts import PromptFormat, format_named
from policy.text.sentencepieces import WHERE_PALIGEMMAS_IS, SentencePieceTokenizer
from policy.text.tokenizer import TextTokenizer
from policy.transforms.configs import KNOWN_CONFIGS, ModelKind, TrainedConfig, known_config
from policy.transforms.embodiments.named import embodiment_named
from policy.transforms.norm_stats import NormStats


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
    temperature: float = 0.0,
    seed: int | None = None,
) -> LocalPolicy:
    """The policy in a folder: openpi's, LeRobot's or this software's.

    Args:
        path: The folder; `~` is the home folder.
        config: What it was trained with, or openpi's name of that; a folder of this software's says it itself.
        tokenizer: The text vocabulary, or its file; a folder of this software's has its own.
        device: `auto` is the GPU where there is one.
        dtype: `torch.float32` or `torch.bfloat16`; bfloat16 on a GPU and float32 on a processor if not given.
        techniques: Which short cuts are taken.
        known: Sizes that the files do not say.
        prompt_high: Form of the high level's prompt, for checkpoints that do not say it.
        temperature: Of π0-FAST's tokens: 0 writes what is most probable, 1 draws. Of no effect on the others.
        seed: Of the noise that chunks start from, and of drawn tokens.

    Raises:
        CheckpointError: It cannot be loaded; the message says why and what to do.
        UnknownConfig: There is no configuration of that name.
        FileNotFoundError: There is no vocabulary.
        ValueError: There is no device of that name.
    """
    path, device = (
        Path(path).expanduser(),
        device_named(device),
    )  # a wrong name is said before anything is read
    trained = known_config(config) if isinstance(config, str) else config
    known = known or Known()
    if trained is not None:
        known = known.or_else(
            Known(action_horizon=trained.action_horizon, max_prompt_tokens=trained.max_prompt_tokens)
        )
    checkpoint = load(path, known=known)
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
        if not isinstance(checkpoint.config, Pi0Config):
            raise CannotBeLoaded(
                f"{path} holds a {facts.config.kind} model, which names no subtasks here; leave out `prompt_high`"
            )
        facts = replace(facts, prompt_high=_high_form(prompt_high))
    stats = _stats_of(checkpoint, facts.config)
    vocabulary = _vocabulary(checkpoint, tokenizer)
    _fits(vocabulary, checkpoint)
    fast = _fast_of(checkpoint)
    model = build_model(checkpoint, device=device, dtype=dtype or default_dtype(device))
    try:
        return assemble(
            model,
            facts,
            stats,
            vocabulary,
            fast=fast,
            techniques=techniques,
            temperature=temperature,
            seed=seed,
        )
    except ValueError as error:  # parts that are whole and not each other's
        raise CannotBeLoaded(f"{path}: {error}") from error


def _facts_of(path: Path, checkpoint: Checkpoint, manifest: Manifest) -> PolicyFacts:
    """What our own folder says."""
    sizes = checkpoint.config
    kind = cast("ModelKind", kind_of(sizes).name)
    # Others may have a text head, but not the code here that would ask it.
    high = manifest.prompt_high if isinstance(sizes, Pi0Config) else None
    low = format_named(manifest.prompt_low)
    dim = len(manifest.vector_names) or checkpoint.stats_of(manifest.asset_id)["state"].width
    try:
        embodiment = embodiment_named(
            manifest.embodiment,
            dim=dim,
            slots=manifest.cameras_low,
            fast=kind == "pi0-fast",
            crops=manifest.crops,
        )
    except ValueError as error:  # cameras that are no robot's
        raise CannotBeLoaded(f"{path}: {error}") from error
    return PolicyFacts(
        name=path.name,
        config=TrainedConfig(
            name=path.name,
            kind=kind,
            embodiment=embodiment,
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
        prompt_high=None if high is None else format_named(high),
        cameras_low=manifest.cameras_low,
        cameras_high=manifest.cameras_high or manifest.cameras_low,
        rtc_trained=manifest.rtc_trained,
    )


def _only_config(checkpoint: Checkpoint) -> TrainedConfig:
    """The one configuration that this checkpoint can be of."""
    kind = kind_of(checkpoint.config).name
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
    return SentencePieceTokenizer(Path(given).expanduser()) if isinstance(given, Path | str) else given


def _fits(vocabulary: TextTokenizer, checkpoint: Checkpoint) -> None:
    """Refuse a vocabulary that the model cannot read, or in which π0-FAST's actions would be elsewhere."""
    sizes = checkpoint.config
    known = sizes.text.vocab_size if isinstance(sizes, Pi0SmallConfig) else sizes.vocab_size
    exactly = isinstance(sizes, Pi0FastConfig)
    if vocabulary.vocab_size > known or (exactly and vocabulary.vocab_size != known):
        where = "" if isinstance(sizes, Pi0SmallConfig) else f". {WHERE_PALIGEMMAS_IS}"
        raise CannotBeLoaded(
            f"the text vocabulary has {vocabulary.vocab_size} tokens and the model in {checkpoint.path} {known}; they"
            f" are not each other's{where}"
        )


def _fast_of(checkpoint: Checkpoint) -> FastTokenizer | None:
    """The action tokenizer in the folder of a π0-FAST; of no use to any other."""
    sizes = checkpoint.config
    if not isinstance(sizes, Pi0FastConfig):
        return None
    if checkpoint.fast is None:
        raise CannotBeLoaded(
            f"{checkpoint.path} has no FAST tokenizer, and π0-FAST writes actions with one; save it with the one that"
            " it was trained with"
        )
    try:
        return FastTokenizer.load(checkpoint.fast)
    except (FileNotFoundError, ValueError) as error:
        raise CannotBeLoaded(f"the FAST tokenizer cannot be used: {error}") from error


def _high_form(name: str) -> PromptFormat:
    form = format_named(name)
    if form.level != "high":
        raise ValueError(
            f"prompt format {name!r} is one of the low level; choose one that asks for a subtask"
        )
    return form
