"""The words of a dataset: what its subtasks and objects are called, how often, and what is to be offered first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from recordings import metadata
from recordings.dataset import Dataset
from recordings.episode import Episode
from recordings.errors import RecordingError
from recordings.labels.journal import read_history
from recordings.labels.label import BoxLabel, Label, SpanLabel, Tier
from recordings.labels.near import Merge, near_duplicates
from recordings.labels.stamped import StampedCache
from recordings.labels.store import LabelStore
from recordings.labels.view import EpisodeLabels

Of = Literal["subtasks", "objects"]
"""Texts of subtasks, or of boxes: each has its own vocabulary."""

_PINNED = "vocabulary"
_ALIKE = 0.6
"""How alike, by `difflib`, a text and what is typed have to be to be offered at last."""


@dataclass(frozen=True)
class Entry:
    """A text: how many labels have it, in how many recordings it was told, and whether it is kept in the palette."""

    text: str
    labelled: int = 0
    recorded: int = 0
    pinned: bool = False


class Vocabulary:
    """The texts of a dataset.

    Args:
        labelled: How many labels have each text.
        recorded: In how many recordings each was told.
        pinned: Texts of the palette, in its order, used or not.

    Attributes:
        entries: The palette's first, in its order, then by how often a text is used, then by the alphabet.
    """

    def __init__(
        self, labelled: Counter[str], recorded: Counter[str] | None = None, pinned: Sequence[str] = ()
    ) -> None:
        recorded = recorded or Counter()
        others = {*labelled, *recorded} - {*pinned, ""}
        by_use = sorted(others, key=lambda text: (-labelled[text] - recorded[text], text.casefold(), text))
        self.entries = tuple(
            Entry(text, labelled[text], recorded[text], text in pinned) for text in (*pinned, *by_use)
        )

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """As in `entries`."""
        return tuple(entry.text for entry in self.entries)

    @property
    def pinned(self) -> tuple[str, ...]:
        """Those of the palette, in its order."""
        return tuple(entry.text for entry in self.entries if entry.pinned)

    def complete(self, typed: str, *, at_most: int = 10) -> tuple[str, ...]:
        """Texts to offer for what has been typed so far; all for nothing.

        First those that begin with it, then those with words that begin with its words in this order, then those that
        have it anywhere, and last those that are much alike. Case does not count.
        """
        wanted = " ".join(typed.casefold().split())
        ranked = ((_rank(wanted, text.casefold()), place) for place, text in enumerate(self.texts))
        found = sorted((float(rank), place) for rank, place in ranked if rank is not None)
        if len(found) < at_most:
            known = {place for _, place in found}
            rest = ((place, text.casefold()) for place, text in enumerate(self.texts) if place not in known)
            alike = [(-_likeness(wanted, text), place) for place, text in rest]
            found += sorted(one for one in alike if -one[0] >= _ALIKE)
        return tuple(self.texts[place] for _, place in found[:at_most])

    def near_duplicates(self) -> tuple[Merge, ...]:
        """Texts that may be one, each with the one to keep: the palette's, else the more frequent. Only proposed."""
        return near_duplicates(self.texts)


class VocabularyReader:
    """Reads the vocabulary of a dataset; again, it looks only at what has changed. One thread at a time may use it."""

    def __init__(self, store: LabelStore, dataset: Dataset | None = None) -> None:
        self._store = store
        self._dataset = dataset
        self._journals: StampedCache[dict[Of, Counter[str]]] = StampedCache(_texts_of_journal)
        self._recordings: StampedCache[frozenset[str]] = StampedCache(_texts_of_recording)

    def read(self, of: Of = "subtasks") -> Vocabulary:
        """The vocabulary as it stands.

        Raises:
            OSError: The disk refuses it.
        """
        labelled: Counter[str] = Counter()
        for reviewer in self._store.reviewers():
            for episode_id in self._store.episodes(reviewer):
                found = self._journals.get(self._store.journal_path(reviewer, episode_id))
                labelled.update(found[of] if found is not None else ())
        recorded: Counter[str] = Counter()
        if self._dataset is not None and of == "subtasks":
            for info in self._dataset.episodes():
                if info.complete and info.counts.subtasks:
                    recorded.update(self._recordings.get(info.path / "zarr.json") or ())
        return Vocabulary(labelled, recorded, pinned(self._store, of))


def pinned(store: LabelStore, of: Of = "subtasks") -> tuple[str, ...]:
    """The texts kept for the palette, in its order; none where none were ever kept."""
    try:
        kept = metadata.read_attributes(store.path).get(_PINNED)
    except (OSError, ValueError):
        return ()
    texts = kept.get(of) if isinstance(kept, dict) else None
    return tuple(text for text in texts if isinstance(text, str)) if isinstance(texts, list) else ()


def pin(store: LabelStore, texts: Iterable[str], of: Of = "subtasks") -> tuple[str, ...]:
    """Keep these for the palette, in this order, in place of those before; returns them, each once.

    They lie in the attributes of the labels' own group, which are replaced whole: a file beside it would be no part of
    a zarr hierarchy, and plain zarr would say so at each look.

    Raises:
        FolderNotWritable: The dataset refuses it.
        DiskFull: There is no room.
    """
    kept = tuple(dict.fromkeys(stripped for text in texts if (stripped := text.strip())))
    store.make()
    both: dict[str, Any] = {"subtasks": list(pinned(store)), "objects": list(pinned(store, "objects"))}
    metadata.update_attributes(store.path, {_PINNED: both | {of: list(kept)}})
    return kept


def texts_of(labels: EpisodeLabels, of: Of) -> Counter[str]:
    """How many accepted subtasks, or boxes, have each text."""
    return Counter(label.text for label in (labels.subtasks if of == "subtasks" else labels.boxes))


def belongs(label: Label | None, of: Of) -> bool:
    """Whether a label's text is of a vocabulary."""
    if isinstance(label, SpanLabel):
        return of == "subtasks" and label.tier is Tier.SUBTASK
    return of == "objects" and isinstance(label, BoxLabel)


def _texts_of_journal(path: Path) -> dict[Of, Counter[str]]:
    labels = read_history(path).labels
    return {"subtasks": texts_of(labels, "subtasks"), "objects": texts_of(labels, "objects")}


def _texts_of_recording(metadata_path: Path) -> frozenset[str]:
    try:
        return frozenset(Episode(metadata_path.parent).subtasks)
    except (RecordingError, OSError):
        return frozenset()  # what cannot be read has no say in what things are called; `verify` tells of it


def _rank(wanted: str, text: str) -> int | None:
    if text.startswith(wanted):
        return 0
    words = iter(text.split())
    if all(any(word.startswith(part) for word in words) for part in wanted.split()):
        return 1
    return 2 if wanted in text else None


def _likeness(wanted: str, text: str) -> float:
    """Of what is typed and the text's beginning of that length, or the whole text, whichever is more alike."""
    likeness = 0.0
    for other in {text, text[: len(wanted)]}:
        match = SequenceMatcher(None, wanted, other, autojunk=False)
        if match.quick_ratio() >= _ALIKE:
            likeness = max(likeness, match.ratio())
    return likeness
