"""Keeps a transcript pair on a disk without room, then with: `python -m ... FOLDER`. Prints what it saw."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from app.speech.corrections import Corrections
from recordings import Dataset
from tests.app.speech.test_corrections import said


def main(disk: Path) -> None:
    """Fill the disk up to less than one sound, correct, make room, correct."""
    Dataset.open(disk / "set", create=True)
    (disk / "set" / "transcripts").mkdir()
    corrections = Corrections(disk / "set")
    corrections.keep(said(1))
    left = os.statvfs(disk)
    ballast = disk / "ballast"
    ballast.write_bytes(b"\0" * (left.f_bavail * left.f_frsize - 16_384))
    try:
        corrections.correct(1, "open the drawer", model="base.en", device="")
    except OSError as error:
        print("refused:", error.strerror)
    folder = disk / "set" / "transcripts"
    print("kept:", sorted(path.name for path in folder.iterdir()))
    ballast.unlink()
    corrections.correct(1, "open the drawer", model="base.en", device="")
    print("kept after:", sorted(path.suffix[1:] for path in folder.iterdir()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
