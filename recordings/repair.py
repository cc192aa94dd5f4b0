"""Making an episode that a crash or a bad disk has damaged whole again, for plain zarr too."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np

from recordings import aside, layout, metadata
from recordings import attributes as episode_attributes
from recordings.attributes import Counts, EpisodeAttributes, Repaired
from recordings.columns import write_rows, write_values
from recordings.durability import sync_tree
from recordings.errors import NotAnEpisode, naming_disk_errors
from recordings.files import write_at
from recordings.journal import bytes_after, journal_folder, journal_path, refuse_if_locked, release_reserve
from recordings.layout import FRAMES_PER_SHARD, Rows, Table
from recordings.recovery import Content, Damage, bytes_without_row, read_journal_content, seconds_between
from recordings.salvage import (
    Piece,
    SalvagedFrames,
    salvage_camera_rows,
    salvage_frames,
    salvage_table,
    tables_without_frames,
)
from recordings.shard import encode_index, shard_path
from recordings.sources import count_sources


@dataclass(frozen=True)
class RepairReport:
    """What a repair found and did.

    Attributes:
        path: The episode.
        changed: Something was written; false for an episode that needed nothing.
        damage: What was found, one sentence each; empty where only lengths and indices were still to be written.
        cut_seconds: Longest stretch of time cut from a stream, as far as times are known.
        counts: Rows and frames that the episode holds now.
        kept_aside: Arrays with the bytes that were cut.
    """

    path: Path
    changed: bool
    damage: tuple[str, ...]
    cut_seconds: float
    counts: Counts
    kept_aside: tuple[Path, ...]


@dataclass
class _Findings:
    """Gathered while looking; nothing has been changed yet."""

    damage: list[str] = field(default_factory=list)
    cut_seconds: float = 0.0
    to_keep: list[tuple[str, bytes, str]] = field(default_factory=list)

    def lost(self, where: str, rows: Rows, kept: int, reason: str) -> None:
        self.damage.append(f"{where}: {reason}")
        if kept < len(rows):
            self.cut_seconds = max(self.cut_seconds, seconds_between(rows, kept))


def repair_episode(path: Path | str) -> RepairReport:
    """Make an episode whole: lengths, indices and `complete` in place, cut to what checksums prove.

    Rows are cut where the first one is wrong, state and action together. A frame lost amid sound ones keeps its row
    and is marked missing, so that the frames after it stay. All that is cut is kept in `aside`. Running it again, or
    after being killed half-way, is harmless.

    Raises:
        EpisodeInUse: It is still being written.
        NotAnEpisode: Neither attributes nor journal say what it holds.
        DiskFull: No room for what must be written; free some and run it again.
    """
    episode = Path(path)
    refuse_if_locked(episode)
    findings = _Findings()
    content = _gather(episode, findings)
    cameras = {
        camera.name: _look_at_camera(episode, camera.name, content, findings)
        for camera in content.attributes.cameras
    }
    settled = content.attributes.complete and not journal_path(episode).exists()
    if settled and not findings.damage:
        return RepairReport(episode, False, (), 0.0, content.attributes.counts, ())
    release_reserve(episode)  # a disk that was full when the recording died may be full still
    if content.attributes.complete and findings.damage:
        _mark_unfinished(episode, content.attributes, findings)
    kept_aside = [aside.keep_bytes(episode, name, data, reason) for name, data, reason in findings.to_keep]
    for table in tables_without_frames(content.attributes):
        _write_table(episode, table, content.rows[table.path], content.payloads[table.path])
    for name, frames in cameras.items():
        kept_aside += _write_camera(episode, name, content.attributes, frames)
    attributes = _final_attributes(content, cameras, findings)
    _finish(episode, attributes)
    return RepairReport(
        episode, True, tuple(findings.damage), findings.cut_seconds, attributes.counts, tuple(kept_aside)
    )


def _gather(episode: Path, findings: _Findings) -> Content:
    """Rows from the journal where there is one, and from the columns where they know more."""
    journal = _journal_content(episode, findings)
    if journal is not None and not journal.damage:
        return journal
    attributes = journal.attributes if journal is not None else episode_attributes.read(episode)
    complete = journal is None and attributes.complete
    rows: dict[str, Rows] = {}
    payloads: dict[str, bytes] = {}
    for table in tables_without_frames(attributes):
        found = salvage_table(episode, table, complete=complete)
        rows[table.path], payloads[table.path] = found.rows, found.payload
        if journal is not None and len(journal.rows[table.path]) >= len(found.rows):
            rows[table.path] = journal.rows[table.path]
            payloads[table.path] = journal.payloads[table.path]
        if len(found.cut):
            everything = np.concatenate([found.rows, found.cut])
            findings.lost(
                table.path, everything, len(found.rows), f"rows from {len(found.rows)} on are damaged"
            )
            findings.to_keep.append((f"{table.path}-rows", found.cut.tobytes(), findings.damage[-1]))
        if complete and _lengths_differ(episode, table, found.rows, found.payload):
            findings.damage.append(
                f"{table.path}: lengths in the metadata differ from the rows that are sound"
            )
    for camera in attributes.cameras:
        table = layout.camera_table(camera.name)
        rows[table.path] = salvage_camera_rows(episode, table, complete=complete)
        if journal is not None and len(journal.rows[table.path]) >= len(rows[table.path]):
            rows[table.path] = journal.rows[table.path]
        if complete and _lengths_differ(episode, table, rows[table.path], b""):
            findings.damage.append(f"{table.path}: lengths in the metadata differ from the rows")
    _keep_ticks_in_step(rows, findings)
    return Content(attributes, rows, payloads, Damage())


def _journal_content(episode: Path, findings: _Findings) -> Content | None:
    path = journal_path(episode)
    if not path.exists():
        return None
    try:
        content = read_journal_content(episode)
    except NotAnEpisode as error:
        findings.damage.append(str(error))
        findings.to_keep.append(("journal", path.read_bytes(), str(error)))
        return None
    if content.damage:
        findings.damage += content.damage.reasons
        findings.to_keep.append(("journal-end", bytes_after(path), content.damage.reasons[0]))
    return content


def _keep_ticks_in_step(rows: dict[str, Rows], findings: _Findings) -> None:
    ticks = min(len(rows["state"]), len(rows["action"]))
    for name in ("state", "action"):
        if (extra := len(rows[name]) - ticks) > 0:
            findings.lost(name, rows[name], ticks, f"{extra} rows without their counterpart")
            findings.to_keep.append((f"{name}-rows", rows[name][ticks:].tobytes(), findings.damage[-1]))
            rows[name] = rows[name][:ticks]


def _mark_unfinished(episode: Path, attributes: EpisodeAttributes, findings: _Findings) -> None:
    """Say that a closed episode is in the works: lengths change from here on, so they no longer bound its rows.

    Killed half-way, repair then goes by the checksums alone, and knows what was found the first time.
    """
    repaired = msgspec.to_builtins(_repaired(attributes, findings))
    metadata.update_attributes(episode, {"complete": False, "repaired": repaired})


def _look_at_camera(episode: Path, name: str, content: Content, findings: _Findings) -> SalvagedFrames:
    table = layout.camera_table(name)
    rows = content.rows[table.path]
    spare_bytes = bytes_without_row(episode, table, rows)
    frames = salvage_frames(episode, table, rows)
    where = f"camera {name}"
    newly_missing = [index for index in frames.missing if rows["nbytes"][index]]
    if newly_missing:
        findings.damage.append(f"{where}: {len(newly_missing)} frames lost, the first is {newly_missing[0]}")
    if len(frames.cut):
        kept = len(frames.rows)
        findings.lost(where, rows, kept, f"{len(frames.cut)} frames from {kept} on have no sound bytes")
        findings.to_keep.append((f"{name}-rows", frames.cut.tobytes(), findings.damage[-1]))
    elif spare_bytes and not content.attributes.complete:
        findings.damage.append(f"{where}: {spare_bytes} bytes of a frame whose row was not written")
    if content.attributes.complete:
        findings.damage += frames.bad_shards.values()
    return frames


def _lengths_differ(episode: Path, table: Table, rows: Rows, payload: bytes) -> bool:
    if table.made_with_first_row and not len(rows) and not (episode / table.path).exists():
        return False
    expected = {name: len(rows) for name in table.columns}
    if table.payload is not None:
        expected[table.payload.array] = len(payload) // table.payload.dtype.itemsize
    if table.path.startswith("cameras/"):
        expected["frames"] = len(rows)
    return any(_length(episode / table.path / name) != length for name, length in expected.items())


def _length(array: Path) -> int | None:
    try:
        return metadata.read_shape(array)[0]
    except (OSError, ValueError):
        return None


def _write_table(episode: Path, table: Table, rows: Rows, payload: bytes) -> None:
    if table.made_with_first_row and not len(rows) and not (episode / table.path).exists():
        return
    metadata.write_table(episode, table, rows=0)
    write_rows(episode, table, 0, rows)
    values = 0
    if table.payload is not None:
        run = np.frombuffer(payload, dtype=table.payload.dtype)
        values = len(run)
        write_values(episode / table.path / table.payload.array, 0, run, table.payload.values_per_chunk)
    metadata.write_table(episode, table, rows=len(rows), payload_values=values)


def _write_camera(
    episode: Path, name: str, attributes: EpisodeAttributes, frames: SalvagedFrames
) -> list[Path]:
    table = layout.camera_table(name)
    folder = episode / table.path / "frames"
    camera = next(camera for camera in attributes.cameras if camera.name == name)
    metadata.write_frames(episode, camera, attributes, frames=len(frames.rows), missing=list(frames.missing))
    kept_aside = []
    shards = -(-len(frames.rows) // FRAMES_PER_SHARD)
    for shard, reason in sorted(frames.bad_shards.items()):
        if shard < shards:
            pieces = frames.pieces[shard * FRAMES_PER_SHARD : (shard + 1) * FRAMES_PER_SHARD]
            kept_aside += _rewrite_shard(
                episode, shard_path(folder, shard), f"{name}-shard-{shard}", pieces, reason
            )
    for path in sorted(folder.glob("c.*")):
        shard = int(path.name.split(".")[1])
        if shard >= shards:
            reason = f"camera {name}: frames without rows"
            kept_aside.append(aside.keep_file(episode, f"{name}-shard-{shard}", path, reason))
    _write_table(episode, table, frames.rows, b"")
    return kept_aside


def _rewrite_shard(
    episode: Path, path: Path, name: str, pieces: tuple[Piece, ...], reason: str
) -> list[Path]:
    """Give a shard its index, closing the gaps of lost frames; the bytes that go are kept aside first."""
    data = path.read_bytes() if path.exists() else b""
    frames = b"".join(data[piece.offset : piece.offset + piece.size] for piece in pieces)
    kept_aside = []
    if not data.startswith(frames):
        kept_aside.append(aside.keep_bytes(episode, name, data, reason))
    elif len(data) > len(frames):
        kept_aside.append(aside.keep_bytes(episode, f"{name}-end", data[len(frames) :], reason))
    index = encode_index([piece.size for piece in pieces])
    with naming_disk_errors(path):
        if data.startswith(frames):  # they stay: a disk that may be full has no room for them twice
            _write_durably(path, index, at=len(frames))
        else:
            draft = path.with_name(f".{path.name}.draft")
            _write_durably(draft, frames + index, at=0)
            os.replace(draft, path)
    return kept_aside


def _write_durably(path: Path, data: bytes, *, at: int) -> None:
    """Write the end of a file from an offset on; it is on the disk when this returns."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        write_at(file, data, at)
        os.ftruncate(file, at + len(data))
        os.fsync(file)
    finally:
        os.close(file)


