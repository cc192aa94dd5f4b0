"""The policy that comes with the app: a small π0.5 for the simulated kitchen."""

from __future__ import annotations

from pathlib import Path

import policy

PROFILE = "sim-kitchen"
"""The robot that it was made for."""


class NoKitchenPolicy(FileNotFoundError):
    """This installation came without the kitchen policy; the message says what to do."""


def shipped_policy() -> Path:
    """Its folder.

    Raises:
        NoKitchenPolicy: when it is not there.
    """
    folder = Path(policy.__file__).parent / "kitchen"
    if not (folder / "policy.json").is_file():
        raise NoKitchenPolicy(
            f"the kitchen policy is not in {folder}; train one with `understudy train` and give its folder"
        )
    return folder
