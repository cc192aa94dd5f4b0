from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from drivers.profile.lines import key_lines, line_of
from drivers.profile.parse import SHIPPED

TOML = '''\
# a comment with [brackets] and key = 1
name = "a # string = [not] a comment"
plain.dotted = 1.5
[table.inner]  # comment
multi = """
looks = like
[a.table]
"""
literal = 'C:\\path'
list = [
  1.5,  # one
  { x = 1, y = [1, 2] },

  -2e3,
]
"quoted key" = 1979-05-27 07:32:00
[[things]]
id = 1
[[things]]
id = 2
[things.part]
size = 3
'''


def line_with(fragment: str) -> int:
    return TOML[: TOML.index(fragment)].count("\n") + 1


def test_every_key_has_its_line() -> None:
    tomllib.loads(TOML)
    lines = key_lines(TOML)
    assert lines == {
        "name": 2,
        "plain": 3,
        "plain.dotted": 3,
        "table": 4,
        "table.inner": 4,
        "table.inner.multi": 5,
        "table.inner.literal": line_with("literal"),
        "table.inner.list": line_with("list"),
        "table.inner.list[0]": line_with("1.5,  # one"),
        "table.inner.list[1]": line_with("{ x"),
        "table.inner.list[1].x": line_with("{ x"),
        "table.inner.list[1].y": line_with("{ x"),
        "table.inner.list[1].y[0]": line_with("{ x"),
        "table.inner.list[1].y[1]": line_with("{ x"),
        "table.inner.list[2]": line_with("-2e3"),
        "table.inner.quoted key": line_with('"quoted key"'),
        "things": line_with("[[things]]"),
        "things[0]": line_with("[[things]]"),
        "things[0].id": line_with("id = 1"),
        "things[1]": line_with("id = 2") - 1,
        "things[1].id": line_with("id = 2"),
        "things[1].part": line_with("[things.part]"),
        "things[1].part.size": line_with("size = 3"),
    }


def test_a_missing_key_has_the_line_of_what_is_around_it() -> None:
    lines = key_lines(TOML)
    assert line_of("things[1].part.colour", lines) == line_with("[things.part]")
    assert line_of("table.inner.list[7].x", lines) == line_with("list")
    assert line_of("nowhere", lines) is None


def test_every_key_of_the_shipped_profiles_is_found() -> None:
    def keys(value: Any, prefix: str) -> list[str]:
        if isinstance(value, dict):
            inner = [(f"{prefix}.{name}" if prefix else name, item) for name, item in value.items()]
        elif isinstance(value, list):
            inner = [(f"{prefix}[{index}]", item) for index, item in enumerate(value)]
        else:
            return []
        return [key for name, item in inner for key in (name, *keys(item, name))]

    for path in SHIPPED.glob("*.toml"):
        text = path.read_text()
        lines = key_lines(text)
        for key in keys(tomllib.loads(text), ""):
            last = key.rsplit(".", 1)[-1]
            assert last.endswith("]") or last in text.splitlines()[lines[key] - 1], key


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,6}", fullmatch=True),
        st.one_of(st.integers(), st.booleans(), st.from_regex(r"[ -!#-\[\]-~]{0,12}", fullmatch=True)),
        min_size=1,
        max_size=8,
    )
)
def test_values_of_any_look_do_not_confuse_it(values: dict[str, int | bool | str]) -> None:
    def shown(value: int | bool | str) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        return str(value) if isinstance(value, int) else f'"{value}"'

    text = "".join(f"{key} = {shown(value)}\n" for key, value in values.items())
    tomllib.loads(text)
    assert key_lines(text) == {key: line for line, key in enumerate(values, start=1)}
