"""What a run needs beside weights, made once before its first step: vocabulary, action tokenizer, statistics.

    RUN/parts/text.model            the text vocabulary
    RUN/parts/fast/                 the action tokenizer, where a stage teaches FAST tokens
    RUN/parts/robots.json           names, units and rates
    RUN/parts/assets/ROBOT/         statistics

The folder appears whole or not at all. It is never made again: weights mean nothing with other tokens.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from policy.actions.fast import FastTokenizer
from policy.actions.fast_fit import DEFAULT_VOCAB_SIZE
from policy.checkpoints.draft import delete_leftovers, draft_of
from policy.checkpoints.folder import Checkpoint
from policy.presets import Pi0Config
from policy.text.fast_layout import RESERVED
from policy.text.fitted import fit_tokenizer
from policy.text.prompts import STATE_BINS
from policy.text.sentencepieces import LOCATIONS, SentencePieceTokenizer
from policy.text.tokenizer import UNK
from policy.training.robot import TrainedRobot
from policy.transforms.norm_stats import load_norm_stats, save_norm_stats

VOCABULARY, FAST, ROBOTS, ASSETS = "text.model", "fast", "robots.json", "assets"
_FIXED = UNK + 1 + 1 + (STATE_BINS + 1) + 256 + LOCATIONS + RESERVED
"""Tokens of every vocabulary: special, the newline, the state's numbers, bytes, locations, what FAST leaves alone."""
FAST_SHARE = 0.6
"""Of the tokens that are left, FAST may have this much; text has the rest."""


class PartsError(ValueError):
    """The parts of a run cannot be made or read; the message says why and what to do."""


@dataclass(frozen=True)
class Parts:
    """What a run needs beside weights.

    Attributes:
        folder: Where they lie.
        tokenizer: The text vocabulary.
        fast: The action tokenizer; None where none is taught.
        robots: Every robot in the data by name, first the one that the policy is for.
    """

    folder: Path
    tokenizer: SentencePieceTokenizer
    fast: FastTokenizer | None
    robots: Mapping[str, TrainedRobot]

    @property
    def robot(self) -> TrainedRobot:
        """The one that the policy is for."""
        return next(iter(self.robots.values()))


class _RobotText(msgspec.Struct, frozen=True):
    name: str
    vector_names: tuple[str, ...]
    vector_units: tuple[str, ...]
    rate_hz: float


def make_parts(
    folder: Path,
    *,
    config: Pi0Config,
    robots: Sequence[TrainedRobot],
    texts: Iterable[str],
    chunks: NDArray[np.float64] | None,
    start: Checkpoint | None = None,
) -> None:
    """Make the parts of a run.

    Args:
        folder: Where they are to lie.
        config: Sizes of the model.
        robots: Those of the data, first the one that the policy is for.
        texts: Every prompt and answer, for the vocabulary.
        chunks: [B, T, D], relative and normalised, for the action tokenizer; None where none is needed.
        start: A checkpoint to go on from, whose tokenizers are taken.

    Raises:
        PartsError: The vocabulary has too little room, or `start` lacks what is needed.
    """
    with draft_of(folder) as draft:
        if start is not None:
            _take(draft, start, fast=chunks is not None)
        else:
            _fit(draft, config, texts, chunks)
        plain = [
            _RobotText(robot.name, robot.vector_names, robot.vector_units, robot.rate_hz) for robot in robots
        ]
        (draft / ROBOTS).write_bytes(msgspec.json.format(msgspec.json.encode(plain), indent=2) + b"\n")
        for robot in robots:
            save_norm_stats(draft / ASSETS, robot.name, robot.stats)
    delete_leftovers(folder)


def load_parts(folder: Path) -> Parts | None:
    """The parts of a run; None where they have not been made.

    Raises:
        PartsError: They are damaged.
    """
    if not folder.exists():
        return None
    try:
        plain = msgspec.json.decode((folder / ROBOTS).read_bytes(), type=list[_RobotText])
        robots = {
            robot.name: TrainedRobot(
                robot.name,
                robot.vector_names,
                robot.vector_units,
                robot.rate_hz,
                load_norm_stats(folder / ASSETS, robot.name),
            )
            for robot in plain
        }
        fast = FastTokenizer.load(folder / FAST) if (folder / FAST).exists() else None
        return Parts(folder, SentencePieceTokenizer(folder / VOCABULARY), fast, robots)
    except (OSError, ValueError) as error:
        raise PartsError(f"{folder} is damaged: {error}; choose another folder with --run") from error


def _fit(draft: Path, config: Pi0Config, texts: Iterable[str], chunks: NDArray[np.float64] | None) -> None:
    fast_tokens = 0
    if chunks is not None:
        room = min(DEFAULT_VOCAB_SIZE, int((config.vocab_size - _FIXED) * FAST_SHARE))
        if room < 1:
            raise PartsError(
                f"a vocabulary of {config.vocab_size} tokens has no room for FAST tokens: {_FIXED} are taken; use a"
                " larger preset, or set `fast = 0` in every stage"
            )
        try:
            fast = FastTokenizer.fit(chunks, vocab_size=room)
        except ValueError as error:
            raise PartsError(f"no action tokenizer can be fitted: {error}") from error
        fast.save(draft / FAST)
        fast_tokens = fast.vocab_size
    try:
        tokenizer = fit_tokenizer(
            texts, vocab_size=config.vocab_size, locations=True, fast_tokens=fast_tokens
        )
    except ValueError as error:
        raise PartsError(f"no vocabulary can be fitted: {error}") from error
    tokenizer.save(draft / VOCABULARY)


def _take(draft: Path, start: Checkpoint, *, fast: bool) -> None:
    if start.tokenizer is None:
        raise PartsError(f"{start.path} has no text vocabulary of its own to go on with")
    shutil.copyfile(start.tokenizer, draft / VOCABULARY)
    if not fast:
        return
    if start.fast is None:
        raise PartsError(
            f"{start.path} was not taught FAST tokens and has no tokenizer of them; set `fast = 0` in every stage"
        )
    shutil.copytree(start.fast, draft / FAST)
