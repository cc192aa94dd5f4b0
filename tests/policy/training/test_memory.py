"""A process that keeps what it frees hardly meets page faults after its first steps."""

from __future__ import annotations

import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
if sys.argv[1] == "keep":
    from policy.training.memory import keep_freed_memory
    keep_freed_memory()
import torch
def step():
    kept = [torch.ones(12_000_000) for _ in range(2)]
for _ in range(5):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc is told")
def test_what_a_step_frees_the_next_uses_without_asking_the_system() -> None:
    faults = {
        how: int(
            subprocess.run(
                [sys.executable, "-c", FAULTS, how], check=True, capture_output=True, text=True, timeout=120
            ).stdout
        )
        for how in ("keep", "return")
    }
    assert 10 * faults["keep"] < faults["return"]
