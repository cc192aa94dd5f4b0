"""DATASET: the folder of recordings as a command's first argument; left out, it is as with `--data`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from app.cli.options import add_data, data_dir
from app.cli.outcome import UsageError


class DatasetParser(argparse.ArgumentParser):
    """Parses a command whose first argument may be left out, wherever its options stand.

    argparse deals arguments out as it meets them, so in `show DATASET --reviewer ann EPISODE` it takes the first for
    the EPISODE. Here all options are read first, then the arguments together.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._in_parts = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse as `argparse.ArgumentParser` does, with arguments and options in any order."""
        if self._in_parts:  # up to Python 3.11 it comes back here for each part
            return super().parse_known_args(args, namespace)
        self._in_parts = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._in_parts = False


def add_dataset(parser: argparse.ArgumentParser) -> None:
    """Add DATASET, and `--data` for the same; the parser is a `DatasetParser` if it has other arguments."""
    parser.add_argument(
        "dataset", metavar="DATASET", nargs="?", type=Path, help="folder of recordings, the same as --data"
    )
    add_data(parser)


def dataset_dir(args: argparse.Namespace) -> Path:
    """The folder of recordings that was asked for.

    Raises:
        UsageError: when two are named.
    """
    given: Path | None = args.dataset
    if given is None:
        return data_dir(args)
    if args.data is not None:
        raise UsageError(f"both {given} and --data {args.data} are named; name one of them")
    return given.expanduser()
