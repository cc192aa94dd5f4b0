"""What helps to label an episode, worked out in a thread: texts, moments to snap to, proposals; free of Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.gui.labels.closing import ClosingThread
from app.gui.labels.desk import NO_FRAMES
from app.gui.labels.words import Words
from recordings import Dataset, Episode, RecordingError
from recordings.labels import LabelStore, SpanLabel
from recordings.labels.snap import snap_targets
from recordings.labels.suggestions import patterns_of_task, suggest


@dataclass(frozen=True, slots=True)
class Prompts:
    """What was found.

    Attributes:
        texts: of subtasks, those kept for number keys first, then the most frequent.
        objects: names of objects in boxes, those of this episode first, then the most frequent.
        snap_targets: (N,) moments worth snapping to, in order.
        suggestions: proposed labels.
        problem: why there are none, in words.
    """

    texts: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    snap_targets: NDArray[np.int64] = field(default_factory=lambda: NO_FRAMES)
    suggestions: tuple[SpanLabel, ...] = ()
    problem: str = ""


class Prompter(ClosingThread):
    """Works out the prompts of one episode; `prompts` is None until then, and for good where it is closed before.

    Args:
        path: the episode's folder.
        store: the dataset's labels.
        reviewer: for whom.
        words: of the dataset.
    """

    def __init__(self, path: Path, store: LabelStore, reviewer: str, words: Words) -> None:
        super().__init__("prompts")
        self.prompts: Prompts | None = None
        self._path, self._store, self._reviewer, self._words = path, store, reviewer, words
        self._begin()

    def _run(self) -> None:
        try:
            self.prompts = read_prompts(
                self._path, self._store, self._reviewer, self._words, unwanted=lambda: self._closing
            )
        except (RecordingError, OSError, ValueError) as error:
            self.prompts = Prompts(problem=f"nothing is suggested: {error}")


def read_prompts(
    path: Path, store: LabelStore, reviewer: str, words: Words, *, unwanted: Callable[[], bool]
) -> Prompts | None:
    """The prompts of an episode for a reviewer; None where they are no longer wanted before all are there.

    Raises:
        RecordingError: the episode cannot be read.
        OSError: the disk refuses it.
    """
    episode = Episode(path)
    dataset = Dataset.open(path.parent.parent)
    labels = store.read(reviewer, episode.attributes.id)
    if unwanted():
        return None
    earlier = patterns_of_task(dataset, store, episode.attributes.task, apart_from=episode.attributes.id)
    if unwanted():
        return None
    suggestions = suggest(episode, labels, earlier=earlier)
    here = [box.text for box in labels.boxes]
    if unwanted():
        return None
    return Prompts(
        texts=words.read("subtasks").texts,
        objects=tuple(dict.fromkeys(name for name in (*here, *words.read("objects").texts) if name)),
        snap_targets=snap_targets(episode).time_ns,
        suggestions=suggestions,
    )
