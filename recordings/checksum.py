"""CRC-32C, the one checksum of the format: of rows, frames and shard indices alike.

The library is the one that zarr itself computes shard checksums with, so it is always there.
"""

from __future__ import annotations

from collections.abc import Callable

import google_crc32c

extend_crc32c: Callable[[int, bytes], int] = google_crc32c.extend
"""`extend_crc32c(checksum, more)` goes on from a checksum; 0 is where one begins."""


def crc32c(*parts: bytes) -> int:
    """CRC-32C (Castagnoli, RFC 3720 appendix B.4) of the parts joined, in [0, 2**32)."""
    value = 0
    for part in parts:
        value = extend_crc32c(value, part)
    return value
