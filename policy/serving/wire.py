"""Messages on the wire: msgpack, with numpy arrays and scalars as openpi writes them. Nothing is ever unpickled.

An array is a map with four keys of type bytes: `__ndarray__` (true), `data` (its bytes in C order), `dtype` (numpy's
text, such as `<f4`) and `shape`. A numpy scalar has `__npgeneric__`, `data` and `dtype`; but a float64 and a numpy text
go out as msgpack's own, being subclasses of Python's. The bytes are openpi's, see `tests/golden/wire`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from policy.serving.structure import DEFAULT_LIMITS, Limits, WireError, check_structure

__all__ = ["DEFAULT_LIMITS", "Limits", "WireError", "pack", "unpack", "unpack_map"]

ARRAY, SCALAR = b"__ndarray__", b"__npgeneric__"
DATA, DTYPE, SHAPE = b"data", b"dtype", b"shape"

MAX_DIMENSIONS = 32
MAX_ELEMENTS = 2**31
DTYPE_FORM = re.compile(r"[<>=|]?(b1|[iu][1248]|f[248]|[SU][1-9][0-9]{0,6})")
ALLOWED_DTYPES = "bool, integers of 1 to 8 bytes, floats of 2 to 8 bytes, and texts of a fixed length"
_SCALAR_TYPES: dict[str, tuple[type, ...]] = {
    "b": (bool,),
    "i": (int,),
    "u": (int,),
    "f": (float, int),
    "S": (bytes,),
    "U": (str,),
}
"""What the data of a numpy scalar may be, by the kind of its dtype."""


def pack(value: object) -> bytes:
    """The bytes of a message.

    Args:
        value: None, bool, int, float, str, bytes, numpy arrays and scalars, and lists, tuples and maps of these.

    Raises:
        WireError: Something that has no form on the wire; names where it is.
    """
    try:
        return msgspec.msgpack.encode(_to_plain(value, ""))
    except (OverflowError, UnicodeEncodeError, RecursionError) as error:
        raise WireError(f"the message cannot be written: {error}") from error


def unpack(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> object:
    """What `pack` was given. Arrays are read-only views of the message.

    Raises:
        WireError: The bytes are no message, or an array in it contradicts itself; says where and what is allowed.
    """
    check_structure(data, limits=limits)
    try:
        plain = msgspec.msgpack.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(f"the message is no msgpack: {error}") from error
    return _from_plain(plain, "")


def unpack_map(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> dict[str, object]:
    """What `pack` was given, where that must be a map with texts as keys: a request, a reply, or metadata.

    Raises:
        WireError: As `unpack`, or it is something other than such a map.
    """
    message = unpack(data, limits=limits)
    if not isinstance(message, dict):
        raise WireError(f"the message is {_kind(message)}; it must be a map")
    for key in message:
        if not isinstance(key, str):
            raise WireError(f"the message has the key {key!r:.60}; keys must be texts")
    return message


# -- out ---------------------------------------------------------------------------------------------------------------


def _to_plain(value: object, path: str) -> object:
    """A copy in the types that msgspec writes as openpi's packer does. Arrays keep their memory."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return _exact(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, np.ndarray) and not isinstance(value, np.ma.MaskedArray):
        _check_dtype(value.dtype, path)
        return {ARRAY: True, DATA: _bytes_of(value), DTYPE: value.dtype.str, SHAPE: value.shape}
    if isinstance(value, np.generic):
        _check_dtype(value.dtype, path)
        return {SCALAR: True, DATA: value.item(), DTYPE: value.dtype.str}
    if isinstance(value, Mapping):
        return {_key(key, path): _to_plain(item, _below(path, key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_to_plain(item, _below(path, index)) for index, item in enumerate(value)]
    raise WireError(
        f"{_at(path)} is a {type(value).__qualname__}; allowed are None, bool, int, float, str, bytes, numpy arrays"
        " and scalars, and lists and maps of these"
    )


def _exact(value: object) -> object:
    """A subclass of a plain type (np.float64, np.str_, an IntEnum) as the plain type itself."""
    for plain in (bool, int, float, str):
        if isinstance(value, plain):
            return plain(value)
    return value


def _bytes_of(array: NDArray[np.generic]) -> bytes | memoryview:
    """An array's bytes in C order, without a copy where it lies so already."""
    if array.size == 0 or not array.flags.c_contiguous or array.ndim == 0:
        return array.tobytes()
    return array.reshape(-1).view(np.uint8).data


def _key(key: object, path: str) -> str | bytes:
    if isinstance(key, str):
        return str(key)
    if isinstance(key, bytes):
        return key
    raise WireError(f"{_at(path)} has the key {key!r:.60}; keys must be texts")


# -- in ----------------------------------------------------------------------------------------------------------------


def _from_plain(value: object, path: str) -> object:
    """Arrays and scalars in place of their maps, everything else as it is."""
    if isinstance(value, dict):
        if ARRAY in value:
            return _array(value, path)
        if SCALAR in value:
            return _scalar(value, path)
        for key, item in value.items():
            if not isinstance(key, (str, bytes)):
                raise WireError(f"{_at(path)} has the key {key!r:.60}; keys must be texts")
            value[key] = _from_plain(item, _below(path, key))
        return value
    if isinstance(value, list):
        return [_from_plain(item, _below(path, index)) for index, item in enumerate(value)]
    return value


def _array(fields: Mapping[object, object], path: str) -> NDArray[np.generic]:
    _check_keys(fields, {ARRAY, DATA, DTYPE, SHAPE}, path, what="an array")
    dtype, shape, data = _dtype(fields[DTYPE], path), _shape(fields[SHAPE], path), fields[DATA]
    if not isinstance(data, bytes):
        raise WireError(f"{_at(path)}: the data of the array is {_kind(data)}; it must be bytes")
    wanted = math.prod(shape) * dtype.itemsize
    if len(data) != wanted:
        raise WireError(
            f"{_at(path)}: an array of shape {list(shape)} and dtype {dtype.str} takes {wanted} bytes,"
            f" but its data has {len(data)}"
        )
    array: NDArray[np.generic] = np.ndarray(shape, dtype, buffer=data)
    if dtype.kind == "U":
        _check_text(array, path)
    elif dtype.kind == "b" and array.size and np.frombuffer(data, np.uint8).max() > 1:
        raise WireError(f"{_at(path)}: an array of bool has a byte other than 0 and 1")
    return array


def _scalar(fields: Mapping[object, object], path: str) -> object:
    _check_keys(fields, {SCALAR, DATA, DTYPE}, path, what="a numpy scalar")
    dtype, value = _dtype(fields[DTYPE], path), fields[DATA]
    if not isinstance(value, _SCALAR_TYPES[dtype.kind]) or (isinstance(value, bool) and dtype.kind != "b"):
        raise WireError(f"{_at(path)}: a numpy scalar of dtype {dtype.str} cannot be {_kind(value)}")
    try:
        with np.errstate(over="ignore"):
            scalar: object = dtype.type(value)
    except (OverflowError, ValueError) as error:
        raise WireError(f"{_at(path)}: {value!r:.60} does not fit dtype {dtype.str}") from error
    return scalar


def _check_keys(fields: Mapping[object, object], wanted: set[bytes], path: str, *, what: str) -> None:
    missing = sorted(key.decode() for key in wanted - fields.keys())
    extra = [key for key in fields if key not in wanted]
    if missing or extra:
        problem = f"has no {', '.join(missing)}" if missing else f"has a key {extra[0]!r:.60} too many"
        raise WireError(
            f"{_at(path)}: {what} {problem}; it has {', '.join(sorted(k.decode() for k in wanted))}"
        )


def _dtype(text: object, path: str) -> np.dtype[np.generic]:
    if not isinstance(text, str) or not DTYPE_FORM.fullmatch(text):
        raise WireError(f"{_at(path)}: the dtype {text!r:.60} is not allowed; allowed are {ALLOWED_DTYPES}")
    return np.dtype(text)


def _check_dtype(dtype: np.dtype[np.generic], path: str) -> None:
    if not DTYPE_FORM.fullmatch(dtype.str):
        raise WireError(f"{_at(path)}: the dtype {dtype} is not allowed; allowed are {ALLOWED_DTYPES}")


def _shape(value: object, path: str) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(n) is int and n >= 0 for n in value):
        raise WireError(f"{_at(path)}: the shape {value!r:.60} is not a list of sizes, integers from 0 on")
    if len(value) > MAX_DIMENSIONS or math.prod(max(n, 1) for n in value) > MAX_ELEMENTS:
        raise WireError(
            f"{_at(path)}: the shape {value!r:.60} is too large; at most {MAX_DIMENSIONS} dimensions and"
            f" {MAX_ELEMENTS} elements are allowed"
        )
    return tuple(value)


def _check_text(array: NDArray[np.generic], path: str) -> None:
    """Refuse what is no character: numpy would fail much later, where the text is looked at."""
    if not array.size:
        return
    codes = np.frombuffer(array.tobytes(), np.dtype(np.uint32).newbyteorder(array.dtype.byteorder))
    wrong = codes[(codes > 0x10FFFF) | ((codes >= 0xD800) & (codes < 0xE000))]
    if wrong.size:
        raise WireError(f"{_at(path)}: the text holds 0x{int(wrong[0]):x}, which is no Unicode character")


# -- words -------------------------------------------------------------------------------------------------------------


def _below(path: str, key: object) -> str:
    return f"{path}[{key!r:.60}]"


def _at(path: str) -> str:
    return path or "the message"


def _kind(value: object) -> str:
    """What a value is, as a sender in any language would call it."""
    names = {dict: "a map", list: "a list", str: "a text", bytes: "bytes", type(None): "nil", bool: "a bool"}
    return names.get(type(value)) or f"a value of type {type(value).__name__}"
