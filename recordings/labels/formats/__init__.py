"""Labels in the files of other programs: `write` them, `read` them, and take them in with `changes`.

clock = EpisodeClock.of(dataset.episode(episode_id))
written = formats.write(labels, clock, "eaf", reviewer="ann")
with store.edit("ann", episode_id) as editor:
    imported = formats.read(data, clock, "from-elan.eaf", existing=editor.labels)
    changes, losses = formats.changes(editor.labels, imported)
    editor.apply(changes, "import from-elan.eaf")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from types import MappingProxyType
from typing import Protocol

from recordings.labels.formats import csv_read, csv_table, eaf_names, eaf_read, eaf_write, json_document, vtt
from recordings.labels.formats.clock import EpisodeClock
from recordings.labels.formats.draft import Draft, FileNotUnderstood, Loss
from recordings.labels.formats.merge import merged as changes
from recordings.labels.formats.settle import Imported, settled
from recordings.labels.label import Tier
from recordings.labels.view import EpisodeLabels

__all__ = [
    "FORMATS",
    "EpisodeClock",
    "FileNotUnderstood",
    "Format",
    "Imported",
    "Loss",
    "Written",
    "changes",
    "episode_named",
    "format_of",
    "read",
    "write",
]


class _Write(Protocol):
    def __call__(
        self, labels: EpisodeLabels, clock: EpisodeClock, *, reviewer: str, vocabulary: tuple[str, ...]
    ) -> tuple[bytes, tuple[Loss, ...]]: ...


class _Read(Protocol):
    def __call__(self, data: bytes, clock: EpisodeClock, *, file: str) -> Draft: ...


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes:
        name: Of the format, and of its files after the dot.
        write: Labels to a file, and what it does not hold.
        read: A file to what it says.
        episode_named: The episode that a file says it is of, empty for none.
        visible: A text as it comes back from a file that nobody changed.
    """

    name: str
    write: _Write
    read: _Read
    episode_named: Callable[[bytes, str], str]
    visible: Callable[[str], str] = str


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        one.name: one
        for one in (
            Format("eaf", eaf_write.write, eaf_read.read, eaf_read.episode_named, eaf_names.visible),
            Format("vtt", vtt.write, vtt.read, vtt.episode_named, vtt.shown),
            Format("csv", csv_table.write, csv_read.read, csv_read.episode_named),
            Format("json", json_document.write, json_document.read, json_document.episode_named),
        )
    }
)
"""Every format by its name."""


@dataclass(frozen=True)
class Written:
    """A file.

    Attributes:
        data: All of it.
        losses: What the format does not hold, or does not show.
    """

    data: bytes
    losses: tuple[Loss, ...]


def format_of(file: str) -> Format:
    """The format of a file by its name.

    Raises:
        FileNotUnderstood: Its ending is none of those known.
    """
    ending = PurePath(file).suffix.lower().removeprefix(".")
    try:
        return FORMATS["csv" if ending == "tsv" else ending]
    except KeyError:
        known = ", ".join(f".{name}" for name in FORMATS)
        raise FileNotUnderstood(file, 0, f"it ends with none of {known}; name it by what is in it") from None


def write(
    labels: EpisodeLabels,
    clock: EpisodeClock,
    name: str,
    *,
    reviewer: str = "",
    vocabulary: Iterable[str] = (),
) -> Written:
    """Labels as a file.

    Args:
        labels: Of one reviewer.
        clock: Of their episode.
        name: Of the format, one of `FORMATS`.
        reviewer: Whose labels they are; empty to say nothing.
        vocabulary: Texts of subtasks to choose from in ELAN, beside those of the labels.
    """
    return Written(*FORMATS[name].write(labels, clock, reviewer=reviewer, vocabulary=tuple(vocabulary)))


def episode_named(data: bytes, file: str, ids: Iterable[str]) -> str:
    """The episode that a file is of: it says so, or an id is part of its name; empty where neither is.

    Raises:
        FileNotUnderstood: It cannot be read.
    """
    name = PurePath(file).name
    return format_of(file).episode_named(data, file) or next((one for one in ids if one in name), "")


def read(
    data: bytes,
    clock: EpisodeClock,
    file: str,
    *,
    existing: EpisodeLabels,
    tiers: Mapping[str, Tier] = MappingProxyType({}),
) -> Imported:
    """Labels of a file; nothing is changed yet.

    Args:
        data: All of the file.
        clock: Of the episode that it is of.
        file: Its name, which tells the format.
        existing: The labels that it will be taken in among.
        tiers: What the file's names of tiers mean, beyond our own names.

    Raises:
        FileNotUnderstood: Something in it makes no sense.
    """
    kind = format_of(file)
    named = kind.episode_named(data, file)
    if named and named != clock.episode_id:
        raise FileNotUnderstood(
            file,
            0,
            f"it says that it is of episode {named}, not of {clock.episode_id}; import it for that one",
        )
    draft = kind.read(data, clock, file=file)
    return settled(
        draft,
        clock,
        existing,
        file=PurePath(file).name,
        kind=kind.name,
        tiers=tiers,
        visible=kind.visible,
    )
