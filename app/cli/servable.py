"""What `understudy serve` serves: a checkpoint, or a policy of random weights to try the wire with."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.cli.outcome import CommandError

if TYPE_CHECKING:
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
        CommandError: This version cannot load it.
    """
    raise CommandError(
        f"cannot serve {args.checkpoint or args.preset}: policies cannot be loaded for serving yet"
    )
