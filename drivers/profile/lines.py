"""Where each key of a TOML file stands, since `tomllib` gives values without their lines.

This is no parser: it walks over a document that `tomllib` has already accepted, so it may take well-formedness for
granted and only keeps account of tables, keys, array items and line breaks.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
      | (?P<string>\"{3}(?:\\.|[^\\])*?\"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')
      | (?P<newline>\n)
      | (?P<mark>[\[\]{}=,.])
      | (?P<bare>[^\s\[\]{}=,.#"']+)
      | (?P<space>[^\S\n]+)""",
    re.VERBOSE | re.DOTALL,
)


def key_lines(text: str) -> dict[str, int]:
    """The line, from 1, on which each dotted key first appears, array items included (`arms.left.joints[2].ids`)."""
    return _Walk(text).lines


def line_of(key: str, lines: dict[str, int]) -> int | None:
    """The line of a key, or of the nearest table or array around it; a missing key has only those."""
    while key:
        if key in lines:
            return lines[key]
        key = key[: max(key.rfind("."), key.rfind("["), 0)]
    return None


def _joined(prefix: str, key: str) -> str:
    return f"{prefix}.{key}" if prefix else key


class _Walk:
    """One pass over the tokens of a document."""

    def __init__(self, text: str) -> None:
        self.lines: dict[str, int] = {}
        self._tables: dict[str, int] = {}
        self._tokens: list[tuple[str, int]] = []
        line = 1
        for match in _TOKEN.finditer(text):
            if match.lastgroup not in ("comment", "space"):
                self._tokens.append((match.group(), line))
            line += match.group().count("\n")
        self._at = 0
        self._document()

    def _document(self) -> None:
        table = ""
        while self._at < len(self._tokens):
            token, line = self._tokens[self._at]
            if token == "\n":
                self._at += 1
            elif token == "[":
                table = self._header(line)
            else:
                self._pair(table)

    def _header(self, line: int) -> str:
        """`[table]` or `[[array of tables]]`; returns the prefix of the keys that follow it."""
        is_array = self._tokens[self._at + 1][0] == "["
        self._at += 2 if is_array else 1
        parts: list[str] = []
        prefix = ""
        while self._tokens[self._at][0] != "]":
            token = self._tokens[self._at][0]
            if token != ".":
                parts.append(token.strip("\"'"))
            self._at += 1
        self._at += 2 if is_array else 1
        for index, part in enumerate(parts):
            prefix = _joined(prefix, part)
            last = index == len(parts) - 1
            if is_array and last:
                self._tables[prefix] = self._tables.get(prefix, -1) + 1
            self.lines.setdefault(prefix, line)
            if prefix in self._tables:
                prefix = f"{prefix}[{self._tables[prefix]}]"
                self.lines.setdefault(prefix, line)
        return prefix

    def _pair(self, prefix: str) -> None:
        """`key = value`, where the key may be dotted."""
        line = self._tokens[self._at][1]
        while self._tokens[self._at][0] != "=":
            token = self._tokens[self._at][0]
            if token != ".":
                prefix = _joined(prefix, token.strip("\"'"))
                self.lines.setdefault(prefix, line)
            self._at += 1
        self._at += 1
        self._value(prefix)

    def _value(self, prefix: str) -> None:
        token, _ = self._tokens[self._at]
        if token == "[":
            self._array(prefix)
        elif token == "{":
            self._inline_table(prefix)
        else:
            # A scalar; a float or a date is several tokens because of its dots and spaces.
            while self._at < len(self._tokens) and self._tokens[self._at][0] not in ("\n", ",", "]", "}"):
                self._at += 1

    def _array(self, prefix: str) -> None:
        self._at += 1
        index = 0
        while self._tokens[self._at][0] != "]":
            token, line = self._tokens[self._at]
            if token in ("\n", ","):
                self._at += 1
                continue
            self.lines.setdefault(f"{prefix}[{index}]", line)
            self._value(f"{prefix}[{index}]")
            index += 1
        self._at += 1

    def _inline_table(self, prefix: str) -> None:
        self._at += 1
        while self._tokens[self._at][0] != "}":
            if self._tokens[self._at][0] in ("\n", ","):
                self._at += 1
            else:
                self._pair(prefix)
        self._at += 1
