"""The kitchen's subtask phrases: what the recogniser that ships with the project is trained to tell apart.

Nothing that reads speech knows them: they are given to it by whoever asks.
"""

from __future__ import annotations

THINGS = ("plate", "cup", "sponge", "spoon")

KITCHEN_PHRASES: tuple[str, ...] = (
    *(f"go to the {thing}" for thing in THINGS),
    *(f"pick up the {thing}" for thing in THINGS),
    *(f"carry the {thing} to the sink" for thing in THINGS),
    *(f"put the {thing} in the sink" for thing in THINGS),
    "go to the drawer",
    "take the handle",
    "open the drawer",
    "close the drawer",
    "let go of the handle",
    "drive to the counter",
    "raise the lift",
    "lower the lift",
    "open the gripper",
    "close the gripper",
    "bring the arms home",
    "back away from the counter",
)

UNKNOWN = " ..."
"""Before what is no command, as Whisper writes what it has only half understood. So the shipped recogniser decides by
the first token whether it hears one, over the whole of the sound, and not by how it reads words it hardly knows."""


def written(phrase: str) -> str:
    """A phrase as Whisper writes what it hears, with the leading space of its text tokens: ` Pick up the plate.`."""
    return f" {phrase[:1].upper()}{phrase[1:]}."
