"""What verifying finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

RUN_REPAIR = "run repair"


class Severity(StrEnum):
    """`ERROR`: the data is not what it says. `WARNING`: right but with gaps. `INFO`: a measurement."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Finding:
    """One thing found.

    Attributes:
        severity: How bad it is.
        what: The condition, e.g. `times do not increase`.
        where: Array or stream.
        value: What was seen.
        remedy: What to do; empty where nothing is to be done.
    """

    severity: Severity
    what: str
    where: str
    value: str
    remedy: str = ""

    def __str__(self) -> str:
        end = f"; {self.remedy}" if self.remedy else ""
        return f"{self.severity.value}: {self.where}: {self.what}: {self.value}{end}"


@dataclass(frozen=True)
class VerifyReport:
    """Everything found in one episode."""

    path: Path
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """No errors; warnings and measurements there may be."""
        return not self.errors

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that are errors."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)


def error(what: str, where: str, value: str, remedy: str = RUN_REPAIR) -> Finding:
    """A finding that makes the episode wrong."""
    return Finding(Severity.ERROR, what, where, value, remedy)


def warning(what: str, where: str, value: str, remedy: str = "") -> Finding:
    """A finding that leaves the episode right but incomplete."""
    return Finding(Severity.WARNING, what, where, value, remedy)


def info(what: str, where: str, value: str) -> Finding:
    """A measurement."""
    return Finding(Severity.INFO, what, where, value)
