"""Makes a checkpoint's file small: `python -m app.speech.whisper.pack FILE`.

A checkpoint is a zip archive. Torch writes it uncompressed and reads either kind, so stock Whisper does as well. Most
of the shipped recogniser is the table of Whisper's tokens, of which it uses one in thirty; the rest are zeros.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path


def pack(path: Path) -> None:
    """Compress a checkpoint where it lies; it is there as a whole at any moment.

    Raises:
        OSError: it cannot be read or written.
        zipfile.BadZipFile: it is no checkpoint of torch's.
    """
    draft = path.with_name(path.name + ".partial")
    with (
        zipfile.ZipFile(path) as loose,
        zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed,
    ):
        for entry in loose.infolist():
            packed.writestr(entry.filename, loose.read(entry))
    draft.replace(path)


if __name__ == "__main__":
    pack(Path(sys.argv[1]))
