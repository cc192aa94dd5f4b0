"""The option that says which policy is let loose in the simulated kitchen."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from app.cli.outcome import UsageError

if TYPE_CHECKING:
    from app.autonomy.choice import PolicyChoice


def add_policy(parser: argparse.ArgumentParser) -> None:
    """Add `--policy`."""
    parser.add_argument(
        "--policy",
        metavar="FOLDER",
        help="a checkpoint's folder, or `scripted`, or `random` for pi05-small with random weights "
        "(default: the policy that comes with the app)",
    )


def choice_of(policy: str | None) -> PolicyChoice:
    """The policy that `--policy` names.

    Raises:
        UsageError: when none was named and none came with the app.
    """
    from app.autonomy.choice import PolicyChoice, PolicyKind
    from app.kitchen_policy import NoKitchenPolicy, kitchen_choice, shipped_policy

    match policy:
        case "scripted":
            return PolicyChoice(kind=PolicyKind.SCRIPTED)
        case "random":
            return PolicyChoice(kind=PolicyKind.RANDOM)
        case None:
            try:
                return kitchen_choice(shipped_policy())
            except NoKitchenPolicy as error:
                raise UsageError(str(error)) from error
        case folder:
            return kitchen_choice(folder)
