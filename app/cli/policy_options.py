"""Options that say which policy a session loads."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.options import at_least_one
from app.cli.outcome import UsageError

if TYPE_CHECKING:
    from app.autonomy.choice import PolicyChoice

KINDS = ("scripted", "checkpoint", "server", "random")
"""`app.autonomy.choice.PolicyKind`; a test holds the two equal."""


def add_policy(parser: argparse.ArgumentParser) -> None:
    """Add them."""
    group = parser.add_argument_group("policy")
    group.add_argument(
        "--policy",
        choices=KINDS,
        default="scripted",
        help="where actions come from (default: scripted, the scripted operator's motions; simulated robot only)",
    )
    group.add_argument(
        "--source",
        default="",
        metavar="X",
        help="the checkpoint's folder, the server's address, or the preset",
    )
    group.add_argument(
        "--config", default="", metavar="NAME", help="of a checkpoint that does not say itself"
    )
    group.add_argument(
        "--tokenizer", default="", metavar="FILE", help="the text vocabulary, where the checkpoint has none"
    )
    group.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"), help="default: auto")
    group.add_argument(
        "--execute-steps",
        type=at_least_one,
        metavar="N",
        help="steps run of a chunk before the next (default: the policy's own)",
    )
    group.add_argument(
        "--action-space",
        default="joint",
        choices=("joint", "end_effector"),
        help="of chunks (default: joint)",
    )
    group.add_argument(
        "--remote-address", default="", metavar="URL", help="of the remote high level: http://host:8000/v1"
    )
    group.add_argument("--remote-model", default="", metavar="NAME", help="the model's name there")
    group.add_argument(
        "--remote-key-variable",
        default="",
        metavar="NAME",
        help="the environment variable that holds the key for it",
    )
    group.add_argument(
        "--policy-seed",
        type=int,
        default=0,
        metavar="N",
        help="of the scripted policy's eye, or random weights",
    )


def policy_choice(args: argparse.Namespace) -> PolicyChoice:
    """The policy that was asked for.

    Raises:
        UsageError: when it needs a source and has none.
    """
    from app.autonomy.choice import PolicyChoice, PolicyKind

    kind = PolicyKind(args.policy)
    source: str = args.source
    if kind is not PolicyKind.SCRIPTED and not source:
        raise UsageError(
            f"--policy {kind} needs --source: a folder, an address such as ws://host:8000, or a preset"
        )
    if kind is PolicyKind.CHECKPOINT:
        source = str(Path(source).expanduser().resolve())
    return PolicyChoice(
        kind=kind,
        source=source,
        config=args.config,
        tokenizer=str(Path(args.tokenizer).expanduser()) if args.tokenizer else "",
        device=args.device,
        execute_steps=args.execute_steps or 0,
        action_space=args.action_space,
        remote_address=args.remote_address,
        remote_model=args.remote_model,
        remote_key_variable=args.remote_key_variable,
        seed=args.policy_seed,
    )