def _final_attributes(
    content: Content, cameras: dict[str, SalvagedFrames], findings: _Findings
) -> EpisodeAttributes:
    rows = content.rows
    kept = [rows["state"], *(frames.rows for frames in cameras.values())]
    times = [table["time_ns"] for table in kept if len(table)]
    was_closed = content.attributes.complete and not findings.damage
    return msgspec.structs.replace(
        content.attributes,
        complete=True,
        duration_s=max((float(time[-1] - time[0]) / 1e9 for time in times), default=0.0),
        counts=Counts(
            ticks=len(rows["state"]),
            frames={name: len(frames.rows) for name, frames in cameras.items()},
            simulation=len(rows.get("simulation", ())),
            audio_blocks=len(rows["audio"]),
            events=len(rows["events"]),
            subtasks=len(rows["subtasks"]),
            sources=count_sources(rows["action"]["source"]),
        ),
        bytes_written=sum(table.nbytes for table in rows.values())
        + sum(int(frames.rows["nbytes"].astype(np.int64).sum()) for frames in cameras.values()),
        repaired=content.attributes.repaired if was_closed else _repaired(content.attributes, findings),
    )


def _repaired(attributes: EpisodeAttributes, findings: _Findings) -> Repaired:
    """What is to be said of this repair, and of every one before it."""
    before = attributes.repaired
    damage = dict.fromkeys((*(before.damage if before is not None else ()), *findings.damage))
    return Repaired(
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        damage=tuple(damage) or ("it was not closed; nothing was lost",),
        cut_seconds=max(findings.cut_seconds, before.cut_seconds if before is not None else 0.0),
    )


def _finish(episode: Path, attributes: EpisodeAttributes) -> None:
    """Everything to the disk, then `complete`, then the journal away: killed in between, repair begins anew."""
    plain = episode_attributes.to_json(attributes)
    try:
        metadata.update_attributes(episode, {**plain, "complete": False})
    except (OSError, ValueError):
        metadata.write_group(episode, {**plain, "complete": False})
    if not (episode / "cameras" / "zarr.json").exists():
        metadata.write_group(episode / "cameras")
    folder = os.open(episode, os.O_RDONLY | os.O_DIRECTORY)
    try:
        sync_tree(folder)
        metadata.update_attributes(episode, {"complete": True})
        os.fsync(folder)
    finally:
        os.close(folder)
    if journal_folder(episode).exists():
        journal_path(episode).unlink(missing_ok=True)
        shutil.rmtree(journal_folder(episode))
