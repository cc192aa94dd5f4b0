"""The bytes are openpi's, and nothing that is not a message becomes one."""

from __future__ import annotations

import json
import pickle
import struct
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from policy.serving.wire import Limits, WireError, pack, unpack, unpack_map
from tests.vectors.described import describe, digested

WIRE = Path(__file__).parents[2] / "golden" / "wire"
GOLDEN: dict[str, Any] = json.loads((WIRE / "wire.json").read_text())
FILES = sorted(name for name in GOLDEN if not name.startswith("_"))


@pytest.mark.parametrize("name", FILES)
def test_reads_what_openpi_wrote(name: str) -> None:
    data = (WIRE / GOLDEN[name]["file"]).read_bytes()
    assert describe(unpack(data)) == digested(GOLDEN[name]["decoded_by_openpi"])


@pytest.mark.parametrize("name", FILES)
def test_writes_the_same_bytes(name: str) -> None:
    data = (WIRE / GOLDEN[name]["file"]).read_bytes()
    assert pack(unpack(data)) == data


def test_scalars_that_are_python_numbers_go_out_plain() -> None:
    assert pack({"f64": np.float64(-2.25), "s": np.str_("asdf")}) == pack({"f64": -2.25, "s": "asdf"})
    golden = unpack_map((WIRE / "scalars.msgpack").read_bytes())
    golden |= {"f64": np.float64(-2.25), "s": np.str_("asdf")}
    assert pack(golden) == (WIRE / "scalars.msgpack").read_bytes()


def test_memory_order_does_not_reach_the_wire() -> None:
    array = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    for view in (np.asfortranarray(array), array[:, ::2], array.T, array[1]):
        got = unpack(pack(view))
        assert isinstance(got, np.ndarray)
        assert got.flags.c_contiguous
        np.testing.assert_array_equal(got, view)


def test_arrays_are_read_only_views() -> None:
    got = unpack(pack(np.zeros(3)))
    assert isinstance(got, np.ndarray)
    assert not got.flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        got[0] = 1


@pytest.mark.parametrize("name", sorted(GOLDEN["_unsupported_dtypes"]))
def test_refuses_to_write_what_openpi_refuses(name: str) -> None:
    value = {
        "complex": np.zeros(2, np.complex128),
        "object": np.array([None, {}], dtype=object),
        "void": np.zeros(1, [("a", "<i4")]),
    }[name]
    with pytest.raises(WireError, match=r"\['deep'\]\[1\].*not allowed; allowed are bool"):
        pack({"deep": [0, value]})


@pytest.mark.parametrize(
    "value",
    [object(), {1, 2}, 2**64, -(2**63) - 1, "\ud800", {3: 1}, {(1,): 1}, np.ma.array([1, 2], mask=[0, 1])],
)
def test_refuses_to_write_what_has_no_form(value: object) -> None:
    with pytest.raises(WireError):
        pack({"x": value})


def array_map(**changes: Any) -> bytes:
    """A map that says it is an array, with some of its fields changed or (None) left out."""
    fields = {"__ndarray__": True, "data": bytes(8), "dtype": "<f4", "shape": [2], **changes}
    return msgspec.msgpack.encode({"x": {k.encode(): v for k, v in fields.items() if v is not None}})


BAD_ARRAYS = {
    "object": ({"dtype": "|O"}, "not allowed"),
    "pickle": ({"dtype": "|O", "data": pickle.dumps([1])}, "not allowed"),
    "void": ({"dtype": "|V8", "shape": [1]}, "not allowed"),
    "complex": ({"dtype": "<c8", "shape": [1]}, "not allowed"),
    "structured": ({"dtype": [["a", "<i4"]]}, "not allowed"),
    "comma": ({"dtype": "i4,i4"}, "not allowed"),
    "date": ({"dtype": "<M8[ns]", "shape": [1]}, "not allowed"),
    "platform float": ({"dtype": "<f16"}, "not allowed"),
    "empty text": ({"dtype": "<U0", "data": b"", "shape": [2**40]}, "not allowed"),
    "dtype missing": ({"dtype": None}, "has no dtype"),
    "field too many": ({"extra": 1}, "too many"),
    "short": ({"shape": [3]}, "takes 12 bytes, but its data has 8"),
    "long": ({"shape": [1]}, "takes 4 bytes, but its data has 8"),
    "negative": ({"shape": [-2]}, "not a list of sizes"),
    "two negatives": ({"shape": [-1, -2]}, "not a list of sizes"),
    "bool size": ({"shape": [True, 2]}, "not a list of sizes"),
    "float size": ({"shape": [2.0]}, "not a list of sizes"),
    "shape is a number": ({"shape": 2}, "not a list of sizes"),
    "huge": ({"shape": [2**62, 2**62]}, "too large"),
    "huge and empty": ({"shape": [0, 2**62], "data": b""}, "too large"),
    "many dimensions": ({"shape": [1] * 40, "data": bytes(4)}, "too large"),
    "data is text": ({"data": "12345678"}, "is a text; it must be bytes"),
    "no character": ({"dtype": "<U1", "data": b"\xff" * 8}, "no Unicode character"),
    "half a character": ({"dtype": ">U1", "data": b"\0\0\xd8\0" * 2}, "no Unicode character"),
    "bool of 2": ({"dtype": "|b1", "data": b"\1\2"}, "other than 0 and 1"),
}


