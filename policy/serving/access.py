"""Who may connect: everybody on this machine, and elsewhere only who knows the key."""

from __future__ import annotations

import hmac
import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

KEY_VARIABLE = "UNDERSTUDY_API_KEY"
"""Environment variable that holds the key where no file is given."""

SCHEME = "Api-Key"
"""openpi's clients send `Authorization: Api-Key <key>`."""


class AccessError(ValueError):
    """A key that cannot be used, or a server that would be open to the network; the message says the remedy."""


@dataclass(frozen=True)
class ApiKey:
    """A secret that clients must send. Its text is shown by neither `repr` nor an error."""

    text: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what no HTTP header can carry.

        Raises:
            AccessError: The key is empty, or has spaces or characters other than printable ASCII.
        """
        if not self.text:
            raise AccessError(
                "the API key is empty; put a long random text there, one word of printable ASCII"
            )
        if not self.text.isascii() or not self.text.isprintable() or " " in self.text:
            raise AccessError("the API key must be one word of printable ASCII characters")

    def admits(self, authorization: Sequence[str]) -> bool:
        """Whether these values of the Authorization header are exactly the key; takes the same time for any guess."""
        if len(authorization) != 1:
            return False
        scheme, _, given = authorization[0].strip().partition(" ")
        matches = hmac.compare_digest(given.strip().encode(), self.text.encode())
        return matches and scheme.lower() == SCHEME.lower()


def read_api_key(file: Path | None) -> ApiKey | None:
    """The key in a file, or else in the environment variable; None where there is neither.

    Keys are not taken from the command line, where every user of the machine could read them.

    Raises:
        AccessError: The file cannot be read, or what it holds is no key.
    """
    if file is None:
        text = os.environ.get(KEY_VARIABLE)
        return ApiKey(text.strip()) if text is not None else None
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise AccessError(
            f"cannot read the API key from {file}: {reason}; give a file with the key alone"
        ) from error
    return ApiKey(text.strip())


def require_safe(host: str, api_key: ApiKey | None, *, without_key: bool) -> None:
    """Make sure that a server which the network can reach has a key, or was explicitly given none.

    Raises:
        AccessError: It has not; the message says both remedies.
    """
    if api_key is None and not without_key and not is_loopback(host):
        raise AccessError(
            f"on {host or 'all addresses'} anybody in the network could use this policy; give --api-key-file (or"
            f" {KEY_VARIABLE}), or --no-api-key if that is meant, or serve on 127.0.0.1"
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address. A name other than `localhost` counts as reachable."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
