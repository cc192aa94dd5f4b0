"""What the speech process listens to and for, left in the session's directory: a process started again finds it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from app.runtime_files import leave
from app.speech.vocabulary import PHRASES

LISTENING_NAME = "listening.json"

AFTER_HUSH_S = 0.3
"""A room goes on sounding after a loudspeaker falls silent, and the sound server behind it."""


class Listening(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is listened to.

    Attributes:
        device: the microphone's name; empty for the system's default.
        triggers: names of triggers; those that are words (`word:robot stop`) are listened for.
        urgent: those of them that are heeded even while the app itself speaks.
    """

    device: str = ""
    triggers: tuple[str, ...] = tuple(phrase.trigger for phrase in PHRASES)
    urgent: tuple[str, ...] = ()


def write_listening(runtime_dir: Path, listening: Listening) -> None:
    """Leave it for the speech process, in one step: never half a file."""
    leave(runtime_dir / LISTENING_NAME, listening)


def read_listening(runtime_dir: Path) -> Listening:
    """What was left last; the usual when nothing was."""
    path = runtime_dir / LISTENING_NAME
    if not path.is_file():
        return Listening()
    return msgspec.json.decode(path.read_bytes(), type=Listening)
