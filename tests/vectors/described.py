"""Values in the words of `wire.json`, and values from such words."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np


def describe(value: object) -> dict[str, Any]:
    """A value in the words of `wire.json`, arrays by their digest."""
    match value:
        case np.ndarray():
            digest = hashlib.sha256(value.tobytes()).hexdigest()
            return {"type": "ndarray", "dtype": value.dtype.str, "shape": list(value.shape), "sha256": digest}
        case np.generic():
            return {"type": "npgeneric", "dtype": value.dtype.str, "value": value.item()}
        case dict():
            return {"type": "map", "items": {key: describe(item) for key, item in value.items()}}
        case list():
            return {"type": "array", "items": [describe(item) for item in value]}
        case bytes():
            return {"type": "bytes", "hex": value.hex()}
    return {"type": type(value).__name__, "value": value}


def digested(description: Any) -> Any:
    """A description without the contents of arrays, which their digests stand for."""
    if isinstance(description, dict):
        drop = {"hex", "values"} if description.get("type") == "ndarray" else set()
        return {key: digested(item) for key, item in description.items() if key not in drop}
    return [digested(item) for item in description] if isinstance(description, list) else description


def build(content: dict[str, Any], decoded: Any) -> object:
    """The value that `content` describes, as a sender would hold it.

    Large arrays are described by digest alone; those are taken from `decoded`. Arrays are laid out in Fortran's order,
    which must not show on the wire.
    """
    match content["type"]:
        case "ndarray":
            return (
                np.asfortranarray(_array(content, decoded)) if content["shape"] else _array(content, decoded)
            )
        case "npgeneric":
            return np.dtype(content["dtype"]).type(content["value"])
        case "map":
            return {key: build(item, decoded[key]) for key, item in content["items"].items()}
        case "array":
            return [build(item, part) for item, part in zip(content["items"], decoded, strict=True)]
        case "bytes":
            return bytes.fromhex(content["hex"])
    return content["value"]


def _array(content: dict[str, Any], decoded: Any) -> np.ndarray[Any, Any]:
    if "hex" in content:
        return np.frombuffer(bytes.fromhex(content["hex"]), content["dtype"]).reshape(content["shape"])
    if "values" in content:
        return np.array(content["values"], dtype=content["dtype"])
    return np.asarray(decoded)
