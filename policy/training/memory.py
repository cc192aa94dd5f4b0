"""Memory that a step frees is kept for the next: getting it anew takes a third of a small model's step."""

from __future__ import annotations

import ctypes
import os
import sys

TRIM_THRESHOLD, TOP_PAD, MMAP_MAX = -1, -2, -4
"""Parameters of glibc's `mallopt` (malloc.h)."""
TOP_PAD_BYTES = 64 << 20


def keep_freed_memory() -> None:
    """Make this process give no large block back to the system, and ask for huge pages; call it before any step.

    By default glibc gets each block of some megabytes from the system and returns it when it is freed, so every tensor
    of every step begins with page faults. Elsewhere than on Linux with glibc nothing is done.
    """
    if sys.platform != "linux":
        return
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # PyTorch reads it at its first large tensor
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # another C library
        return
    for parameter, value in ((MMAP_MAX, 0), (TRIM_THRESHOLD, -1), (TOP_PAD, TOP_PAD_BYTES)):
        mallopt(parameter, value)
