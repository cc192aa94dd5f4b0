"""How much a message may hold, checked before anything is built from it.

A few bytes of msgpack can claim four thousand million elements, a thousand levels, or millions of empty maps that take
sixty times their size in memory. One pass over the bytes, without building a value, refuses all of these.

Source: the msgpack specification, https://github.com/msgpack/msgpack/blob/master/spec.md
"""

from __future__ import annotations

from dataclasses import dataclass


class WireError(ValueError):
    """A message that cannot be read or written; says what is wrong, where in the message, and what is allowed."""


@dataclass(frozen=True)
class Limits:
    """What one message may hold.

    Attributes:
        bytes: Of the whole message.
        values: Numbers, texts, blobs, lists and maps, each counted once; an array of any size counts as a few.
        depth: Levels of lists and maps in each other.
    """

    bytes: int = 64 * 1024 * 1024
    values: int = 200_000
    depth: int = 16


DEFAULT_LIMITS = Limits()

# The first byte of a value tells its type. Bytes that follow it: of its length, of itself, of its number of items.
_BLOB, _TEXT = {0xC4: 1, 0xC5: 2, 0xC6: 4}, {0xD9: 1, 0xDA: 2, 0xDB: 4}
_CONSTANT, _FLOAT = {0xC0: 0, 0xC2: 0, 0xC3: 0}, {0xCA: 4, 0xCB: 8}
_UNSIGNED, _SIGNED = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}, {0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
_LIST, _MAP = {0xDC: 2, 0xDD: 4}, {0xDE: 2, 0xDF: 4}

_LENGTH_BYTES = _BLOB | _TEXT
_FIXED_BYTES = _CONSTANT | _FLOAT | _UNSIGNED | _SIGNED
_COUNT_BYTES = _LIST | _MAP
_EXTENSIONS = frozenset({0xC7, 0xC8, 0xC9, *range(0xD4, 0xD9)})


def check_structure(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> None:
    """Walk through one msgpack value and make sure that it is whole and within the limits.

    Raises:
        WireError: It is cut short, too long, too large, too deep, or holds a type that the protocol does not have.
    """
    size = len(data)
    if size > limits.bytes:
        raise WireError(f"the message has {size} bytes; at most {limits.bytes} are allowed")
    position, values = 0, 0
    open_items = [1]  # values still to come at each level
    while open_items:
        if open_items[-1] == 0:
            open_items.pop()
            continue
        open_items[-1] -= 1
        values += 1
        if values > limits.values:
            raise WireError(
                f"the message holds more than {limits.values} values; send numbers as arrays, which count as one"
            )
        if position >= size:
            raise WireError(f"the message ends after {size} bytes in the middle of a value")
        kind = data[position]
        start, position = position, position + 1
        items = 0
        if kind <= 0x7F or kind >= 0xE0:  # small integers
            continue
        if kind <= 0x8F:
            items = 2 * (kind & 0x0F)
        elif kind <= 0x9F:
            items = kind & 0x0F
        elif kind <= 0xBF:
            position += kind & 0x1F
        elif kind in _FIXED_BYTES:
            position += _FIXED_BYTES[kind]
        elif kind in _LENGTH_BYTES:
            width = _LENGTH_BYTES[kind]
            position += width + int.from_bytes(data[position : position + width], "big")
        elif kind in _COUNT_BYTES:
            width = _COUNT_BYTES[kind]
            items = int.from_bytes(data[position : position + width], "big") * (2 if kind in _MAP else 1)
            position += width
        elif kind in _EXTENSIONS:
            raise WireError(f"byte {start} begins a msgpack extension type, which the protocol does not have")
        else:
            raise WireError(f"byte {start} is 0x{kind:02x}, which begins no msgpack value")
        if position > size or items > size - position:  # an item takes at least a byte
            raise WireError(f"the message ends after {size} bytes in the middle of a value")
        if items:
            if len(open_items) > limits.depth:
                raise WireError(f"the message is nested deeper than {limits.depth} levels at byte {start}")
            open_items.append(items)
    if position != size:
        raise WireError(f"the message goes on after its value: {size - position} bytes too many")
