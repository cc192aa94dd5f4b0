"""Bytes of a file as text, whatever program wrote them."""

from __future__ import annotations

import codecs

from recordings.labels.formats.draft import FileNotUnderstood

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def decoded(data: bytes, file: str) -> str:
    """UTF-8, or UTF-16 with its mark, as spreadsheets write it; the mark is taken off.

    Raises:
        FileNotUnderstood: It is neither.
    """
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileNotUnderstood(
            file, line, f"byte {data[error.start]:#04x} is no {encoding.upper()}; save the file as UTF-8"
        ) from error
