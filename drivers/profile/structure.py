"""Whether the values of a profile file have the schema's shape: known keys, types and ranges, all mistakes at once.

`msgspec.convert` stops at the first mistake; whoever writes a profile by hand wants the whole list. The schema itself
stays the only description: this walks `msgspec.inspect`'s view of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from msgspec import inspect

from drivers.profile.mistakes import Mistake, did_you_mean, listed


def structural_mistakes(value: Any, schema: type) -> list[Mistake]:
    """All mistakes of shape in `value`, as parsed from TOML, against a msgspec Struct."""
    return list(_check(value, inspect.type_info(schema), ""))


def _check(value: Any, kind: inspect.Type, key: str) -> Iterator[Mistake]:
    match kind:
        case inspect.StructType():
            yield from _check_table(value, kind, key)
        case inspect.DictType():
            if not isinstance(value, dict):
                yield _wrong(value, "a table", key)
                return
            for name, item in value.items():
                yield from _check(item, kind.value_type, _joined(key, name))
        case inspect.VarTupleType():
            yield from _check_array(value, kind, key)
        case inspect.TupleType():
            if not isinstance(value, list) or len(value) != len(kind.item_types):
                yield _wrong(value, f"an array of {len(kind.item_types)}", key)
                return
            for index, (item, item_kind) in enumerate(zip(value, kind.item_types, strict=True)):
                yield from _check(item, item_kind, f"{key}[{index}]")
        case inspect.UnionType():
            yield from _check_union(value, kind, key)
        case inspect.LiteralType():
            if isinstance(value, bool) or value not in kind.values:
                allowed = "one of " + ", ".join(map(_shown, kind.values))
                hint = did_you_mean(value, map(str, kind.values)) if isinstance(value, str) else ""
                yield _wrong(value, allowed, key, hint)
        case inspect.IntType() | inspect.FloatType():
            yield from _check_number(value, kind, key)
        case inspect.BoolType():
            if not isinstance(value, bool):
                yield _wrong(value, "true or false", key)
        case inspect.StrType():
            if not isinstance(value, str):
                yield _wrong(value, "a string", key)
        case _:
            raise TypeError(f"{key}: the profile's schema uses {kind}, which its checker does not know")


def _check_table(value: Any, kind: inspect.StructType, key: str) -> Iterator[Mistake]:
    if not isinstance(value, dict):
        yield _wrong(value, "a table", key)
        return
    fields = {field.encode_name: field for field in kind.fields}
    for name, item in value.items():
        if name in fields:
            yield from _check(item, fields[name].type, _joined(key, name))
        else:
            hint = did_you_mean(name, fields)
            yield Mistake(_joined(key, name), f"unknown key{hint or f'; allowed here: {listed(fields)}'}")
    for name, field in fields.items():
        if field.required and name not in value:
            yield Mistake(_joined(key, name), f"missing; {_described(field.type)} is needed")


def _check_array(value: Any, kind: inspect.VarTupleType, key: str) -> Iterator[Mistake]:
    if not isinstance(value, list):
        yield _wrong(value, "an array", key)
        return
    least, most = kind.min_length or 0, kind.max_length
    if len(value) < least or (most is not None and len(value) > most):
        yield _wrong(
            value, f"{least} to {most} items" if most is not None else f"at least {least} items", key
        )
    for index, item in enumerate(value):
        yield from _check(item, kind.item_type, f"{key}[{index}]")


def _check_union(value: Any, kind: inspect.UnionType, key: str) -> Iterator[Mistake]:
    """A union is met by one of its kinds; a table that fails is told its own mistakes."""
    choices = [choice for choice in kind.types if not isinstance(choice, inspect.NoneType)]
    failures = [list(_check(value, choice, key)) for choice in choices]
    if all(failures):
        if len(choices) == 1:
            yield from failures[0]
        else:
            yield _wrong(value, " or ".join(map(_described, choices)), key)


def _check_number(value: Any, kind: inspect.IntType | inspect.FloatType, key: str) -> Iterator[Mistake]:
    accepted = (int,) if isinstance(kind, inspect.IntType) else (int, float)
    is_number = isinstance(value, accepted) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value):
        yield _wrong(value, _described(kind), key)
        return
    too_low = (kind.ge is not None and value < kind.ge) or (kind.gt is not None and value <= kind.gt)
    too_high = (kind.le is not None and value > kind.le) or (kind.lt is not None and value >= kind.lt)
    if too_low or too_high:
        yield _wrong(value, _described(kind), key)


def _described(kind: inspect.Type) -> str:
    """What a kind of value allows, in words."""
    match kind:
        case inspect.IntType() | inspect.FloatType():
            noun = "a whole number" if isinstance(kind, inspect.IntType) else "a finite number"
            if kind.ge is not None and kind.le is not None:
                return f"{noun} from {kind.ge} to {kind.le}"
            bounds = [
                f"{word} {bound}"
                for word, bound in (
                    ("above", kind.gt),
                    ("at least", kind.ge),
                    ("below", kind.lt),
                    ("at most", kind.le),
                )
                if bound is not None
            ]
            return " ".join([noun, *bounds])
        case inspect.StrType():
            return "a string"
        case inspect.BoolType():
            return "true or false"
        case inspect.LiteralType():
            return "one of " + ", ".join(map(_shown, kind.values))
        case inspect.TupleType():
            return f"an array of {len(kind.item_types)}"
        case inspect.VarTupleType():
            return "an array"
        case _:
            return "a table"


def _wrong(value: Any, allowed: str, key: str, hint: str = "") -> Mistake:
    return Mistake(key, f"{_shown(value)} is not {allowed}{hint}")


def _shown(value: Any) -> str:
    """A value as it stands in TOML, cut where it is long."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 60 else f'"{value[:57]}…"'
    if isinstance(value, list):
        return f"an array of {len(value)}"
    return "a table" if isinstance(value, dict) else str(value)


def _joined(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
