"""Compares a folder of vectors with what this project computes; exits with 1 where anything differs."""

from __future__ import annotations

import argparse
import fnmatch
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.vectors.folder import Folder
from tests.vectors.registry import check_file
from tests.vectors.report import Report, Row

HEADER = "{file:<46} {outputs:>7}  {worst:<40} {absolute:>9} {relative:>9} {share:>7}  {result}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it.

    Returns:
        0: all agrees; 1: something does not; 2: there is nothing to check.
    """
    options = _parser().parse_args(arguments)
    if not options.folder.is_dir():
        print(f"there is no folder {options.folder}; give one laid out like tests/golden", file=sys.stderr)
        return 2
    folder = Folder(options.folder)
    files = [file for file in folder.files() if fnmatch.fnmatch(file, options.only)]
    if not files:
        print(f"{options.folder}: no file matches {options.only!r}", file=sys.stderr)
        return 2
    started = time.monotonic()
    print(_line("file", "outputs", "worst output", "absolute", "relative", "of tol.", "result"))
    reports = []
    for file in files:
        report = check_file(folder, file)
        reports.append(report)
        for line in lines(report, verbose=options.verbose):
            print(line, flush=True)
    if folder.borrowed:
        print(f"not in {folder.root}, taken from {folder.given}: {', '.join(folder.borrowed)}")
    print(f"{summary(reports)}; {time.monotonic() - started:.1f} s")
    if options.json is not None:
        options.json.write_text(json.dumps([as_json(report) for report in reports], indent=1) + "\n")
    return 0 if all(report.ok for report in reports) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.vectors",
        description="Run every vector file of a folder through this project's code and compare.",
        epilog="absolute: largest |got - expected|. relative: that, divided by the largest |expected|. "
        "of tol.: largest share of its tolerance that one element takes up. Exits with 1 where anything is off, "
        "or where a file or tensor is not understood.",
    )
    parser.add_argument("folder", type=Path, help="a folder laid out like tests/golden")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure to FILE as well")
    parser.add_argument(
        "--only", default="*", metavar="GLOB", help="check only files that match, such as 'pi0_*'"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="show every output of every file")
    return parser


def lines(report: Report, *, verbose: bool) -> Iterator[str]:
    """What is printed for a file: its worst output, then its failures, or everything."""
    result = "ok" if report.ok else "FAIL"
    worst = report.worst
    if worst is None:
        yield _line(report.file, "-", "; ".join(report.notes) or "nothing was checked", "", "", "", result)
        return
    absolute, relative, share = _figures(worst)
    yield _line(
        report.file, str(len(report.rows)), _shortened(worst.output), absolute, relative, share, result
    )
    shown = report.rows if verbose else [row for row in report.rows if not row.ok]
    for row in shown[:MOST_SHOWN] if not verbose else shown:
        absolute, relative, share = _figures(row)
        name = f"  {row.output} "
        tolerance = f"tolerance {row.tolerance}"
        text = f"{'ok' if row.ok else 'FAIL'}  {tolerance if row.ok else f'{row.problem} ({tolerance})'}"
        yield f"{name:<95} {absolute:>9} {relative:>9} {share:>7}  {text}"
    if not verbose and len(shown) > MOST_SHOWN:
        yield f"  and {len(shown) - MOST_SHOWN} more; see them with -v"
    for note in report.notes:
        yield f"  note: {note}"


MOST_SHOWN = 12


def summary(reports: Sequence[Report]) -> str:
    """The last line."""
    rows = sum(len(report.rows) for report in reports)
    failed = [report.file for report in reports if not report.ok]
    text = f"{len(reports)} files, {rows} outputs: "
    return text + (f"{len(failed)} files FAILED: {', '.join(failed)}" if failed else "all within tolerance")


def as_json(report: Report) -> dict[str, object]:
    """Every figure of a file; what is no number is null."""
    return {
        "file": report.file,
        "ok": report.ok,
        "notes": report.notes,
        "outputs": [
            {
                "output": row.output,
                "ok": row.ok,
                "max_abs_deviation": _number(row.absolute),
                "max_rel_deviation": _number(row.relative),
                "of_tolerance": _number(row.of_tolerance),
                "tolerance": {"absolute": row.tolerance.absolute, "relative": row.tolerance.relative},
                "problem": row.problem,
            }
            for row in report.rows
        ],
    }


def _number(value: float) -> float | None:
    return value if value - value == 0 else None


def _figures(row: Row) -> tuple[str, str, str]:
    def short(value: float) -> str:
        return "0" if value == 0 else f"{value:.1e}" if _number(value) is not None else "-"

    share = f"{100 * row.of_tolerance:.2g} %" if _number(row.of_tolerance) is not None else "-"
    return short(row.absolute), short(row.relative), share


def _shortened(name: str) -> str:
    """A long name, without its middle."""
    return name if len(name) <= 40 else f"{name[:12]}…{name[-27:]}"


def _line(file: str, outputs: str, worst: str, absolute: str, relative: str, share: str, result: str) -> str:
    return HEADER.format(
        file=file,
        outputs=outputs,
        worst=worst,
        absolute=absolute,
        relative=relative,
        share=share,
        result=result,
    )


if __name__ == "__main__":
    sys.exit(main())
