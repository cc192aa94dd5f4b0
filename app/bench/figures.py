"""Figures of a benchmark: printed one a line, written as one flat JSON object, and held against their bounds."""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from app.cli.outcome import text_stream, write_json

Value = float | int | str


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure must keep to; None where there is no such end."""

    at_most: float | None = None
    at_least: float | None = None

    def kept(self, value: float) -> bool:
        """Whether a value keeps to it; NaN does not."""
        above = self.at_least is None or value >= self.at_least
        return above and (self.at_most is None or value <= self.at_most)

    def __str__(self) -> str:
        parts = [f"at most {self.at_most:g}" if self.at_most is not None else ""]
        parts += [f"at least {self.at_least:g}" if self.at_least is not None else ""]
        return " and ".join(part for part in parts if part)


@dataclass(slots=True)
class Figures:
    """The figures of one run.

    Attributes:
        values: by name, in the order in which they were added.
    """

    values: dict[str, Value] = field(default_factory=dict)
    _bounds: dict[str, Bound] = field(default_factory=dict)

    def add(
        self, name: str, value: Value, *, at_most: float | None = None, at_least: float | None = None
    ) -> None:
        """Add a figure, with its bounds where it has some."""
        self.values[name] = round(value, 6) if isinstance(value, float) else value
        if at_most is not None or at_least is not None:
            self._bounds[name] = Bound(at_most, at_least)

    def missed(self) -> list[str]:
        """Names of the figures that do not keep to their bounds."""
        return [name for name, bound in self._bounds.items() if not bound.kept(float(self.values[name]))]

    def report(
        self, json_path: Path | None, *, shape: Callable[[dict[str, Value]], Mapping[str, Any]] = dict
    ) -> int:
        """Print every figure and the machine, write the JSON, and return the exit code: 1 when a bound was missed.

        Args:
            json_path: None for no JSON; `-` has it on stdout, and the text on stderr.
            shape: Makes of the flat figures what is written.

        Raises:
            CommandError: The file cannot be written.
        """
        text = text_stream(json_path)
        values = self.values | machine()
        missed = self.missed()
        for name, value in values.items():
            bound = self._bounds.get(name)
            verdict = f"  ({'MISSED' if name in missed else 'ok'}: {bound})" if bound is not None else ""
            print(f"{name}: {value}{verdict}", file=text)
        if json_path is not None:
            write_json(json_path, shape(values))
        if missed:
            print(f"out of bounds: {', '.join(missed)}", file=sys.stderr)
        return 1 if missed else 0


def add_json_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--json FILE`."""
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="also write the figures as JSON; `-` is stdout"
    )


def machine() -> dict[str, Value]:
    """What the figures were measured on."""
    return {
        "machine_cores": psutil.cpu_count() or 0,
        "machine_cpu": _cpu_name(),
        "machine_memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "machine_python": platform.python_version(),
        "machine_system": platform.platform(),
    }


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
