"""Writes a calibration beside the GUI thread: a disk may take its time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from drivers.calibration import Change, save_profile
from drivers.calibration.save import ProfileChangedError
from drivers.profile import ProfileError, RobotProfile


class Saver(QObject):
    """Saves on a thread of its own and reports on the GUI thread.

    Attributes:
        saved: the profile's path, and the backup's or an empty string.
        failed: why nothing was written.
    """

    saved = pyqtSignal(str, str)
    failed = pyqtSignal(str)

    def __init__(self, source: str, profile: RobotProfile, profiles_dir: Path) -> None:
        super().__init__()
        self._source = source
        self._profile = profile
        self._profiles_dir = profiles_dir
        self._thread: threading.Thread | None = None

    def save(self, changes: Sequence[Change], done: Sequence[str]) -> None:
        """Begin to write."""
        self.finish()
        self._thread = threading.Thread(target=self._save, args=(changes, done), name="calibration-save")
        self._thread.start()

    def finish(self) -> None:
        """Wait for a write under way: a few milliseconds, and better than to leave it to chance."""
        if self._thread is not None:
            self._thread.join()

    def _save(self, changes: Sequence[Change], done: Sequence[str]) -> None:
        try:
            saved = save_profile(
                self._source,
                self._profile,
                changes,
                done=done,
                profiles_dir=self._profiles_dir,
                now=datetime.now().astimezone(),
            )
        except (ProfileError, ProfileChangedError) as error:
            self.failed.emit(f"Nothing was written. {error}")
        except OSError as error:
            where = error.filename or self._source
            self.failed.emit(
                f"Nothing was written: {error.strerror or error}, {where}. Mend that and try again."
            )
        else:
            self.saved.emit(str(saved.path), str(saved.backup or ""))
