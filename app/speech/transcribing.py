"""How utterances are read: which model, when somebody speaks, what may be said. Left in the session's directory."""

from __future__ import annotations

from pathlib import Path

import msgspec

from app.runtime_files import leave
from app.speech.whisper.catalogue import SHIPPED

TRANSCRIBING_NAME = "transcribing.json"


class Transcribing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is done with utterances.

    Attributes:
        model: `kitchen`, a name of Whisper's, or the path of a checkpoint.
        hands_free: whether speech is found by itself; else only what is said while the talk key is held.
        known: the subtasks that an utterance is compared with.
    """

    model: str = SHIPPED
    hands_free: bool = False
    known: tuple[str, ...] = ()


def write_transcribing(runtime_dir: Path, transcribing: Transcribing) -> None:
    """Leave it for the transcriber, in one step: never half a file."""
    leave(runtime_dir / TRANSCRIBING_NAME, transcribing)


def read_transcribing(runtime_dir: Path) -> Transcribing:
    """What was left last; the usual when nothing was."""
    path = runtime_dir / TRANSCRIBING_NAME
    if not path.is_file():
        return Transcribing()
    return msgspec.json.decode(path.read_bytes(), type=Transcribing)
