"""A disk that is full, and one that takes nothing."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from recordings import Dataset, DiskFull, Episode, EpisodeWriter, StorageFailed, encode_jpeg
from recordings.repair import repair_episode
from recordings.verify import verify_episode
from tests.recordings import recorded as example
from tests.recordings.private_mounts import REPOSITORY, run_on_tmpfs


def test_a_full_disk_refuses_what_comes_and_keeps_what_came(tmp_path: Path) -> None:
    done = run_on_tmpfs(tmp_path / "disk", "tests.recordings.fills_a_disk", size_mib=8)
    assert done.returncode == 0, done.stderr
    assert "full after" in done.stdout
    assert "what was recorded so far is safe" in done.stdout


def test_a_read_only_disk_is_named(tmp_path: Path) -> None:
    done = run_on_tmpfs(tmp_path / "disk", "tests.recordings.meets_a_read_only_disk", size_mib=8)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Read-only file system. Choose another folder") == 3


def test_a_folder_without_permission_is_named() -> None:
    """Root may write anywhere, so as root the program becomes somebody else once it has loaded."""
    program = (
        "import os, sys; from recordings import Dataset, FolderNotWritable\n"
        "if os.geteuid() == 0: os.setgroups([]); os.setegid(65534); os.seteuid(65534)\n"
        "try: Dataset.open(sys.argv[1], create=True)\n"
        "except FolderNotWritable as error: print(error)\n"
    )
    with tempfile.TemporaryDirectory() as folder:  # pytest's own lie in one that only their owner may enter
        Path(folder).chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", program, f"{folder}/set"],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
        Path(folder).chmod(0o755)
    assert "Permission denied. Choose another folder" in done.stdout, done.stderr


def test_a_disk_that_fails_behind_our_back_is_told_and_the_journal_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk takes data and says only later that it could not keep it."""
    writer = Dataset.open(tmp_path / "set", create=True).create_episode(example.spec())
    taken = 0

    def refuse(_file: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fdatasync", refuse)
    deadline = time.monotonic() + 20
    with pytest.raises(StorageFailed, match="check the disk and its cable"):  # noqa: PT012  (the loop must end so)
        while time.monotonic() < deadline:
            _tick(writer, taken)
            taken += 1
            time.sleep(0.01)
    assert writer.close().counts.ticks == taken
    with pytest.raises(StorageFailed):
        writer.wait_settled()
    monkeypatch.undo()
    assert (writer.path / "journal" / "c.0").exists()
    assert repair_episode(writer.path).counts.ticks == taken
    assert not (writer.path / "journal").exists()
    assert verify_episode(writer.path).errors == ()


def test_a_limit_on_file_sizes_is_a_full_disk(tmp_path: Path) -> None:
    """Needs no mount, so it runs everywhere: the journal may not grow past 2.5 MiB."""
    dataset = Dataset.open(tmp_path / "set", create=True)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with dataset.create_episode(example.spec()) as writer:
        example.write(writer, ticks=10)
        limit_bytes = 5 << 19
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, before[1]))
        taken = 10
        try:
            with pytest.raises(DiskFull, match="File too large"):  # noqa: PT012  (it is the loop that must end so)
                while True:
                    _tick(writer, taken)
                    taken += 1
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, handler)
        assert taken > 1_000
        _tick(writer, taken)
    assert len(Episode(writer.path).state.time_ns) == taken + 1


def test_a_frame_without_room_for_its_row_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row is a frame, on a disk with room for the one and not for the other too."""
    frame = encode_jpeg(example.picture(3), 90)
    with Dataset.open(tmp_path / "set", create=True).create_episode(example.spec()) as writer:
        writer.append_frame("front", example.START_NS, frame)
        really_write = os.pwrite

        def write(file: int, data: bytes, offset: int) -> int:
            """Takes frames whole, and half a row before it says that there is no more room."""
            if data == frame:
                return really_write(file, data, offset)
            really_write(file, data[: len(data) // 2], offset)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "pwrite", write)
        for number in (1, 2):
            with pytest.raises(DiskFull):
                writer.append_frame("front", example.START_NS + number * example.FRAME_NS, frame)
        monkeypatch.undo()
        shard = writer.path / "cameras/front/frames/c.0.0.0.0"
        assert shard.stat().st_size == len(frame)
        assert Episode(writer.path).damage is None
        writer.append_frame("front", example.START_NS + 3 * example.FRAME_NS, frame)
    assert verify_episode(writer.path).errors == ()
    assert len(Episode(writer.path).camera("front")) == 2


def test_sound_that_finds_no_room_is_as_if_it_had_never_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Dataset.open(tmp_path / "set", create=True).create_episode(example.spec()) as writer:
        writes, really_write = iter(range(2)), os.pwrite

        def write(file: int, data: bytes, offset: int) -> int:
            if next(writes, None) is None:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return really_write(file, data, offset)

        monkeypatch.setattr(os, "pwrite", write)
        with pytest.raises(DiskFull):
            writer.append_audio(example.START_NS, np.zeros(160, np.int16))
        monkeypatch.undo()
    assert verify_episode(writer.path).errors == ()
    assert Episode(writer.path).audio is None


def test_an_episode_that_finds_no_room_leaves_nothing_open(tmp_path: Path) -> None:
    """A recorder that is asked again and again must not run out of file numbers."""
    dataset = Dataset.open(tmp_path / "set", create=True)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
    open_before = len(os.listdir("/proc/self/fd"))
    try:
        for _ in range(3):
            with pytest.raises(DiskFull):
                dataset.create_episode(example.spec())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert len(os.listdir("/proc/self/fd")) == open_before


def _tick(writer: EpisodeWriter, tick: int) -> None:
    vector = np.zeros(example.SIZE, np.float32)
    time_ns = example.START_NS + tick * example.TICK_NS
    writer.append_tick(
        time_ns=time_ns,
        position=vector,
        velocity=vector,
        effort=vector,
        action_time_ns=time_ns + 1_000_000,
        requested=vector,
        sent=vector,
        source=1,
    )
