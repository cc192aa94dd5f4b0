"""The policy that comes with the app: a small π0.5 for the simulated kitchen."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import policy
from app.autonomy.choice import PolicyChoice, PolicyKind
from app.autonomy.orders import DONE
from drivers.sim.operator.subtasks import SUBTASKS

PROFILE: Final = "sim-kitchen"
"""The robot that it was made for."""

KNOWN: Final = (*SUBTASKS, DONE)
"""What its high level may answer."""

LEADS: Final = False
"""Whether it is what moves the robot when nobody has chosen: not before it does most of what it is told."""


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


def kitchen_choice(folder: Path | str) -> PolicyChoice:
    """A checkpoint in the kitchen, whose high level keeps to the subtasks that there are."""
    return PolicyChoice(kind=PolicyKind.CHECKPOINT, source=str(folder), known=KNOWN)


def default_choice(profile: str) -> PolicyChoice:
    """What moves a simulated robot when nobody has chosen: the kitchen policy where it leads, else what is scripted.

    Args:
        profile: the robot's name.
    """
    checkpoint = first_checkpoint(profile)
    return checkpoint if LEADS and checkpoint.source else _SCRIPTED


def first_checkpoint(profile: str) -> PolicyChoice:
    """What choosing a checkpoint begins with: the kitchen policy for its robot; no folder yet for any other.

    Args:
        profile: the robot's name.
    """
    try:
        return kitchen_choice(shipped_policy()) if profile == PROFILE else NO_FOLDER
    except NoKitchenPolicy:
        return NO_FOLDER


NO_FOLDER: Final = PolicyChoice(kind=PolicyKind.CHECKPOINT)
"""A checkpoint that has yet to be found: what a real robot's choice begins with."""
_SCRIPTED: Final = PolicyChoice(kind=PolicyKind.SCRIPTED)
