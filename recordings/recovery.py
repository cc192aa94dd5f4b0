"""What a recording that was never settled holds: its journal, checked against its frames."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from recordings import attributes as episode_attributes
from recordings import layout
from recordings.attributes import EpisodeAttributes
from recordings.errors import NotAnEpisode
from recordings.journal import Record, bytes_after, journal_path, read_journal
from recordings.layout import FRAMES_PER_SHARD, Kind, Rows, Table
from recordings.prefix import frame_payloads, sound_rows
from recordings.shard import INDEX_FILE_BYTES, has_index, shard_path


@dataclass(frozen=True)
class Damage:
    """What had to be left out of a recording that was cut off.

    Attributes:
        rows: Rows left out, over all tables but the cameras'.
        frames: Frames left out of each camera that lost some.
        seconds: Longest stretch of time left out of a stream, as far as times are known.
        reasons: What was found, one sentence each.
    """

    rows: int = 0
    frames: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    reasons: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.reasons)


@dataclass(frozen=True)
class Content:
    """Rows and payloads of every table by its path, and what is missing from them."""

    attributes: EpisodeAttributes
    rows: dict[str, Rows]
    payloads: dict[str, bytes]
    damage: Damage


def recover(episode: Path) -> Content:
    """Read the longest consistent prefix of an episode that still has its journal.

    Each camera's last two shards are checked frame by frame; the earlier ones were synced long before, and each frame
    is checked again when it is read.

    Raises:
        FileNotFoundError: It has no journal (any more).
        NotAnEpisode: The journal does not even hold the spec.
    """
    content = read_journal_content(episode)
    rows = dict(content.rows)
    reasons = list(content.damage.reasons)
    frames: dict[str, int] = {}
    seconds = 0.0
    for camera in content.attributes.cameras:
        table = layout.camera_table(camera.name)
        found = rows[table.path]
        kept = _sound_prefix(episode, table, found)
        spare_bytes = bytes_without_row(episode, table, found)
        if kept < len(found):
            frames[camera.name] = len(found) - kept
            seconds = max(seconds, seconds_between(found, kept))
            reasons.append(
                f"camera {camera.name}: {len(found) - kept} frames from {kept} on have no sound bytes"
            )
            rows[table.path] = found[:kept]
        elif spare_bytes:
            frames[camera.name] = 1
            reasons.append(f"camera {camera.name}: {spare_bytes} bytes of a frame whose row was not written")
    damage = Damage(rows=content.damage.rows, frames=frames, seconds=seconds, reasons=tuple(reasons))
    return Content(content.attributes, rows, content.payloads, damage)


def read_journal_content(episode: Path) -> Content:
    """Everything that the journal says, without a look at the frames; raises as `recover` does."""
    path = journal_path(episode)
    records = read_journal(path)
    attributes = _attributes_from(next(records, None), path)
    bodies = _bodies(records)
    rows: dict[str, Rows] = {}
    payloads: dict[str, bytes] = {}
    for kind, tables in layout.tables(attributes).items():
        at = 0
        for table in tables:
            end = at + table.row.itemsize
            rows[table.path] = np.frombuffer(b"".join(body[at:end] for body in bodies[kind]), dtype=table.row)
            payloads[table.path] = b""
            at = end
        payloads[tables[0].path] = b"".join(body[at:] for body in bodies[kind])  # no tick has one
    torn_bytes = len(bytes_after(path))
    reasons = (f"the journal ends in {torn_bytes} bytes of an unfinished record",) if torn_bytes else ()
    damage = Damage(rows=int(torn_bytes > 0), reasons=reasons)
    return Content(_stored_or(attributes, episode), rows, payloads, damage)


def bytes_without_row(episode: Path, table: Table, rows: Rows) -> int:
    """Bytes behind the last frame that has a row, in the shard where the next frame would go."""
    shard = len(rows) // FRAMES_PER_SHARD
    path = shard_path(episode / table.path / "frames", shard)
    if not path.exists():
        return 0
    used = int(rows["nbytes"][shard * FRAMES_PER_SHARD :].astype(np.int64).sum())
    spare = path.stat().st_size - used
    return 0 if spare == INDEX_FILE_BYTES and has_index(path) else max(spare, 0)


def seconds_between(rows: Rows, kept: int) -> float:
    """Time from the last row kept to the last row known."""
    return float(rows["time_ns"][-1] - rows["time_ns"][max(kept - 1, 0)]) / 1e9


def _attributes_from(record: Record | None, path: Path) -> EpisodeAttributes:
    if record is None or record.kind != Kind.SPEC:
        raise NotAnEpisode(
            f"{path} does not begin with the episode's specification; nothing can be read from it"
        )
    return episode_attributes.parse(msgspec.json.decode(record.body, type=dict), path)


def _stored_or(attributes: EpisodeAttributes, episode: Path) -> EpisodeAttributes:
    """The stored attributes, since outcome or tags may have changed; the journal's where they cannot be read."""
    try:
        return episode_attributes.read(episode)
    except NotAnEpisode:
        return attributes


def _bodies(records: Iterator[Record]) -> dict[int, list[bytes]]:
    """Bodies by kind; a row number out of turn ends its kind, since what lies between is lost."""
    bodies: dict[int, list[bytes]] = defaultdict(list)
    for record in records:
        if record.row == len(bodies[record.kind]):
            bodies[record.kind].append(record.body)
    return bodies


def _sound_prefix(episode: Path, table: Table, rows: Rows) -> int:
    first = max(0, (len(rows) - 1) // FRAMES_PER_SHARD - 1) * FRAMES_PER_SHARD
    payloads = frame_payloads(episode / table.path / "frames", rows, first)
    for index, sound in enumerate(sound_rows(table, rows[first:], payloads)):
        if not sound:
            return first + index
    return len(rows)
