"""What gamepad and handles mean before anybody has bound anything; keys are the actions' own."""

from __future__ import annotations

EXTRA_TRIGGERS: dict[str, tuple[str, ...]] = {
    # The handles are where the hands are: the gesture begins an episode, and ends the one that runs.
    "record.start": ("pad:start", "grip:both-held"),
    "record.success": ("pad:a",),
    "record.failure": ("pad:b",),
    "record.drop": ("pad:back",),
    "record.take_back": ("pad:dpdown",),
    "mode.teleop": ("pad:y",),
    "mode.hold": ("pad:x",),
    # Not every gamepad has a Guide button, nor does every system hand it on; a stick pressed in is always there.
    "mode.stop": ("pad:guide", "pad:leftstick", "pad:rightstick"),
}
"""By action; an action that is not registered is left out."""
