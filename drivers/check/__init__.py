"""`understudy check`: device by device, what answers, what does not, and what to do about it."""

from drivers.check.finding import Finding, Level
from drivers.check.run import run_check

__all__ = ["Finding", "Level", "run_check"]
