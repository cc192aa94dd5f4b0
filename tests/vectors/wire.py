"""Messages on the wire: read as openpi reads them, written to the same bytes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from policy.serving.wire import WireError, pack, unpack
from tests.vectors.described import build, describe, digested
from tests.vectors.folder import Folder
from tests.vectors.live import check_broker, check_live
from tests.vectors.report import Report

INDEX = "wire/wire.json"
ENTRY_KEYS = {"file", "bytes", "sha256", "head_hex", "content", "decoded_by_openpi"}


def check_message(folder: Folder, _match: re.Match[str], report: Report) -> None:
    """A packed message against its description."""
    data = folder.path(report.file).read_bytes()
    decoded = unpack(data)
    report.equal("bytes, written again", pack(decoded).hex(), data.hex())
    index = folder.json(INDEX)
    entries = [entry for name, entry in index.items() if _is_message(name) and _place(entry) == report.file]
    if not entries:
        report.note(f"{INDEX} does not describe it: read, and written again to the same bytes")
    for entry in entries:
        report.equal("bytes", len(data), entry["bytes"])
        report.equal("sha256", hashlib.sha256(data).hexdigest(), entry["sha256"])
        report.equal("head_hex", data[: len(entry["head_hex"]) // 2].hex(), entry["head_hex"])
        report.equal("decoded_by_openpi", describe(decoded), digested(entry["decoded_by_openpi"]))
        built = build(entry["content"], decoded)
        report.equal("bytes, written from content", pack(built).hex(), data.hex())
        for key in sorted(entry.keys() - ENTRY_KEYS):
            report.fail(key, "nothing here understands this entry")


def check_index(folder: Folder, _match: re.Match[str], report: Report) -> None:
    """What `wire.json` says besides its messages."""
    for name, entry in folder.json(report.file).items():
        if _is_message(name):
            report.holds(
                name, (folder.root / _place(entry)).exists(), f"{_place(entry)} is not in {folder.root}"
            )
        elif check := NOTED.get(name):
            check(entry, name, report)
        elif broker := re.fullmatch(r"_action_chunk_broker_horizon(\d+)_chunk(\d+)", name):
            check_broker(entry, name, report, horizon=int(broker[1]), chunk=int(broker[2]))
        else:
            report.fail(name, "nothing here understands this entry")


def _unsupported(entry: dict[str, str], name: str, report: Report) -> None:
    values: dict[str, Any] = {
        "complex": np.zeros(2, np.complex128),
        "object": np.array([{}], dtype=object),
        "void": np.zeros(2, dtype=[("a", "<i4")]),
    }
    for kind in entry:
        if kind not in values:
            report.fail(f"{name}.{kind}", "nothing here understands this entry")
            continue
        report.holds(f"{name}.{kind}", _refused(values[kind]), "it is written; openpi refuses it")


def _refused(value: object) -> bool:
    try:
        pack({"x": value})
    except WireError:
        return True
    return False


def _writeable(entry: str, name: str, report: Report) -> None:
    array = unpack(pack(np.zeros(2)))
    got = isinstance(array, np.ndarray) and array.flags.writeable
    report.equal(name, str(got), entry.split()[0])


NOTED: dict[str, Callable[[Any, str, Report], None]] = {
    "_unsupported_dtypes": _unsupported,
    "_decoded_arrays_writeable": _writeable,
    "_live": check_live,
}


def _is_message(name: str) -> bool:
    return not name.startswith("_")


def _place(entry: dict[str, Any]) -> str:
    return f"wire/{entry['file']}"
