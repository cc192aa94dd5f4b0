"""Addresses of network cameras, as they may be shown."""

from __future__ import annotations

from urllib.parse import urlsplit


def without_password(address: str) -> str:
    """The address with its password struck out, for messages and logs."""
    parts = urlsplit(address)
    return address.replace(f":{parts.password}@", ":…@") if parts.password else address
