"""Getting what was written through to the disk, in a thread of its own that appending never waits for."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from recordings.errors import StorageFailed
from recordings.journal import journal_path

_PERIOD_S = 0.75


class Durability(threading.Thread):
    """Syncs open shards and the journal every 0.75 s, so that a power cut loses at most that and the sync itself.

    Frames go before the journal: a row that survives then has its frame. After `settle`, everything is synced once
    more, and only then is the journal removed: until that moment it can restore every row.
    """

    def __init__(self, episode: Path, journal_file: int) -> None:
        super().__init__(name=f"sync {episode.name}")
        self._path = episode
        # The folder's own file number keeps working when the episode is moved to the trash meanwhile.
        self._episode = os.open(episode, os.O_RDONLY | os.O_DIRECTORY)
        self._journal = journal_file
        self._lock = threading.Lock()
        self._open: set[int] = set()
        self._finished: list[int] = []
        self._new_folders: set[Path] = {episode.parent}
        self._wake = threading.Event()
        self._remove_journal = False
        self.failure: OSError | None = None

    def opened(self, file: int, path: Path) -> None:
        """Keep syncing a file that has just been made."""
        with self._lock:
            self._open.add(file)
            self._new_folders.add(path.parent)

    def finished(self, file: int) -> None:
        """Sync a file for the last time and close it."""
        with self._lock:
            self._open.discard(file)
            self._finished.append(file)

    def check(self) -> None:
        """Tell the writer about a failure seen in this thread.

        Raises:
            StorageFailed: The disk has refused data that it had taken before.
        """
        if self.failure is not None:
            raise StorageFailed(self._path, self.failure.strerror or "input/output error") from self.failure

    def settle(self, *, remove_journal: bool) -> None:
        """Sync all and end the thread; returns at once. With `remove_journal`, the journal goes once all is on disk."""
        self._remove_journal = remove_journal
        self._wake.set()

    def run(self) -> None:
        """Sync until told to settle."""
        self._noting_failure(lambda: sync_tree(self._episode))
        # A program that ends without closing its writer must not be kept alive by this thread.
        while not self._wake.wait(_PERIOD_S) and threading.main_thread().is_alive():
            self._noting_failure(self._sync_once)
        self._noting_failure(self._sync_once)
        if self._remove_journal and self.failure is None:
            self._noting_failure(self._finish_episode)
        for file in (*self._open, self._journal, self._episode):
            os.close(file)

    def _noting_failure(self, step: Callable[[], None]) -> None:
        """Run a step; the first failure stays noted, since a later success says nothing about what was lost then.

        The thread goes on, because the writer still holds the numbers of the files that it would close at its end.
        """
        try:
            step()
        except OSError as error:
            if self.failure is None:
                self.failure = error

    def _sync_once(self) -> None:
        with self._lock:
            finished, self._finished = self._finished, []
            still_open = [os.dup(file) for file in self._open]
            folders, self._new_folders = self._new_folders, set()
        try:
            for file in (*still_open, *finished, self._journal):
                os.fdatasync(file)
            for folder in folders:
                _sync_folder(folder)
        finally:
            for file in (*still_open, *finished):
                os.close(file)

    def _finish_episode(self) -> None:
        sync_tree(self._episode)
        for name in (journal_path(Path()), journal_path(Path()).with_name("zarr.json")):
            os.unlink(name, dir_fd=self._episode)
        os.rmdir(journal_path(Path()).parent, dir_fd=self._episode)
        os.fsync(self._episode)


def sync_tree(folder: int) -> None:
    """Sync every file and folder below an open folder, and itself.

    A file that goes meanwhile is a draft that has just replaced its target, which settling syncs again.
    """
    for _, _, names, inside in os.fwalk(".", dir_fd=folder):
        for name in names:
            try:
                file = os.open(name, os.O_RDONLY, dir_fd=inside)
            except FileNotFoundError:
                continue
            try:
                os.fsync(file)
            finally:
                os.close(file)
        os.fsync(inside)


def _sync_folder(folder: Path) -> None:
    try:
        file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:  # moved to the trash meanwhile; its files are still synced by number
        return
    try:
        os.fsync(file)
    finally:
        os.close(file)
