"""How a command ends: its exit code, or an error that a person can act on."""

from __future__ import annotations

import json
import sys
from enum import IntEnum
from pathlib import Path
from typing import Any, TextIO


class ExitCode(IntEnum):
    """What the shell gets; `understudy --help` documents these."""

    OK = 0
    PROBLEMS = 1
    USAGE = 2
    INTERRUPTED = 130


class CommandError(Exception):
    """A command cannot do what was asked; the message says what, the value seen and the remedy, in one line."""


class UsageError(CommandError):
    """The command line asks for something that makes no sense; it ends like one that was not understood."""


def text_stream(json_file: Path | None) -> TextIO:
    """Where a command's text goes: stdout, unless `--json -` has that for what programs read."""
    return sys.stderr if json_file is not None and str(json_file) == "-" else sys.stdout


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON to a file, or to stdout when the file is `-`.

    Raises:
        CommandError: when the file cannot be written.
    """
    text = json.dumps(value, indent=2, default=str)
    if str(path) == "-":
        print(text)
        return
    try:
        path.write_text(text + "\n")
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror}; choose another --json file") from error
