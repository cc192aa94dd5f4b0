"""Runtime directories and shared memory of tests: apart from the user's, and gone afterwards."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.dataplane.plane import SHARED_MEMORY, plane_prefix
from app.runtime import remove_runtime_dir

ALLOWED = ".global_mgmt"
"""iceoryx2 keeps this one small file for as long as its root may be used; it goes with the runtime directory."""


def isolate() -> Callable[[], None]:
    """Point every folder of the user's at a new one, for this process and its children; returns what removes it."""
    base = Path(
        tempfile.mkdtemp(prefix="ust-", dir="/tmp")
    )  # short: a socket's path has at most 107 characters
    (base / "run").mkdir(mode=0o700)  # as Qt wants it
    os.environ["XDG_RUNTIME_DIR"] = str(base / "run")
    os.environ["XDG_CONFIG_HOME"] = str(base / "config")
    os.environ["XDG_CACHE_HOME"] = str(base / "cache")
    os.environ["UNDERSTUDY_DATA"] = str(base / "data")
    return lambda: shutil.rmtree(base, ignore_errors=True)


@contextmanager
def directory() -> Iterator[Path]:
    """A runtime directory; fails when its shared memory outlives it."""
    path = Path(tempfile.mkdtemp(prefix="understudy-", dir=os.environ["XDG_RUNTIME_DIR"]))
    yield path
    left = shared_memory_of(path)
    remove_runtime_dir(path)
    if left:
        pytest.fail(f"shared memory left behind: {', '.join(left)}; close each DataPlane", pytrace=False)


def leftovers() -> list[str]:
    """What is to be said about runtime directories that were made and not removed; they are removed."""
    problems = []
    for path in Path(os.environ["XDG_RUNTIME_DIR"]).glob("understudy-*"):
        problems.append(
            f"runtime directory {path.name} left behind, shared memory: {shared_memory_of(path) or 'none'}"
        )
        remove_runtime_dir(path)
    return problems


def shared_memory_of(runtime_dir: Path) -> list[str]:
    """Names of the shared memory that belongs to a runtime directory and to a port that was not closed."""
    paths = SHARED_MEMORY.glob(plane_prefix(runtime_dir) + "*")
    return sorted(path.name for path in paths if not path.name.endswith(ALLOWED))
