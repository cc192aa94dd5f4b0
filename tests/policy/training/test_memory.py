"""A process that keeps what it frees has it still when the next step asks for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

KEPT = """
import sys
from pathlib import Path
if sys.argv[1] == "keep":
    from policy.training.memory import keep_freed_memory
    keep_freed_memory()
import torch
def resident_mib():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
before = resident_mib()
tensors = [torch.ones(12_000_000) for _ in range(4)]
del tensors
print(resident_mib() - before)
"""
USED_MIB = 4 * 12_000_000 * 4 / 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc is told")
@pytest.mark.parametrize(("how", "is_kept"), [("keep", True), ("return", False)])
def test_what_a_step_frees_stays_with_the_process(how: str, is_kept: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KEPT, how], check=True, capture_output=True, text=True, timeout=120
    )
    assert (float(done.stdout) > USED_MIB / 2) is is_kept
