"""What `understudy serve` serves: a checkpoint, or a policy of random weights to try the wire with."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.cli.outcome import CommandError, UsageError

if TYPE_CHECKING:
    from policy.inference.assemble import LocalPolicy
    from policy.types import Servable


@dataclass(frozen=True)
class Served:
    """A policy that is ready to answer.

    Attributes:
        policy: Warmed up.
        what: It is, in a few words.
    """

    policy: Servable
    what: str


def load_servable(args: argparse.Namespace) -> Served:
    """Load and warm up the policy that the command line asks for.

    Raises:
        CommandError: It cannot be had.
        CheckpointError: The checkpoint cannot be loaded.
    """
    from policy.inference import runtime
    from policy.serving.adapter import ServedPolicy

    try:
        gpu = runtime.runtime(args.device).gpu
    except ValueError as error:
        raise CommandError(f"--device: {error}") from error
    try:
        policy = _random(args) if args.random_weights else _from_checkpoint(args)
        policy.warm_up()
    except RuntimeError as error:  # what torch raises for a GPU that is full, or too old
        if gpu is None:
            raise
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CommandError(f"cannot run on {gpu}: {reason}; free it, or give --device cpu") from error
    return Served(ServedPolicy(policy, default_prompt=args.default_prompt), in_words(policy.metadata))


def in_words(metadata: Mapping[str, Any]) -> str:
    """A policy's name, kind, robot, chunks and place."""
    chunks = f"chunks of {metadata['action_horizon']} × {metadata['action_dim']}"
    facts = (
        metadata["kind"],
        f"for {metadata['embodiment']}",
        chunks,
        f"{metadata['dtype']} on {metadata['device']}",
    )
    return f"{metadata['name']} ({', '.join(facts)})"


def _random(args: argparse.Namespace) -> LocalPolicy:
    from policy.inference.untrained import random_policy

    try:
        return random_policy(args.preset, device=args.device)
    except ValueError as error:
        raise UsageError(f"--preset: {error}") from error


def _from_checkpoint(args: argparse.Namespace) -> LocalPolicy:
    from policy.checkpoints.infer_config import Known
    from policy.inference.loading import load_policy

    return load_policy(
        args.checkpoint.expanduser(),
        config=args.config,
        tokenizer=None if args.tokenizer is None else args.tokenizer.expanduser(),
        device=args.device,
        known=Known(vision_heads=args.vision_heads),
    )
