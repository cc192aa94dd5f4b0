"""Small and read-only file systems for a program of its own, gone with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
_WAYS = (["unshare", "--user", "--map-root-user", "--mount"], ["unshare", "--mount"])


def run_on_tmpfs(folder: Path, module: str, *, size_mib: int) -> subprocess.CompletedProcess[str]:
    """Run `python -m module FOLDER` with a tmpfs of that size on the folder, visible to that program alone.

    Skips the test where the system permits no mounts at all.
    """
    folder.mkdir()
    for way in _WAYS:
        mount = f"mount -t tmpfs -o size={size_mib}m tmpfs {folder}"
        try:
            tried = subprocess.run([*way, "sh", "-c", mount], capture_output=True, check=False)
        except FileNotFoundError:
            break
        if tried.returncode == 0:
            return subprocess.run(
                [*way, "sh", "-c", f"{mount} && exec {sys.executable} -m {module} {folder}"],
                cwd=REPOSITORY,
                capture_output=True,
                text=True,
                timeout=50,
                check=False,
            )
    pytest.skip("this system permits no private mounts (unshare --mount), so there is no small disk to fill")
