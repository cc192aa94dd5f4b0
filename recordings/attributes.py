"""The attributes of an episode's group: what was specified, and what came of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from recordings.errors import NotAnEpisode
from recordings.layout import FORMAT_NAME, FORMAT_VERSION
from recordings.metadata import read_attributes
from recordings.spec import EpisodeSpec, Outcome


class ClockAnchor(msgspec.Struct, frozen=True, kw_only=True):
    """The same moment on the monotonic clock of the data and on the wall clock."""

    monotonic_ns: int
    utc_ns: int

    @classmethod
    def now(cls) -> ClockAnchor:
        """Read both clocks, taking the tightest of a few tries so that an interruption between them does not count."""
        tries = []
        for _ in range(5):
            before_ns = time.monotonic_ns()
            utc_ns = time.time_ns()
            after_ns = time.monotonic_ns()
            tries.append((after_ns - before_ns, (before_ns + after_ns) // 2, utc_ns))
        _, monotonic_ns, utc_ns = min(tries)
        return cls(monotonic_ns=monotonic_ns, utc_ns=utc_ns)


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How much an episode holds: rows of each stream, frames of each camera.

    `sources` has the action rows by who asked, such as `{"teleop": 750}`; see `recordings.sources`.
    """

    ticks: int = 0
    frames: dict[str, int] = {}
    simulation: int = 0
    audio_blocks: int = 0
    events: int = 0
    subtasks: int = 0
    sources: dict[str, int] = {}


class Repaired(msgspec.Struct, frozen=True, kw_only=True):
    """What a repair found and cut."""

    at: str
    damage: tuple[str, ...]
    cut_seconds: float


class EpisodeAttributes(EpisodeSpec, frozen=True, kw_only=True):
    """Attributes of an episode's group; the keys are the contract with other readers.

    Attributes:
        format: Name of the format.
        format_version: Version of the format.
        id: The episode's id, also its folder's name.
        started_at: UTC, ISO 8601.
        clock_anchor: Ties the monotonic times of the data to UTC.
        outcome: How it was judged.
        complete: Lengths and indices are in place; false while recording and after a crash.
        duration_s: First to last state row, or frame where there is no state.
        counts: Rows and frames.
        bytes_written: Size of the recorded data.
        repaired: What repair cut, if it ever ran.
    """

    format: str = FORMAT_NAME
    format_version: int = FORMAT_VERSION
    id: str
    started_at: str
    clock_anchor: ClockAnchor
    outcome: Outcome = Outcome.UNSET
    complete: bool = False
    duration_s: float = 0.0
    counts: Counts = Counts()
    bytes_written: int = 0
    repaired: Repaired | None = None


def started(spec: EpisodeSpec, episode_id: str) -> EpisodeAttributes:
    """Attributes of an episode that begins now."""
    anchor = ClockAnchor.now()
    started_at = datetime.fromtimestamp(anchor.utc_ns / 1e9, UTC).isoformat(timespec="milliseconds")
    fields = {name: getattr(spec, name) for name in EpisodeSpec.__struct_fields__}
    return EpisodeAttributes(**fields, id=episode_id, started_at=started_at, clock_anchor=anchor)


def to_json(attributes: EpisodeAttributes) -> dict[str, Any]:
    """Attributes as plain JSON values."""
    plain: dict[str, Any] = msgspec.to_builtins(attributes)
    return plain


def parse(plain: dict[str, Any], source: Path) -> EpisodeAttributes:
    """Parse attributes read from `source`.

    Raises:
        NotAnEpisode: They are of another format, of a newer version, or not valid.
    """
    if plain.get("format") != FORMAT_NAME:
        raise NotAnEpisode(f"{source}: format is {plain.get('format')!r}, expected {FORMAT_NAME!r}")
    version = plain.get("format_version")
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise NotAnEpisode(
            f"{source}: format version {version!r}, this software reads up to {FORMAT_VERSION}; use a newer release"
        )
    try:
        return msgspec.convert(plain, EpisodeAttributes)
    except msgspec.ValidationError as error:
        raise NotAnEpisode(f"{source}: attributes are not valid: {error}") from error


def read(episode: Path) -> EpisodeAttributes:
    """Read an episode's attributes.

    Raises:
        NotAnEpisode: There are none, or they cannot be understood.
    """
    try:
        plain = read_attributes(episode)
    except (OSError, ValueError) as error:
        raise NotAnEpisode(f"{episode}: cannot read its attributes: {error}") from error
    return parse(plain, episode)
