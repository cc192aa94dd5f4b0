"""A program that meets a disk that is made read-only under it.

Usage: meets_a_read_only_disk.py FOLDER, a file system of its own
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from recordings import Dataset, FolderNotWritable
from recordings.verify import verify_episode
from tests.recordings import recorded as example


def main() -> None:
    folder = Path(sys.argv[1])
    path = example.closed_episode(folder / "set", ticks=20)
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    dataset = Dataset.open(folder / "set")
    for refused in (
        lambda: dataset.create_episode(example.spec()),
        lambda: Dataset.open(folder / "other", create=True),
        lambda: dataset.trash(path.name),
    ):
        try:
            refused()
        except FolderNotWritable as error:
            print(error)
        else:
            raise AssertionError("a read-only disk took something")
    assert verify_episode(path).ok


if __name__ == "__main__":
    main()
