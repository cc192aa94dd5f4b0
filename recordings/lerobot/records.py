"""What was exported and what was not: a record an episode while it goes on, and the report of all at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

REPORT = "understudy-export.json"
"""The report's file, in the exported dataset."""

Statistics = dict[str, dict[str, list[Any]]]
"""By feature and by name (`min`, `mean`, `q01`, ...), nested as LeRobot has them."""


class LeftOut(msgspec.Struct, frozen=True, tag="left_out"):
    """An episode that is not in the export, and why.

    Attributes:
        id: Of the recording.
        reason: In words.
        by_choice: It was not to go with.
    """

    id: str
    reason: str
    by_choice: bool = False


class LanguageRow(msgspec.Struct, frozen=True):
    """A text that holds from a row on, until the next one does; empty where nothing does."""

    text: str
    row: int


class Exported(msgspec.Struct, frozen=True, kw_only=True, tag="exported"):
    """An episode that is in the export.

    Attributes:
        id: Of the recording.
        rows: How many it became.
        task: What was to be done.
        outcome: By the labels, or else by the operator.
        started_at: UTC.
        clock_monotonic_ns: A moment on the clock of `capture_time_ns` ...
        clock_utc_ns: ... and the same one as UTC.
        subtasks_by: Whose subtasks: the reviewer asked for, `recorded` for those told while recording, or `nobody`.
        subtasks: Where each begins.
        utterances: Texts by the row that they were said at.
        greatest_skew_ms: By stream, how far the item of a row may be from the row's time.
        timestamp_off_ms: The greatest difference between `timestamp`, which is row / fps, and the time of capture.
        not_held: How much of each kind the format has no place for.
        notes: What else there is to know.
        statistics: Of each feature.
    """

    id: str
    rows: int
    task: str
    outcome: str
    started_at: str
    clock_monotonic_ns: int
    clock_utc_ns: int
    subtasks_by: str
    subtasks: tuple[LanguageRow, ...]
    utterances: tuple[LanguageRow, ...]
    greatest_skew_ms: dict[str, float]
    timestamp_off_ms: float
    not_held: dict[str, int]
    notes: tuple[str, ...]
    statistics: Statistics


Record = Exported | LeftOut


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What an export holds, and what it leaves out.

    Attributes:
        source: The dataset that was exported.
        lerobot_format: LeRobot's version of the format.
        fps: Rows a second, by which `timestamp` counts.
        rows_are: What a row is.
        episodes: Those that are in it, by `episode_index`; without their statistics, which LeRobot's files have.
        left_out: Those that are not, with the reason.
        not_held: How much of each kind of the exported episodes the format has no place for.
        greatest_skew_ms: By stream, over all episodes.
    """

    source: str
    lerobot_format: str
    fps: int
    rows_are: str
    episodes: tuple[Exported, ...]
    left_out: tuple[LeftOut, ...]
    not_held: dict[str, int]
    greatest_skew_ms: dict[str, float]

    @property
    def rows(self) -> int:
        """Of all episodes."""
        return sum(episode.rows for episode in self.episodes)


def sum_up(
    source: str,
    lerobot_format: str,
    fps: int,
    rows_are: str,
    exported: Sequence[Exported],
    left_out: Sequence[LeftOut],
) -> Report:
    """The report of all records."""
    not_held: Counter[str] = Counter()
    skews: dict[str, float] = {}
    for episode in exported:
        not_held.update(episode.not_held)
        for stream, skew in episode.greatest_skew_ms.items():
            skews[stream] = max(skew, skews.get(stream, 0.0))
    return Report(
        source=source,
        lerobot_format=lerobot_format,
        fps=fps,
        rows_are=rows_are,
        episodes=tuple(msgspec.structs.replace(episode, statistics={}) for episode in exported),
        left_out=tuple(sorted(left_out, key=lambda one: one.id)),
        not_held={kind: count for kind, count in sorted(not_held.items()) if count},
        greatest_skew_ms=skews,
    )
