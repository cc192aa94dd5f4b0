"""What gamepad, handles and spoken words mean before anybody has bound anything; keys are the actions' own."""

from __future__ import annotations

EXTRA_TRIGGERS: dict[str, tuple[str, ...]] = {
    # The handles are where the hands are: the gesture begins an episode, and ends the one that runs.
    "record.start": ("pad:start", "grip:both-held", "word:start recording"),
    "record.success": ("pad:a", "word:success"),
    "record.failure": ("pad:b", "word:it failed"),
    "record.drop": ("pad:back", "word:drop it"),
    "record.take_back": ("pad:dpdown", "word:take it back"),
    "mode.teleop": ("pad:y",),
    "mode.hold": ("pad:x", "word:hold still"),
    # Not every gamepad has a Guide button, nor does every system hand it on; a stick pressed in is always there.
    "mode.stop": ("pad:guide", "pad:leftstick", "pad:rightstick", "word:robot stop"),
}
"""By action; an action that is not registered is left out."""
