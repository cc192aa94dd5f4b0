"""CRC-32C, the one checksum of the format: of rows, frames and shard indices alike.

The library is the one that zarr itself computes shard checksums with, so it is always there.
"""

from __future__ import annotations

import google_crc32c


def crc32c(*parts: bytes) -> int:
    """CRC-32C (Castagnoli, RFC 3720 appendix B.4) of the parts joined, in [0, 2**32)."""
    value = 0
    for part in parts:
        value = google_crc32c.extend(value, part)
    return int(value)
