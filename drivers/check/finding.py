"""One thing that a check has found."""

from __future__ import annotations

from enum import Enum

import msgspec


class Level(Enum):
    """How bad it is: fine, worth knowing, or in the way of driving."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing found about one device.

    Attributes:
        level: how bad it is.
        device: which device, such as `left_follower / servo 5 (left elbow shadow)`, `camera front` or `disk`.
        what: what was found, as a short sentence without its subject, such as `does not answer`.
        value: the values seen, such as `12.0 V, 34 °C`; empty where there are none.
        remedy: what to do; empty when all is well.
    """

    level: Level
    device: str
    what: str
    value: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        seen = f": {self.value}" if self.value else ""
        advice = f"; {self.remedy}" if self.remedy else ""
        return f"{self.level.value} {self.device} {self.what}{seen}{advice}"


def ok(device: str, what: str, *, value: str = "") -> Finding:
    """A finding that all is well."""
    return Finding(level=Level.OK, device=device, what=what, value=value)


def warn(device: str, what: str, *, value: str = "", remedy: str) -> Finding:
    """A finding worth knowing."""
    return Finding(level=Level.WARN, device=device, what=what, value=value, remedy=remedy)


def fail(device: str, what: str, *, value: str = "", remedy: str) -> Finding:
    """A finding that is in the way of driving."""
    return Finding(level=Level.FAIL, device=device, what=what, value=value, remedy=remedy)
