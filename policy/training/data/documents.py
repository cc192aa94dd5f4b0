"""Reads the JSON of public data sets into typed values, and says what is wrong with a file where something is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec

_PLACE = re.compile(r" - at `\$(.*)`$")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_LONGEST_VALUE = 60
_T = TypeVar("_T")


class PicturesError(ValueError):
    """Pictures, or what is said of them, cannot be used; the message names file, key, value and remedy."""


def read_document(path: Path, kind: type[_T], *, expected: str) -> _T:
    """A JSON file as a value of a type; keys that the type does not have are passed over.

    Args:
        path: Of the file.
        kind: Of the value.
        expected: What the file should be, for the message, such as "instances in COCO's format".

    Raises:
        PicturesError: It cannot be read, is no JSON, or something in it is missing or of another type.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise PicturesError(
            f"cannot read {path}: {error.strerror or error}; it should be {expected}"
        ) from error
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        raise PicturesError(f"{path}: {_explained(error, text)}; it should be {expected}") from error
    except msgspec.DecodeError as error:
        raise PicturesError(f"{path} is no JSON ({error}); it should be {expected}") from error


def _explained(error: msgspec.ValidationError, text: bytes) -> str:
    """The message of msgspec with the key first, and the value that is there."""
    message = str(error)
    found = _PLACE.search(message)
    words = _PLACE.sub("", message).replace("Object missing required field", "it lacks the key")
    if found is None:
        return words
    key = found[1].lstrip(".")
    if "[...]" in key:  # inside of a mapping or tuple msgspec does not say which
        return f"{key}: {words}"
    value = _value_at(msgspec.json.decode(text), key)
    shown = msgspec.json.encode(value).decode()
    if len(shown) > _LONGEST_VALUE:
        shown = f"{shown[:_LONGEST_VALUE]}…"
    return f"{key} is {shown}: {words}"


def _value_at(document: Any, key: str) -> Any:
    for name, index in _STEP.findall(key):
        document = document[int(index)] if index else document[name]
    return document