@pytest.mark.parametrize("name", BAD_ARRAYS)
def test_refuses_arrays_that_contradict_themselves(name: str) -> None:
    changes, message = BAD_ARRAYS[name]
    with pytest.raises(WireError, match=message) as error:
        unpack(array_map(**changes))
    assert str(error.value).startswith("['x']"), "says where"


@pytest.mark.parametrize(
    ("dtype", "value"),
    [("|i1", 300), ("|u1", -1), ("<i4", 1.5), ("<f4", "1"), ("|b1", 1), ("<i4", True), ("<U4", 3), ("|O", 3)],
)
def test_refuses_scalars_that_contradict_themselves(dtype: str, value: object) -> None:
    fields = {b"__npgeneric__": True, b"data": value, b"dtype": dtype}
    with pytest.raises(WireError, match=r"^\['x'\]"):
        unpack(msgspec.msgpack.encode({"x": fields}))


BAD_STRUCTURES = {
    "nothing": (b"", "ends after 0 bytes"),
    "cut": (b"\x81\xa1a\xcb\0\0", "ends after"),
    "cut length": (b"\xdb\0\0", "ends after"),
    "claims 4 G elements": (b"\xdd\xff\xff\xff\xff", "ends after"),
    "claims 4 G keys": (b"\xdf\xff\xff\xff\xff", "ends after"),
    "claims a blob of 4 GB": (b"\xc6\xff\xff\xff\xff", "ends after"),
    "deep": (b"\x91" * 100_000 + b"\xc0", "nested deeper than 16"),
    "deep maps": (b"\x81\xa0" * 100_000 + b"\xc0", "nested deeper than 16"),
    "many empty maps": (b"\xdd" + struct.pack(">I", 300_000) + b"\x80" * 300_000, "more than 200000 values"),
    "trailing": (b"\x80\x80", "1 bytes too many"),
    "never used": (b"\xc1", "0xc1"),
    "extension": (b"\xd4\x05a", "extension"),
    "timestamp": (b"\xd6\xff\0\0\0\0", "extension"),
    "no text": (b"\xa1\xff", "no msgpack"),
    "list as key": (b"\x81\x90\x01", "keys must be texts"),
    "map as key": (b"\x81\x80\x01", "no msgpack"),
    "nil as key": (b"\x81\xc0\x01", "keys must be texts"),
}


@pytest.mark.parametrize("name", BAD_STRUCTURES)
def test_refuses_what_is_no_message(name: str) -> None:
    data, message = BAD_STRUCTURES[name]
    with pytest.raises(WireError, match=message):
        unpack(data)


@pytest.mark.parametrize("value", [[1], 3, "text", None, np.zeros(2), {b"raw": 1}])
def test_a_request_is_a_map_with_texts_as_keys(value: object) -> None:
    with pytest.raises(WireError, match="must be"):
        unpack_map(pack(value))


def test_the_limit_on_bytes_is_named() -> None:
    with pytest.raises(WireError, match="the message has 106 bytes; at most 100 are allowed"):
        unpack(b"\xc4\x68" + bytes(104), limits=Limits(bytes=100))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        value = unpack(data)
    except WireError:
        return
    assert unpack(pack(value)) is not None or value is None


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text()
    | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip
DTYPES = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(),
    hnp.unsigned_integer_dtypes(),
    hnp.floating_dtypes(sizes=(16, 32, 64)),
)


@settings(max_examples=200, deadline=None)
@given(PLAIN)
def test_plain_values_come_back(value: object) -> None:
    assert unpack(pack(value)) == value


@settings(max_examples=200, deadline=None)
@given(hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)))
def test_arrays_come_back(array: np.ndarray[Any, Any]) -> None:
    got = unpack(pack({"a": array}))
    assert isinstance(got, dict)
    assert got["a"].dtype == array.dtype
    assert got["a"].shape == array.shape
    assert got["a"].tobytes() == array.tobytes()
